package scenarios

import (
	"reflect"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

var (
	echoed  = []string{allowOrigin(evilOrigin), withCredentials}
	private = reply(200, privateBody, echoed...)
	denied  = reply(401, deniedBody)
)

// stolen are the observations of a theft: the read, the one without the
// credential, the one without an Origin, and the one by hand.
func stolen(v visit, read func(Attempt) Observation, alone, bare, byHand *cors.Response) []Observation {
	as := theft(v, privateRead, []Vector{Fetch}).Attempts
	obs := []Observation{read(as[0])}
	for i, r := range []*cors.Response{alone, bare, byHand} {
		a := as[i+1]
		if r == nil {
			obs = append(obs, broken(a))
		} else {
			obs = append(obs, answeredTo(a, r))
		}
	}
	return obs
}

// A certificate goes with every request, so that there are two reads: one asks for
// credentials, the other says that none shall go along.
func TestJudgeTheftWithCertificate(t *testing.T) {
	v := attack(oneEndpoint(ClientCert), ClientCert)
	as := theft(v, privateRead, []Vector{Fetch}).Attempts
	if len(as) != 5 || as[0].Omit || !as[1].Omit || as[1].Identity != ClientCert || as[2].Identity != Anonymous {
		t.Fatalf("attempts %+v", as)
	}
	for _, a := range theft(v, privateRead, []Vector{DataFrame}).Attempts {
		if a.Omit && a.Identity == ClientCert {
			t.Errorf("another vector has no credentials mode: %+v", a)
		}
	}
	sending := func(o Observation) Observation {
		o.Credential = CredentialUse{Sent: true}
		return o
	}
	wildcard := reply(200, privateBody, allowOrigin("*"))
	refused := func(a Attempt) Observation { return blockedFrom(a, cors.WildcardOriginNotAllowed, wildcard) }
	closed := func(a Attempt) Observation {
		return blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, privateBody))
	}
	took := func(a Attempt) Observation { return sending(readBy(a, wildcard)) }
	kept := func(a Attempt) Observation { return lacking(blockedFrom(a, cors.MissingAllowOriginHeader, denied)) }
	both := func(included, omitted func(Attempt) Observation) []Observation {
		return []Observation{included(as[0]), omitted(as[1]), answeredTo(as[2], denied), answeredTo(as[3], denied), answeredTo(as[4], denied)}
	}
	rule(t, func(obs []Observation) Judgement { return judgeTheft(onReads(ClientCert, High, obs)...) }, []ruling{
		{name: "a wildcard without credentials", obs: both(refused, took),
			verdict: Violates, severity: High, exfiltrated: true, proof: 1, reason: "although the page asks for no credentials"},
		{name: "closed", obs: both(closed, func(a Attempt) Observation { return sending(closed(a)) }), verdict: Conforms, reason: "MissingAllowOriginHeader"},
		{name: "a browser that keeps to the standard", obs: both(closed, kept), verdict: Conforms},
		{name: "fault of the second", obs: both(closed, broken), verdict: CannotTell, proof: 1},
	})
}

