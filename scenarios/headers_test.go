package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeAllowOriginSyntax(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	plain := reply(200, "")
	with := func(value string) []Observation { return answers(v, reply(200, "", allowOrigin(value)), plain) }
	rule(t, byKey(judgeAllowOriginSyntax), []ruling{
		{name: "absent", obs: answers(v, plain, plain), verdict: Conforms},
		{name: "wildcard", obs: with("*"), verdict: Conforms},
		{name: "null", obs: with("null"), verdict: Conforms},
		{name: "an origin", obs: with("https://app.example.org:8443"), verdict: Conforms},
		{name: "an extension", obs: with("chrome-extension://abcdef"), verdict: Conforms},
		{name: "two lines", obs: answers(v, reply(200, "", allowOrigin("*"), allowOrigin(evilOrigin)), plain), verdict: Violates, severity: Low, reason: "2 lines"},
		{name: "in a preflight", obs: answers(v, plain, reply(200, "", allowOrigin(""))), verdict: Violates, severity: Low, proof: 1},
		{name: "list", obs: with("https://a.example, https://b.example"), verdict: Violates, severity: Low, reason: `"https://a.example, https://b.example"`},
		{name: "pattern", obs: with("https://*.example.org"), verdict: Violates, severity: Low},
		{name: "trailing slash", obs: with(trustedOrigin + "/"), verdict: Violates, severity: Low},
		{name: "path", obs: with("chrome-extension://abcdef/page"), verdict: Violates, severity: Low},
		{name: "default port", obs: with(trustedOrigin + ":443"), verdict: Violates, severity: Low},
		{name: "upper case", obs: with("https://App.example.org"), verdict: Violates, severity: Low},
		{name: "no scheme", obs: with("app.example.org"), verdict: Violates, severity: Low},
		{name: "no answer", obs: []Observation{broken(v.read(privateRead))}, verdict: CannotTell},
	})
}

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
		{name: "no grant", obs: obs(silent, silent, silent), verdict: NotApplicable, reason: "without a grant"},
		{name: "one lost", obs: lost, verdict: CannotTell},
	})
}
