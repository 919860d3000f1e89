package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// Observations as the engine would make them, with replies that tell what matters.

const (
	privateBody = `{"secret":"diary"}`
	deniedBody  = `{"detail":"Missing login"}`
)

// reply takes lines such as "Vary: Origin".
func reply(status int, body string, lines ...string) *cors.Response {
	r := &cors.Response{Status: status, Body: body}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		r.Headers = append(r.Headers, cors.Header{Name: name, Value: value})
	}
	return r
}

func allowOrigin(o string) string { return cors.HeaderAllowOrigin + ": " + o }

const (
	withCredentials = cors.HeaderAllowCredentials + ": true"
	varyOrigin      = "Vary: Origin"
)

// observe fills in what holds for every attempt that got that far.
func observe(a Attempt, exchanges ...cors.Exchange) Observation {
	o := Observation{Attempt: a, Exchanges: exchanges}
	if a.Vector != Probe {
		o.Page = &PageView{}
	}
	o.Credential.Sent = a.Identity.Ambient() && !a.Omit && o.Request() != nil
	return o
}

func sent(a Attempt, r *cors.Response) cors.Exchange {
	h := slices.Clone(a.Headers)
	if a.Vector != Probe {
		h = append(h, originHeader(a.Origin()))
	}
	return cors.Exchange{Request: cors.Request{Method: a.Method, URL: a.URL, Headers: h, Body: a.Body}, Response: r}
}

func preflight(a Attempt, r *cors.Response) cors.Exchange {
	h := cors.Headers{originHeader(a.Origin()), {Name: cors.HeaderRequestMethod, Value: a.Method}}
	for _, l := range a.Headers {
		h = append(h, cors.Header{Name: cors.HeaderRequestHeaders, Value: strings.ToLower(l.Name)})
	}
	return cors.Exchange{Request: cors.Request{Method: "OPTIONS", URL: a.URL, Headers: h}, Response: r}
}

// readBy is an attempt that Chrome let the page read; the attacker's collector
// gets what it read.
func readBy(a Attempt, r *cors.Response) Observation {
	o := observe(a, sent(a, r))
	o.Page = &PageView{Readable: true, Status: r.Status, Body: r.Body}
	if !a.Trusted {
		o.Loot = &Loot{Bytes: len(r.Body), Excerpt: r.Body}
	}
	return o
}

// blockedFrom is an attempt whose reply Chrome kept from the page.
func blockedFrom(a Attempt, reason cors.Reason, r *cors.Response) Observation {
	o := observe(a, sent(a, r))
	o.Page.Error = "TypeError: Failed to fetch"
	o.Block = Block{Reason: reason, Network: "net::ERR_FAILED"}
	return o
}

// refusedTo is an attempt whose preflight was refused.
func refusedTo(a Attempt, reason cors.Reason, r *cors.Response) Observation {
	o := observe(a, preflight(a, r))
	o.Page.Error = "TypeError: Failed to fetch"
	o.Block = Block{Reason: reason, Network: "net::ERR_FAILED"}
	return o
}

// after puts an approved preflight before what happened next.
func after(r *cors.Response, o Observation) Observation {
	o.Exchanges = append([]cors.Exchange{preflight(o.Attempt, r)}, o.Exchanges...)
	return o
}

// withheldFrom is an attempt that the tap did not pass on.
func withheldFrom(a Attempt) Observation {
	x := sent(a, nil)
	x.Withheld, x.Fault = true, "withheld, because it could change something"
	o := observe(a, x)
	o.Page.Error = "TypeError: Failed to fetch"
	o.Block = Block{Reason: cors.MissingAllowOriginHeader, Network: "net::ERR_FAILED"}
	return o
}

// answeredTo is a probe.
func answeredTo(a Attempt, r *cors.Response) Observation { return observe(a, sent(a, r)) }

func broken(a Attempt) Observation {
	return Observation{Attempt: a, Fault: "the page could not be opened"}
}

// keeping makes Chrome keep the cookie home.
func keeping(reason string, o Observation) Observation {
	o.Credential = CredentialUse{HeldBack: []string{reason}}
	return o
}

// parting makes Chrome send one cookie and keep another home.
func parting(o Observation) Observation {
	o.Credential = CredentialUse{Sent: true, HeldBack: []string{"SameSiteStrict"}}
	return o
}

// lacking makes Chrome leave the credential out without a word.
func lacking(o Observation) Observation {
	o.Credential = CredentialUse{}
	return o
}

// faulty is an observation that looks whole and of which evidence was lost.
func faulty(o Observation) Observation {
	o.Fault = "evidence was lost"
	return o
}

func lootless(o Observation) Observation {
	o.Loot = nil
	return o
}

// localNetworkBlock is what Chrome does before CORS: nothing reaches the target.
func localNetworkBlock(a Attempt) Observation {
	o := observe(a)
	o.Block = Block{Reason: cors.LocalNetworkAccessPermissionDenied, Network: "net::ERR_FAILED"}
	return o
}

// A ruling is what a judge must say of some observations.
type ruling struct {
	name    string
	obs     []Observation
	verdict Verdict
	// severity of a violation
	severity    Severity
	exfiltrated bool
	level       Level  // where it binds less than the scenario does; "none" where it must not
	proof       int    // the place in obs
	reason      string // is in it
}

// byKey judges as the engine has it done.
func byKey(judge func(Observations) Judgement) func([]Observation) Judgement {
	return func(obs []Observation) Judgement { return judge(NewObservations(obs)) }
}