func TestJudgeTheftWithCookie(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	reads := func(r *cors.Response) func(Attempt) Observation {
		return func(a Attempt) Observation { return readBy(a, r) }
	}
	blocks := func(r *cors.Response) func(Attempt) Observation {
		return func(a Attempt) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, r) }
	}
	home := func(reason string, f func(Attempt) Observation) func(Attempt) Observation {
		return func(a Attempt) Observation { return keeping(reason, f(a)) }
	}
	same := reply(200, "hello", echoed...)
	rule(t, func(obs []Observation) Judgement { return judgeTheft(onReads(Cookie, High, obs)...) }, []ruling{
		{name: "blocked", obs: stolen(v, blocks(reply(200, privateBody)), denied, denied, denied),
			verdict: Conforms, reason: "the 200 reply (MissingAllowOriginHeader)"},
		{name: "blocked, in its partition", obs: stolen(v, home(StaysInPartition, blocks(denied)), denied, denied, denied),
			verdict: Conforms, reason: "kept the cookie home (Partitioned)"},
		{name: "granted, only its partition", obs: stolen(v, home(StaysInPartition, reads(reply(401, deniedBody, echoed...))), denied, denied, private),
			verdict: Violates, severity: Medium, reason: "only its partition kept the cookie home (Partitioned)"},
		{name: "blocked, SameSite", obs: stolen(v, home("SameSiteLax", blocks(denied)), denied, denied, denied),
			verdict: Conforms, reason: "Chrome blocked the read (MissingAllowOriginHeader) and kept the cookie home (SameSiteLax)"},
		{name: "blocked by a server that refuses the origin", obs: stolen(v, blocks(reply(403, "")), reply(403, ""), denied, denied),
			verdict: Conforms, reason: "403"},
		{name: "blocked, another cookie at home", obs: stolen(v, func(a Attempt) Observation { return parting(blocks(reply(200, privateBody))(a)) }, denied, denied, denied),
			verdict: Conforms, reason: "the 200 reply (MissingAllowOriginHeader)"},
		{name: "blocked, the session at home", obs: stolen(v, func(a Attempt) Observation { return parting(blocks(denied)(a)) }, denied, denied, denied),
			verdict: Conforms, reason: "(SameSiteStrict)"},
		{name: "blocked, not sent", obs: stolen(v, func(a Attempt) Observation { return lacking(blocks(denied)(a)) }, denied, denied, denied),
			verdict: CannotTell, reason: "not in play"},
		{name: "blocked, third-party cookies off", obs: stolen(v, home("ThirdPartyPhaseout", blocks(denied)), denied, denied, denied),
			verdict: CannotTell, reason: "ThirdPartyPhaseout"},
		{name: "blocked, cookie expired", obs: stolen(v, blocks(denied), denied, denied, denied),
			verdict: CannotTell, reason: "answered 401 as it does without the victim's cookie"},
		{name: "blocked, no such endpoint", obs: stolen(v, blocks(reply(404, "")), reply(404, ""), reply(404, ""), denied),
			verdict: CannotTell, reason: "404"},
		{name: "fault", obs: stolen(v, broken, denied, denied, denied),
			verdict: CannotTell, reason: "could not be opened"},

		{name: "stolen", obs: stolen(v, reads(private), denied, denied, private),
			verdict: Violates, severity: High, exfiltrated: true, reason: "https://evil.test read the 200 reply with the victim's cookie, and 18 bytes"},
		{name: "stolen, anonymous gets another page", obs: stolen(v, reads(private), same, same, private),
			verdict: Violates, severity: High, exfiltrated: true},
		{name: "stolen, anonymous gets a numbered error", obs: stolen(v, reads(private), reply(401, "1"), reply(401, "2"), private),
			verdict: Violates, severity: High, exfiltrated: true},
		{name: "granted, the same to all", obs: stolen(v, reads(same), same, same, same),
			verdict: Violates, severity: Low, reason: "the same without the credential"},
		{name: "granted, different every time", obs: stolen(v, reads(private), reply(200, "1"), reply(200, "2"), private),
			verdict: Violates, severity: Low, reason: "so do two replies"},
		{name: "granted, baseline missing", obs: stolen(v, reads(private), nil, denied, private),
			verdict: Violates, severity: Low, reason: "no reply without the credential"},
		{name: "granted, second baseline missing", obs: stolen(v, reads(private), same, nil, private),
			verdict: Violates, severity: Low},
		{name: "granted, an error", obs: stolen(v, reads(reply(500, "oops", echoed...)), denied, denied, private),
			verdict: Violates, severity: Low, reason: "an error (500)"},
		{name: "granted, nothing collected", obs: stolen(v, func(a Attempt) Observation { return lootless(readBy(a, private)) }, denied, denied, private),
			verdict: Violates, severity: Low, reason: "nothing arrived"},
		{name: "granted, not sent", obs: stolen(v, func(a Attempt) Observation { return lacking(readBy(a, private)) }, denied, denied, private),
			verdict: Violates, severity: Low, reason: "not in play"},

		{name: "granted, only SameSite", obs: stolen(v, home("SameSiteLax", reads(reply(401, deniedBody, echoed...))), denied, denied, private),
			verdict: Violates, severity: Medium, reason: "only SameSite kept the cookie home (SameSiteLax)"},
		{name: "granted the error only, SameSite", obs: stolen(v, home("SameSiteLax", reads(reply(401, deniedBody, echoed...))), denied, denied, reply(200, privateBody)),
			verdict: Conforms, reason: "no grant"},
		{name: "granted, SameSite, by hand unknown", obs: stolen(v, home("SameSiteLax", reads(reply(401, deniedBody, echoed...))), denied, denied, nil),
			verdict: CannotTell, reason: "is not known"},
		{name: "granted the open page, SameSite", obs: stolen(v, home("SameSiteLax", reads(same)), same, same, reply(200, privateBody)),
			verdict: Violates, severity: Low},
	})
}

