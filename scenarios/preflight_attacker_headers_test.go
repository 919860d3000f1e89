package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeAttackerHeaders(t *testing.T) {
	cases, _ := planAttackerHeaders(oneEndpoint(Cookie))
	as := cases[0].Attempts
	refuse := func(a Attempt) Observation {
		return refusedTo(a, cors.PreflightMissingAllowOriginHeader, reply(400, ""))
	}
	approved := after(reply(204, "", echoed...), blockedFrom(as[1], cors.MissingAllowOriginHeader, reply(200, "")))
	unasked := blockedFrom(as[0], cors.MissingAllowOriginHeader, reply(200, ""))
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "refused", obs: []Observation{refuse(as[0]), refuse(as[1]), refuse(as[2])}, verdict: Conforms, reason: "Authorization, Content-Type, Crossexam-r4nd0m"},
		{name: "one approved", obs: []Observation{refuse(as[0]), approved, refuse(as[2])}, verdict: Violates, severity: Low, proof: 1, reason: "Content-Type"},
		{name: "one broken", obs: []Observation{refuse(as[0]), refuse(as[1]), broken(as[2])}, verdict: CannotTell, proof: 2},
		{name: "not asked for", obs: []Observation{unasked, refuse(as[1]), refuse(as[2])}, verdict: CannotTell, reason: "without a preflight"},
		{name: "local network", obs: []Observation{localNetworkBlock(as[0]), refuse(as[1]), refuse(as[2])}, verdict: CannotTell},
	})
}
