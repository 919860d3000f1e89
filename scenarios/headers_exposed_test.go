package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeExposedSecrets(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	const expose = cors.HeaderExposeHeaders + ": "
	plain := reply(200, "")
	rule(t, byKey(func(obs Observations) Judgement { return judgeExposedSecrets([]string{"X-CSRF-Token"}, obs) }), []ruling{
		{name: "none", obs: answers(v, plain, plain), verdict: Conforms},
		{name: "harmless and declared", obs: answers(v, reply(200, "", expose+"X-Total-Count, x-csrf-token"), plain), verdict: Conforms},
		{name: "a token", obs: answers(v, reply(200, "", expose+"X-Total-Count, X-Auth-Token"), plain), verdict: Violates, severity: Low, reason: `"X-Auth-Token"`},
		{name: "the session of MCP", obs: answers(v, reply(200, "", expose+"Mcp-Session-Id"), plain), verdict: Conforms},
		{name: "another session", obs: answers(v, reply(200, "", expose+"X-Session-Id"), plain), verdict: Violates, severity: Low, reason: `"X-Session-Id"`},
		{name: "in a preflight", obs: answers(v, plain, reply(204, "", expose+"Set-Cookie")), verdict: Violates, severity: Low, proof: 1},
		{name: "wildcard with credentials", obs: answers(v, reply(200, "", expose+"*", withCredentials), plain), verdict: Violates, severity: Low, reason: "*"},
		{name: "wildcard without", obs: answers(v, reply(200, "", expose+"*"), plain), verdict: Conforms},
		{name: "no answer", obs: []Observation{broken(v.read(privateRead))}, verdict: CannotTell},
	})
}

func TestJudgeResourceHeaders(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	with := func(lines ...string) []Observation {
		return []Observation{blockedFrom(v.read(privateRead), cors.MissingAllowOriginHeader, reply(200, privateBody, lines...))}
	}
	const nosniff = "X-Content-Type-Options: nosniff"
	rule(t, ofOne(judgeResourceHeaders), []ruling{
		{name: "good", obs: with(nosniff, "Timing-Allow-Origin: https://app.example.org"), verdict: Conforms, reason: "no Cross-Origin-Resource-Policy"},
		{name: "timing for all", obs: with(nosniff, "Timing-Allow-Origin: *"), verdict: Violates, severity: Low, reason: "how long"},
		{name: "timing for the attacker", obs: with(nosniff, "Timing-Allow-Origin: https://evil.test"), verdict: Violates, severity: Low},
		{name: "sniffed", obs: with(), verdict: Violates, severity: Low, reason: "another type"},
		{name: "no answer", obs: []Observation{broken(v.read(privateRead))}, verdict: CannotTell},
	})
}

func TestJudgeInjection(t *testing.T) {
	cases, _ := planInjection(oneEndpoint(Cookie))
	as := cases[0].Attempts
	both := func(first, second *cors.Response) []Observation {
		return []Observation{answeredTo(as[0], first), answeredTo(as[1], second)}
	}
	plain := reply(200, "")
	rule(t, byKey(judgeInjection), []ruling{
		{name: "not copied", obs: both(plain, reply(400, "")), verdict: Conforms, reason: "2 tried"},
		{name: "copied as it is", obs: both(reply(200, "", allowOrigin("https://evil.test%0d%0aCrossexam-Injected:r4nd0m")), plain), verdict: Conforms},
		{name: "a line of its own", obs: both(plain, reply(200, "", "crossexam-injected: r4nd0m")), verdict: Violates, severity: Medium, proof: 1, reason: `"crossexam-injected: r4nd0m"`},
		{name: "a bare CR", obs: both(reply(200, "", allowOrigin("https://evil.test\rX")), plain), verdict: Violates, severity: Medium, reason: "line break"},
		{name: "no answer", obs: []Observation{answeredTo(as[0], plain), broken(as[1])}, verdict: CannotTell},
	})
}