func TestJudgeTheftFromTheNetwork(t *testing.T) {
	v := attack(oneEndpoint(Network), Network)
	open := reply(200, privateBody, allowOrigin("*"))
	rule(t, func(obs []Observation) Judgement { return judgeTheft(onReads(Network, High, obs)...) }, []ruling{
		{name: "blocked", verdict: Conforms, obs: stolen(v, func(a Attempt) Observation {
			return blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, privateBody))
		}, open, open, open)},
		{name: "stolen", verdict: Violates, severity: High, exfiltrated: true, reason: "place in the network",
			obs: stolen(v, func(a Attempt) Observation { return readBy(a, open) }, open, open, open)},
		{name: "an error", verdict: Violates, severity: Low, reason: "nothing private",
			obs: stolen(v, func(a Attempt) Observation { return readBy(a, reply(401, deniedBody, allowOrigin("*"))) }, denied, denied, denied)},
		{name: "needs a login after all", verdict: CannotTell, reason: "401",
			obs: stolen(v, func(a Attempt) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, denied) }, denied, denied, denied)},
		{name: "local network", verdict: CannotTell, reason: "LocalNetworkAccessPermissionDenied", obs: stolen(v, localNetworkBlock, open, open, open)},
	})
}

// A sibling or an http:// page caps the severity, whatever was stolen.
func TestReachCapsTheSeverity(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	obs := stolen(v, func(a Attempt) Observation { return readBy(a, private) }, denied, denied, private)
	if j := judgeTheft(onReads(Cookie, Medium, obs)...); j.Severity != Medium || !j.Exfiltrated {
		t.Errorf("%+v", j)
	}
	kept := stolen(v, func(a Attempt) Observation { return keeping("SameSiteLax", readBy(a, reply(401, "", echoed...))) }, denied, denied, private)
	if j := judgeTheft(onReads(Cookie, Low, kept)...); j.Severity != Low {
		t.Errorf("%+v", j)
	}
}

