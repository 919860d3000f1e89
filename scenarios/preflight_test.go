package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeAttackerMethod(t *testing.T) {
	approved, refusal := reply(200, "", echoed...), reply(400, "")
	for _, tt := range []struct {
		cred     Credential
		severity Severity
		reason   string
	}{
		{Cookie, High, "the victim's cookie with it"},
		{Basic, High, "HTTP authentication"},
		{Network, High, "place in the network"},
		{Anonymous, Low, "no credential"},
	} {
		t.Run(tt.cred.noun(), func(t *testing.T) {
			a := attack(rich(tt.cred), tt.cred).write(replace)
			answered := readBy(a, reply(200, ""))
			rule(t, ofOne(func(o Observation) Judgement { return judgeAttackerMethod(tt.cred, High, o) }), []ruling{
				{name: "refused", obs: []Observation{refusedTo(a, cors.PreflightMissingAllowOriginHeader, refusal)}, verdict: Conforms,
					reason: "PUT from https://evil.test was refused (PreflightMissingAllowOriginHeader)"},
				{name: "method refused", obs: []Observation{refusedTo(a, cors.MethodDisallowedByPreflightResponse, approved)}, verdict: Conforms},
				{name: "withheld", obs: []Observation{after(approved, withheldFrom(a))}, verdict: Violates, severity: tt.severity, reason: tt.reason},
				{name: "answered", obs: []Observation{after(approved, answered)}, verdict: Violates, severity: tt.severity, reason: "the target answered 200"},
				{name: "blocked afterwards", obs: []Observation{after(approved, blockedFrom(a, cors.MissingAllowOriginHeader, refusal))},
					verdict: Violates, severity: tt.severity, reason: "was approved"},
				{name: "no answer", obs: []Observation{localNetworkBlock(a)}, verdict: CannotTell},
				{name: "fault", obs: []Observation{faulty(after(approved, withheldFrom(a)))}, verdict: CannotTell, reason: "evidence was lost"},
			})
		})
	}
}

func TestJudgeAttackerWrite(t *testing.T) {
	a := attack(rich(Cookie), Cookie).write(create)
	if len(a.Headers) != 1 || a.Body == "" {
		t.Fatalf("a POST without a JSON body needs no preflight: %+v", a)
	}
	approved := reply(200, "", echoed...)
	rule(t, ofOne(func(o Observation) Judgement { return judgeAttackerWrite(Cookie, High, o) }), []ruling{
		{name: "refused", obs: []Observation{refusedTo(a, cors.HeaderDisallowedByPreflightResponse, approved)}, verdict: Conforms},
		{name: "left", obs: []Observation{after(approved, withheldFrom(a))}, verdict: Violates, severity: High,
			reason: "POST from https://evil.test left the browser: it had the victim's cookie with it, and Crossexam withheld it"},
		{name: "left without the cookie", obs: []Observation{after(approved, keeping("SameSiteStrict", withheldFrom(a)))}, verdict: Violates, severity: Medium, reason: "only SameSite"},
		{name: "left with one cookie of two", obs: []Observation{after(approved, parting(withheldFrom(a)))}, verdict: Violates, severity: High},
		{name: "left, not in play", obs: []Observation{after(approved, lacking(withheldFrom(a)))}, verdict: Violates, severity: Low, reason: "not in play"},
		{name: "fault", obs: []Observation{broken(a)}, verdict: CannotTell},
	})
	if j := judgeAttackerWrite(Cookie, Medium, after(approved, withheldFrom(a))); j.Severity != Medium {
		t.Errorf("the reach of the page does not cap the severity: %+v", j)
	}
}

// A write that lacked the token with which the front end proves itself binds only where the
// target answered it all the same.
func TestWritesWithoutTheToken(t *testing.T) {
	approved := reply(200, "", echoed...)
	for _, tt := range []struct {
		header   string
		answered bool
		level    Level // empty for the scenario's
		severity Severity
	}{
		{"X-XSRF-Token", false, Should, Medium},
		{"X-XSRF-Token", true, "", High},
		{"X-Api-Key", false, "", High},
	} {
		target := rich(Cookie)
		target.CredentialHeaders = []string{"X-Tenant", tt.header}
		for _, judge := range []writeJudge{judgeAttackerMethod, judgeAttackerWrite} {
			c := attackerWrites(target, []string{"PUT"}, judge)[0]
			sent := withheldFrom
			if tt.answered {
				sent = func(a Attempt) Observation { return readBy(a, reply(200, "")) }
			}
			j := c.Judge(NewObservations([]Observation{after(approved, sent(c.Attempts[0]))}))
			if says := strings.Contains(j.Reason, "lacked the front end's "+tt.header); j.Verdict != Violates || j.Level != tt.level || j.Severity != tt.severity || says != (tt.level == Should) {
				t.Errorf("%s, answered %t: %+v", tt.header, tt.answered, j)
			}
		}
	}
}
