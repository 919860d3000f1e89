package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeVary(t *testing.T) {
	cases, _ := planVary(oneEndpoint(Cookie))
	as := cases[0].Attempts
	obs := func(trusted, evil, none, trustedPreflight, evilPreflight *cors.Response) []Observation {
		return []Observation{
			answeredTo(as[0], trusted), answeredTo(as[1], evil), answeredTo(as[2], none),
			refusedTo(as[3], cors.PreflightInvalidStatus, trustedPreflight), refusedTo(as[4], cors.PreflightMissingAllowOriginHeader, evilPreflight),
		}
	}
	yes := reply(200, "", allowOrigin(trustedOrigin), withCredentials, varyOrigin)
	no, none := reply(200, "", "Vary: Accept-Encoding, origin"), reply(200, "", "Vary: *")
	silent := reply(200, "")
	wildcard := reply(200, "", allowOrigin("*"))
	unseen := obs(yes, no, none, yes, no)
	unseen[3] = readBy(as[3], yes)
	lost := obs(yes, no, none, yes, no)
	lost[2] = broken(as[2])
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "everywhere", obs: obs(yes, no, none, yes, no), verdict: Conforms, reason: "says so in Vary"},
		{name: "the same for all", obs: obs(wildcard, wildcard, wildcard, wildcard, wildcard), verdict: Conforms, reason: "is the same"},
		{name: "the same for all that ask", obs: obs(wildcard, wildcard, silent, wildcard, wildcard), verdict: Conforms},
		{name: "not on the allowed", obs: obs(reply(200, "", allowOrigin(trustedOrigin)), no, none, yes, no), verdict: Violates, severity: Low,
			reason: "missing on the reply to https://app.example.org"},
		{name: "not on the refused", obs: obs(yes, silent, none, yes, no), verdict: Violates, severity: Low, proof: 1, reason: "missing on the reply to https://evil.test"},
		{name: "not without an Origin", obs: obs(yes, no, silent, yes, no), verdict: Violates, severity: Low, proof: 2, reason: "missing on the reply without an Origin"},
		{name: "not on the preflight", obs: obs(yes, no, none, reply(200, "", allowOrigin(trustedOrigin)), no), verdict: Violates, severity: Low, proof: 3,
			reason: "missing on the preflight of https://app.example.org"},
		{name: "not on the refused preflight", obs: obs(yes, no, none, yes, silent), verdict: Violates, severity: Low, proof: 4,
			reason: "missing on the preflight of https://evil.test"},
		{name: "echo", obs: obs(yes, reply(200, "", echoed...), silent, yes, no), verdict: Violates, severity: Low, proof: 1,
			reason: "the reply without an Origin and the reply to https://evil.test"},
		{name: "preflights that met a login", obs: obs(yes, no, none, denied, denied), verdict: Conforms},
		{name: "no grant", obs: obs(silent, silent, silent, silent, silent), verdict: CannotTell, reason: "without a grant"},
		{name: "no preflight", obs: unseen, verdict: CannotTell, reason: "the preflight of https://app.example.org was not seen"},
		{name: "one lost", obs: lost, verdict: CannotTell},
	})
}
