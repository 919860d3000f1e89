package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

var (
	query = Endpoint{Method: "POST", Path: "/graphql", Private: true, Reads: true, SafeToWrite: true,
		Headers: cors.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: `{"query":"{me}"}`}
	guarded = Endpoint{Method: "GET", Path: "/me", Private: true, Headers: cors.Headers{{Name: "X-CSRF", Value: "1"}, {Name: "Accept", Value: "text/plain"}}}
)

func reading(es ...Endpoint) Target {
	t := oneEndpoint(Cookie)
	t.Endpoints = es
	return t
}

func TestReadsOfAnyMethod(t *testing.T) {
	target := reading(query, create)
	if got := target.PrivateReads(); len(got) != 1 || got[0].Path != query.Path {
		t.Errorf("private reads %v", got)
	}
	if got := target.SafeWrites(); len(got) != 1 || got[0].Path != create.Path {
		t.Errorf("writes %v", got)
	}
	if got := usedMethods(reading(query)); len(got) != 0 {
		t.Errorf("a read is taken for a write: %v", got)
	}
	if got := byGET(target.Reads()); len(got) != 0 {
		t.Errorf("caches are asked about %v", got)
	}
}

// The attacker's page makes the endpoint's own request, and one for which the browser
// does not ask.
func TestTheftsOfGuardedReads(t *testing.T) {
	for name, tt := range map[string]struct {
		e         Endpoint
		asks      bool
		unasking  string // the headers that are left, and empty where there is no such request
		reachable bool
	}{
		"POST":        {query, true, "text/plain", true},
		"header":      {guarded, true, "Accept", true},
		"plain":       {privateRead, false, "", false},
		"PUT":         {Endpoint{Method: "PUT", Path: "/q", Reads: true, Private: true}, true, "", false},
		"safe header": {Endpoint{Method: "GET", Path: "/q", Private: true, Headers: cors.Headers{{Name: "Accept", Value: "x"}}}, false, "", false},
	} {
		v := attack(reading(tt.e), Cookie)
		first := v.read(tt.e)
		if first.Method != tt.e.Method || first.Body != tt.e.Body || len(first.Headers) != len(tt.e.Headers) {
			t.Errorf("%s: the read is %+v", name, first)
		}
		if v.asks(tt.e) != tt.asks || cors.NeedsPreflight(first.Method, first.Headers) != tt.asks {
			t.Errorf("%s: the browser asks: %t", name, v.asks(tt.e))
		}
		a, ok := v.unasking(tt.e)
		if ok != tt.reachable || ok && (cors.NeedsPreflight(a.Method, a.Headers) || len(a.Headers) != 1 || a.Headers[0].Value != tt.unasking && a.Headers[0].Name != tt.unasking) {
			t.Errorf("%s: without asking: %t, %+v", name, ok, a)
		}
		if n := len(theft(v, tt.e, []Vector{Fetch}).Attempts); ok && n != 5 || !ok && n != 4 {
			t.Errorf("%s: %d attempts", name, n)
		}
	}
	as := theft(attack(reading(query), Cookie), query, []Vector{Redirect302, Redirect307}).Attempts
	if as[0].Vector != Redirect307 {
		t.Error("a 302 makes a GET of the POST")
	}
}

// A near-miss whose preflight is approved reads by POST what the arbitrary origin cannot
// even ask for: what strangers get is known by the premise.
func TestTheftByPOSTOfANearMiss(t *testing.T) {
	target := trusting("https://api.notebook.test", "https://notebook.example.com")
	target.Endpoints = []Endpoint{query}
	s, _ := Find("ORG-001")
	cases, _ := s.Plan(target)
	c := cases[0]
	refuses := func(a Attempt) Observation {
		return refusedTo(a, cors.PreflightMissingAllowOriginHeader, reply(204, ""))
	}
	for stake, want := range map[Stake]Severity{PrivateReply: High, "": Low} {
		read := readBy(c.Attempts[0], reply(200, privateBody, allowOrigin(missOrigin), withCredentials))
		read.Stake = stake
		obs := []Observation{read, refuses(c.Attempts[1]), refuses(c.Attempts[2]), answeredTo(c.Attempts[3], denied), answeredTo(c.Attempts[4], reply(200, privateBody))}
		if j := c.Judge(NewObservations(obs)); j.Verdict != Violates || j.Severity != want || j.Exfiltrated != (want == High) {
			t.Errorf("stake %q: %+v", stake, j)
		}
	}
}

func TestJudgeRefusedPreflightOfRead(t *testing.T) {
	v := attack(reading(query), Cookie)
	as := theft(v, query, []Vector{Fetch}).Attempts
	refused := func(r *cors.Response) []Observation {
		plain := blockedFrom(as[1], cors.MissingAllowOriginHeader, reply(415, ""))
		plain.Credential.Sent = true
		return []Observation{refusedTo(as[0], cors.PreflightMissingAllowOriginHeader, r), plain,
			answeredTo(as[2], denied), answeredTo(as[3], denied), answeredTo(as[4], reply(200, privateBody))}
	}
	rule(t, func(obs []Observation) Judgement { return judgeTheft(onReads(Cookie, High, obs)...) }, []ruling{
		{name: "refused", obs: refused(reply(204, "")), verdict: Conforms, reason: "nothing was sent"},
		{name: "met a login", obs: refused(denied), verdict: Conforms},
		{name: "taken as text/plain", obs: append([]Observation{refused(reply(204, ""))[0], readBy(as[1], private)}, refused(denied)[2:]...),
			verdict: Violates, severity: High, exfiltrated: true, proof: 1},
		{name: "limited", obs: refused(reply(429, "")), verdict: CannotTell, reason: "429"},
		{name: "down", obs: refused(reply(503, "")), verdict: CannotTell},
	})
}

func TestKeysGoWithTheFrontEndAlone(t *testing.T) {
	target := reading(privateRead)
	target.Credentials, target.CredentialHeaders = []Credential{Together(Cookie, Header)}, []string{"X-CSRF-Token"}
	front := frontEnd(target, target.Trusted[0], used(target)[0]).read(privateRead)
	if front.Identity != "cookie+header" || front.Omit || len(front.KeyHeaders) != 1 {
		t.Errorf("the front end sends %+v", front)
	}
	if evil := attack(target, exposed(target)[0]).read(privateRead); evil.Identity != Cookie || len(evil.KeyHeaders) > 0 {
		t.Errorf("the attacker sends %+v", evil)
	}
	target.Credentials = []Credential{Header}
	if front := frontEnd(target, target.Trusted[0], Header).read(privateRead); !front.Omit || front.Identity != Header {
		t.Errorf("a front end that has a key alone sends %+v", front)
	}
	if exposed(target)[0] != Anonymous || len(target.Ambient()) > 0 {
		t.Error("an attacker's page has the key")
	}
}

func TestTogether(t *testing.T) {
	both := Together(Header, ClientCert, Cookie, Cookie)
	if both != "client-cert+cookie+header" || both.OfBrowser() != "client-cert+cookie" || !both.Ambient() || !both.OfFrontEnd() {
		t.Errorf("%s, of the browser %s", both, both.OfBrowser())
	}
	if Together() != Anonymous || Anonymous.Includes(Anonymous) || len(Anonymous.Kinds()) > 0 || Bearer.OfBrowser() != Anonymous {
		t.Error("nothing is something")
	}
	if got := both.noun(); got != "client certificate and cookie and key in a header" {
		t.Error(got)
	}
}
