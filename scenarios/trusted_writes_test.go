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
		{name: "no such method", obs: one(after(yes, readBy(a, reply(405, "")))), verdict: CannotTell, reason: "405"},
		{name: "no preflight", obs: one(withheldFrom(a)), verdict: CannotTell, reason: "without a preflight"},
		{name: "no answer", obs: one(localNetworkBlock(a)), verdict: CannotTell},
		{name: "fault", obs: one(faulty(after(yes, withheldFrom(a)))), verdict: CannotTell},
	})
}
