package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeRedirectedError(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	recipe := ErrorRecipe{Status: 302, Method: "GET", Path: privateRead.Path, Anonymous: true}
	a := v.provoke(recipe)
	const to = "Location: https://login.example-idp.com/authorize"
	redirect := reply(302, "", to)
	granted := reply(302, "", to, allowOrigin(trustedOrigin), withCredentials)
	read := readBy(v.read(privateRead), private)
	followed := readBy(a, reply(200, "<form>"))
	followed.Exchanges = append([]cors.Exchange{sent(a, granted)}, followed.Exchanges...)
	gone := observe(a, sent(a, granted))
	gone.Block.Network = "net::ERR_NAME_NOT_RESOLVED"
	rule(t, ofOne(func(o Observation) Judgement { return judgeReadableError(recipe, o, read) }), []ruling{
		{name: "hidden", obs: []Observation{blockedFrom(a, cors.MissingAllowOriginHeader, redirect)}, verdict: Violates, severity: Low, level: "none",
			reason: `302 with a redirect to "https://login.example-idp.com/authorize", which Chrome hid from it`},
		{name: "followed", obs: []Observation{followed}, verdict: Conforms, reason: "read the 200 reply there"},
		{name: "leads elsewhere", obs: []Observation{gone}, verdict: CannotTell, reason: "not followed from here"},
		{name: "not provoked", obs: []Observation{blockedFrom(a, cors.MissingAllowOriginHeader, denied)}, verdict: CannotTell, reason: "asked for 302, got 401"},
		{name: "no answer", obs: []Observation{localNetworkBlock(a)}, verdict: CannotTell},
		{name: "fault", obs: []Observation{broken(a)}, verdict: CannotTell},
	})
	if j := judgeReadableError(recipe, blockedFrom(a, cors.MissingAllowOriginHeader, redirect), read); !strings.Contains(j.Fix, "--api-route") {
		t.Errorf("the fix is %q", j.Fix)
	}

	target := oneEndpoint(Cookie)
	target.Errors = []ErrorRecipe{recipe}
	for id, want := range map[string]int{"ERR-001": 1, "ERR-002": 0, "ERR-003": 0, "ERR-006": 0} {
		s, _ := Find(id)
		if cases, _ := s.Plan(target); len(cases) != want {
			t.Errorf("%s has %d cases of a redirect", id, len(cases))
		}
	}
}
