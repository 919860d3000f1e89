package scenarios

import "testing"

func TestJudgeWildcardWithCredentials(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	echo, both := reply(200, "", echoed...), reply(200, "", allowOrigin("*"), withCredentials)
	rule(t, byKey(judgeWildcardWithCredentials), []ruling{
		{name: "echo", obs: answers(v, echo, echo), verdict: Conforms, reason: "no reply has both"},
		{name: "wildcard alone", obs: answers(v, reply(200, "", allowOrigin("*")), echo), verdict: Conforms},
		{name: "both", obs: answers(v, both, echo), verdict: Violates, severity: Low, reason: `Allow-Origin "*" and Allow-Credentials "true"`},
		{name: "both in a preflight", obs: answers(v, echo, both), verdict: Violates, severity: Low, proof: 1},
		{name: "no answer", obs: []Observation{faulty(readBy(v.read(privateRead), both))}, verdict: CannotTell},
	})
}
