package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeVary(t *testing.T) {
	cases, _ := planVary(oneEndpoint(Cookie))
	as := cases[0].Attempts
	obs := func(trusted, evil, none *cors.Response) []Observation {
		return []Observation{answeredTo(as[0], trusted), answeredTo(as[1], evil), answeredTo(as[2], none)}
	}
	yes := reply(200, "", allowOrigin(trustedOrigin), withCredentials, varyOrigin)
	no, none := reply(200, "", "Vary: Accept-Encoding, origin"), reply(200, "", "Vary: *")
	silent := reply(200, "")
	wildcard := reply(200, "", allowOrigin("*"))
	lost := obs(yes, no, none)
	lost[2] = broken(as[2])
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "everywhere", obs: obs(yes, no, none), verdict: Conforms, reason: "says so in Vary"},
		{name: "the same for all", obs: obs(wildcard, wildcard, wildcard), verdict: Conforms, reason: "is the same"},
		{name: "the same for all that ask", obs: obs(wildcard, wildcard, silent), verdict: Conforms},
		{name: "not on the allowed", obs: obs(reply(200, "", allowOrigin(trustedOrigin)), no, none), verdict: Violates, severity: Low,
			reason: "missing on the reply to https://app.example.org"},
		{name: "not on the refused", obs: obs(yes, silent, none), verdict: Violates, severity: Low, proof: 1, reason: "missing on the reply to https://evil.test"},
		{name: "not without an Origin", obs: obs(yes, no, silent), verdict: Violates, severity: Low, proof: 2, reason: "missing on the reply without an Origin"},
		{name: "echo", obs: obs(yes, reply(200, "", echoed...), silent), verdict: Violates, severity: Low, proof: 1,
			reason: "the reply without an Origin and the reply to https://evil.test"},
		{name: "not stored", obs: obs(yes, reply(200, "", "Cache-Control: no-store"), reply(200, "", "Cache-Control: max-age=60, Private")), verdict: Conforms, reason: "kept from shared caches"},
		{name: "a refusal that is not stored", obs: obs(yes, reply(403, ""), none), verdict: Conforms, reason: "kept from shared caches"},
		{name: "a refusal that is stored", obs: obs(yes, reply(403, "", "Cache-Control: max-age=60"), none), verdict: Violates, severity: Low, proof: 1},
		{name: "a refusal that is stored by a guess", obs: obs(yes, reply(404, ""), none), verdict: Violates, severity: Low, proof: 1},
		{name: "no grant", obs: obs(silent, silent, silent), verdict: NotApplicable, reason: "without a grant"},
		{name: "one lost", obs: lost, verdict: CannotTell},
	})
}
