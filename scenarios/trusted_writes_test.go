package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeTrustedWrite(t *testing.T) {
	v := frontEnd(rich(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a := v.write(replace)
	yes := reply(204, "", allowOrigin(trustedOrigin), withCredentials)
	one := func(o Observation) []Observation { return []Observation{o} }
	rule(t, ofOne(func(o Observation) Judgement { return judgeTrustedWrite(false, o) }), []ruling{
		{name: "withheld", obs: one(after(yes, withheldFrom(a))), verdict: Conforms, reason: "withheld from the target, so its answer was not judged"},
		{name: "answered", obs: one(after(yes, readBy(a, reply(422, "")))), verdict: Conforms, reason: "read the 422 reply"},
		{name: "preflight refused", obs: one(refusedTo(a, cors.MethodDisallowedByPreflightResponse, yes)), verdict: Violates, severity: Low,
			reason: "Chrome blocked PUT from https://app.example.org at the preflight's 204 (MethodDisallowedByPreflightResponse"},
		{name: "answer blocked", obs: one(after(yes, blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, "")))), verdict: Violates, severity: Low, reason: "the 200 reply"},
		{name: "an error without a grant", obs: one(after(yes, blockedFrom(a, cors.MissingAllowOriginHeader, reply(422, "")))), verdict: CannotTell, reason: "answered 422 without a grant"},
		{name: "an error with a wrong grant", obs: one(after(yes, blockedFrom(a, cors.AllowOriginMismatch, reply(422, "", allowOrigin("https://other.example"))))), verdict: Violates, severity: Low},
		{name: "a refusal", obs: one(after(yes, blockedFrom(a, cors.MissingAllowOriginHeader, reply(403, "")))), verdict: Violates, severity: Low},
		{name: "no such method", obs: one(after(yes, readBy(a, reply(405, "")))), verdict: CannotTell, reason: "405"},
		{name: "no preflight", obs: one(withheldFrom(a)), verdict: CannotTell, reason: "without a preflight"},
		{name: "no answer", obs: one(localNetworkBlock(a)), verdict: CannotTell},
		{name: "fault", obs: one(faulty(after(yes, withheldFrom(a)))), verdict: CannotTell},
	})
}

// The front end may not send the Content-Type that Crossexam gives to a body of its own.
func TestWritesWithABodyOfOurs(t *testing.T) {
	target := oneEndpoint(Cookie)
	target.Policy.Methods = []string{"GET", "POST"}
	for name, c := range map[string]struct {
		change func(*Target)
		reason cors.Reason
		want   Verdict
	}{
		"ours":          {func(*Target) {}, cors.HeaderDisallowedByPreflightResponse, NotApplicable},
		"the origin":    {func(*Target) {}, cors.PreflightMissingAllowOriginHeader, Violates},
		"declared":      {func(t *Target) { t.Policy.Headers = []string{"content-type"} }, cors.HeaderDisallowedByPreflightResponse, Violates},
		"a body theirs": {func(t *Target) { t.Endpoints = append(t.Endpoints, Endpoint{Method: "POST", Path: "/x", Body: "{}"}) }, cors.HeaderDisallowedByPreflightResponse, Violates},
		// Nobody can tell what a refusal without a word is about, and nobody said that the
		// front end sends the header.
		"without a word": {func(t *Target) { t.Label = "no grant" }, cors.PreflightMissingAllowOriginHeader, NotApplicable},
	} {
		target := target
		target.Endpoints = append([]Endpoint(nil), target.Endpoints...)
		c.change(&target)
		cases, _ := planTrustedWrites(target)
		answer := reply(204, "", allowOrigin(trustedOrigin))
		if target.Label == "no grant" {
			answer = reply(204, "")
		}
		o := refusedTo(cases[0].Attempts[0], c.reason, answer)
		if j := cases[0].Judge(NewObservations([]Observation{o})); j.Verdict != c.want {
			t.Errorf("%s: %+v", name, j)
		}
	}
}