// ofOne, ofTwo and ofThree judge the observations by their places in a table.
func ofOne(judge func(a Observation) Judgement) func([]Observation) Judgement {
	return func(obs []Observation) Judgement { return judge(obs[0]) }
}

func ofTwo(judge func(a, b Observation) Judgement) func([]Observation) Judgement {
	return func(obs []Observation) Judgement { return judge(obs[0], obs[1]) }
}

func ofThree(judge func(a, b, c Observation) Judgement) func([]Observation) Judgement {
	return func(obs []Observation) Judgement { return judge(obs[0], obs[1], obs[2]) }
}

// onReads is the evidence on each of the reads, which the three controls follow.
func onReads(c Credential, reach Severity, obs []Observation) []evidence {
	n := len(obs) - 3
	var all []evidence
	for _, read := range obs[:n] {
		all = append(all, evidence{c, reach, read, obs[n], obs[n+1], obs[n+2]})
	}
	return all
}

// rule runs a judge on a table, which has to reach each of the verdicts that a
// judge can give.
func rule(t *testing.T, judge func([]Observation) Judgement, rulings []ruling) {
	t.Helper()
	reached := map[Verdict]bool{}
	for _, r := range rulings {
		t.Run(r.name, func(t *testing.T) {
			j := judge(r.obs)
			reached[j.Verdict] = true
			if j.Verdict != r.verdict || j.Severity != r.severity || j.Exfiltrated != r.exfiltrated {
				t.Errorf("got %s %q, exfiltrated %t; want %s %q, %t: %s",
					j.Verdict, j.Severity, j.Exfiltrated, r.verdict, r.severity, r.exfiltrated, j.Reason)
			}
			if r.level == "none" && j.Level != "" || r.level != "" && r.level != "none" && j.Level != r.level {
				t.Errorf("it binds as %q, want %q: %s", j.Level, r.level, j.Reason)
			}
			if want := r.obs[r.proof].Attempt.Key(); cmp.Or(j.Proof, r.obs[0].Attempt.Key()) != want {
				t.Errorf("proved by %s, want %s", j.Proof, want)
			}
			if j.Reason == "" || !strings.Contains(j.Reason, r.reason) {
				t.Errorf("the reason %q lacks %q", j.Reason, r.reason)
			}
			if strings.Contains(j.Reason, "%!") || strings.ContainsAny(j.Reason, "\r\n") {
				t.Errorf("the reason is malformed: %q", j.Reason)
			}
		})
	}
	for _, v := range []Verdict{Conforms, Violates, CannotTell} {
		if !reached[v] {
			t.Errorf("no ruling reaches %s", v)
		}
	}
}

// Whatever was observed, a judge asks for no attempt but those of its case.
func TestJudgesAskForWhatTheyPlanned(t *testing.T) {
	kinds := map[string]func(Attempt) Observation{
		"read": func(a Attempt) Observation {
			return after(reply(204, "", allowOrigin(a.Origin().String()), withCredentials), readBy(a, reply(200, privateBody, allowOrigin(a.Origin().String()), withCredentials)))
		},
		"read without the cookie": func(a Attempt) Observation {
			return keeping("SameSiteLax", readBy(a, reply(401, deniedBody, allowOrigin(a.Origin().String()), withCredentials)))
		},
		"blocked": func(a Attempt) Observation {
			if a.Vector == Probe {
				return answeredTo(a, denied)
			}
			return blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, privateBody))
		},
		"refused": func(a Attempt) Observation {
			if a.Vector == Probe {
				return answeredTo(a, denied)
			}
			return refusedTo(a, cors.PreflightMissingAllowOriginHeader, denied)
		},
		"opened": func(a Attempt) Observation { return opened(a, "diary") },
		"broken": broken,
	}
	all := targets()
	all["launched"] = startedAs(Launch{Value: "*", URL: "http://127.0.0.1:4002"})
	for name, target := range all {
		for _, s := range Catalogue() {
			cases, _ := s.Plan(target)
			for _, c := range cases {
				for kind, observed := range kinds {
					if flaw := judged(c, observed); flaw != "" {
						t.Errorf("%s on %s, %s, %v: %s", s.ID, name, kind, c.Subject, flaw)
					}
				}
			}
		}
	}
}

// judged runs the judge of a case, and returns what its author did wrong.
func judged(c Case, observed func(Attempt) Observation) (flaw string) {
	defer func() {
		if said := recover(); said != nil {
			flaw = fmt.Sprint(said)
		}
	}()
	var obs []Observation
	for _, a := range c.Attempts {
		obs = append(obs, observed(a))
	}
	if c.More != nil {
		for _, a := range c.More(NewObservations(obs)) {
			obs = append(obs, observed(a))
		}
	}
	all := NewObservations(obs)
	if j := c.Judge(all); j.Proof != "" && !all.hasKey(j.Proof) {
		return "the proof is none of the case's attempts: " + j.Proof
	}
	return ""
}

func TestObservationsOfOtherAttempts(t *testing.T) {
	a := attack(oneEndpoint(Cookie), Cookie).read(privateRead)
	obs := NewObservations([]Observation{readBy(a, private)})
	other := alone(a)
	if !obs.has(a) || obs.has(other) || !obs.Of(a).Read() {
		t.Errorf("%+v", obs)
	}
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, other.Key()) {
			t.Errorf("an attempt that was not planned: %q", said)
		}
	}()
	obs.Of(other)
}
