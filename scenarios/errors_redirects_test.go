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

// Who says that JSON is wanted gets an error in the place of the redirect, from applications
// that ask who wants what.
func TestRedirectThatJSONSaves(t *testing.T) {
	target := oneEndpoint(Cookie)
	target.Errors = []ErrorRecipe{{Status: 302, Method: "GET", Path: privateRead.Path, Anonymous: true, Guessed: true}}
	s, _ := Find("ERR-001")
	cases, why := s.Plan(target)
	if len(cases) != 1 {
		t.Fatalf("%d cases: %s", len(cases), why)
	}
	attempts := cases[0].Attempts
	provoked, asJSON := attempts[0], attempts[len(attempts)-1]
	if !asJSON.Headers.Has("Accept") || asJSON.needsPreflight() {
		t.Fatalf("the last attempt is %+v", asJSON)
	}
	redirect := reply(302, "", "Location: /login", allowOrigin(trustedOrigin), withCredentials)
	hidden := blockedFrom(provoked, cors.MissingAllowOriginHeader, redirect)
	readable := func(status int) Observation {
		return readBy(asJSON, reply(status, deniedBody, allowOrigin(trustedOrigin), withCredentials))
	}
	for _, c := range []struct {
		name  string
		json  Observation
		level Level
	}{
		{"an error that can be read", readable(401), Should},
		{"the redirect again", blockedFrom(asJSON, cors.MissingAllowOriginHeader, redirect), ""},
		{"a page", readable(200), ""},
		{"no answer", broken(asJSON), ""},
	} {
		obs := []Observation{hidden}
		for _, a := range attempts[1 : len(attempts)-1] {
			obs = append(obs, readBy(a, private))
		}
		j := cases[0].Judge(NewObservations(append(obs, c.json)))
		if j.Verdict != Violates || j.Level != c.level || strings.Contains(j.Fix, "Accept: application/json") != (c.level == Should) {
			t.Errorf("%s: %+v", c.name, j)
		}
	}
	target.Errors[0].Headers = cors.Headers{{Name: "Accept", Value: "text/html"}}
	if cases, _ = s.Plan(target); len(cases[0].Attempts) != len(attempts)-1 {
		t.Errorf("a recipe with an Accept of its own has %d attempts", len(cases[0].Attempts))
	}
}
