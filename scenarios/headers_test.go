package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeAllowOriginSyntax(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	plain := reply(200, "")
	with := func(value string) []Observation { return answers(v, reply(200, "", allowOrigin(value)), plain) }
	judge := func(obs Observations) Judgement { return judgeAllowOriginSyntax([]cors.Origin{v.page}, obs) }
	if j := judgeAllowOriginSyntax(nil, NewObservations(with("https://*.example.org"))); j.Verdict != Violates || j.Level != Should {
		t.Errorf("who is not trusted loses nothing by it: %+v", j)
	}
	// As if the visitor were the front end.
	rule(t, byKey(judge), []ruling{
		{name: "absent", obs: answers(v, plain, plain), verdict: Conforms},
		{name: "wildcard", obs: with("*"), verdict: Conforms},
		{name: "null", obs: with("null"), verdict: Conforms},
		{name: "an origin", obs: with("https://app.example.org:8443"), verdict: Conforms},
		{name: "an extension", obs: with("chrome-extension://abcdef"), verdict: Conforms},
		{name: "two lines", obs: answers(v, reply(200, "", allowOrigin("*"), allowOrigin(evilOrigin)), plain), verdict: Violates, severity: Low, reason: "2 lines", level: "none"},
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