func TestJudgeTheftByTheWorstVector(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	as := theft(v, privateRead, []Vector{SandboxedFrame, DataFrame}).Attempts
	controls := []Observation{answeredTo(as[2], denied), answeredTo(as[3], denied), answeredTo(as[4], private)}
	granted := reply(200, privateBody, allowOrigin("null"), withCredentials)
	blocked := func(a Attempt) Observation { return blockedFrom(a, cors.AllowOriginMismatch, private) }
	stealing := func(a Attempt) Observation { return readBy(a, granted) }
	all := func(sandboxed, data Observation) []Observation {
		return append([]Observation{sandboxed, data}, controls...)
	}
	rule(t, func(obs []Observation) Judgement { return judgeTheft(onReads(Cookie, High, obs)...) }, []ruling{
		{name: "both blocked", obs: all(blocked(as[0]), blocked(as[1])), verdict: Conforms},
		{name: "one broken", obs: all(blocked(as[0]), broken(as[1])), verdict: CannotTell, proof: 1},
		{name: "one broken, one stolen", obs: all(broken(as[0]), stealing(as[1])), verdict: Violates, severity: High, exfiltrated: true, proof: 1,
			reason: "a frame of origin null read"},
		{name: "the graver", obs: all(lootless(stealing(as[0])), stealing(as[1])), verdict: Violates, severity: High, exfiltrated: true, proof: 1},
		{name: "the first", obs: all(stealing(as[0]), stealing(as[1])), verdict: Violates, severity: High, exfiltrated: true},
	})
}

// The reason names the page, and a file takes a victim that opens it.
func TestJudgeTheftByNullOrigins(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	granted := reply(200, privateBody, allowOrigin("null"), withCredentials)
	for vector, want := range map[Vector]string{
		SandboxedFrame: "a frame", SandboxedPageFrame: "a frame", SandboxedPage: "a sandboxed page", DataFrame: "a frame",
		DataWorker: "a data: worker", Redirect302: "a redirected request", Redirect307: "a redirected request", FilePage: "a file's page",
	} {
		as := theft(v, privateRead, []Vector{vector}).Attempts
		controls := []Observation{answeredTo(as[1], denied), answeredTo(as[2], denied), answeredTo(as[3], granted)}
		j := judgeTheft(onReads(Cookie, High, append([]Observation{readBy(as[0], granted)}, controls...))...)
		severity := High
		if vector == FilePage {
			severity = Medium
		}
		if j.Verdict != Violates || j.Severity != severity || !j.Exfiltrated || !strings.HasPrefix(j.Reason, want+" of origin null read") {
			t.Errorf("%s: %+v", vector, j)
		}
		// A browser that sends another origin shows nothing of this one.
		other := readBy(as[0], granted)
		other.Exchanges[0].Request.Headers = cors.Headers{originHeader(v.page)}
		if j := judgeTheft(onReads(Cookie, High, append([]Observation{other}, controls...))...); j.Verdict != CannotTell || !strings.Contains(j.Reason, "instead of null") {
			t.Errorf("%s with another origin: %+v", vector, j)
		}
	}
}

// What anyone can read is one finding, not one for each origin.
func TestViolationsFollowFromAnEcho(t *testing.T) {
	for _, tt := range []struct {
		cred Credential
		want string
	}{{Cookie, "WLD-001"}, {Network, "WLD-003"}} {
		target := oneEndpoint(tt.cred)
		arbitrary := attack(target, tt.cred).read(privateRead)
		violated := violates(Low, "it was read")
		if j := violated.ifEchoed(readBy(arbitrary, private), Anonymous); j.FollowsFrom != tt.want || j.Rule == nil || j.Rule.Kind != EchoRule || !strings.Contains(j.Reason, tt.want) {
			t.Errorf("%s: follows from %q: %s", tt.cred, j.FollowsFrom, j.Reason)
		}
		if j := violated.ifEchoed(blockedFrom(arbitrary, cors.MissingAllowOriginHeader, private), Anonymous); !reflect.DeepEqual(j, violated) {
			t.Errorf("%s: the arbitrary origin is refused: %+v", tt.cred, j)
		}
		if j := conforms("it was not").ifEchoed(readBy(arbitrary, private), Anonymous); j.FollowsFrom != "" {
			t.Errorf("%s: no violation: %+v", tt.cred, j)
		}
		s, _ := Find("NUL-002")
		cases, _ := s.Plan(target)
		if last := cases[0].Attempts[len(cases[0].Attempts)-1]; last.Key() != arbitrary.Key() {
			t.Errorf("%s: NUL-002 does not look at the arbitrary origin, but at %+v", tt.cred, last)
		}
	}
}
