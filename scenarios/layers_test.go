package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// recipeIDs are the endpoints of a scenario's cases.
func recipeIDs(t *testing.T, id string, target Target) string {
	t.Helper()
	s, _ := Find(id)
	cases, _ := s.Plan(target)
	var names []string
	for _, c := range cases {
		names = append(names, c.Subject.Endpoint)
	}
	return strings.Join(names, "; ")
}

func TestErrorsAreOfTheLayerThatMakesThem(t *testing.T) {
	target := rich(Cookie)
	target.Trusted = target.Trusted[:1]
	const (
		application = "GET /api/notebooks (401); GET /nothing-here (404); GET /bad (400); GET /bad (400), 2; GET /error (500)"
		crash       = "GET /error (500, unhandled)"
		proxy       = "POST /upload (413, of the proxy); GET /down (502, of the proxy)"
	)
	for id, want := range map[string]string{
		"ERR-001": application,
		"ERR-002": application + "; " + crash,
		"ERR-004": crash,
		"ERR-005": proxy,
		"ERR-006": proxy,
	} {
		if got := recipeIDs(t, id, target); got != want {
			t.Errorf("%s:\n got %s\nwant %s", id, got, want)
		}
	}
	target.Errors = []ErrorRecipe{{Status: 413, Method: "POST", Path: "/upload", Proxy: true}}
	if _, why := planReadableProxyErrors(target); !strings.Contains(why, "withheld") {
		t.Errorf("a write that nobody declared safe: %q", why)
	}
}

func TestJudgeOneLayer(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	good := reply(200, "", allowOrigin(trustedOrigin), withCredentials)
	twice := reply(413, "", allowOrigin(trustedOrigin), allowOrigin(trustedOrigin))
	rule(t, byKey(judgeOneLayer), []ruling{
		{name: "once", obs: answers(v, good, good), verdict: Conforms},
		{name: "twice", obs: answers(v, good, twice), verdict: Violates, severity: Low, proof: 1, reason: "2 lines of Access-Control-Allow-Origin"},
		{name: "credentials twice", obs: answers(v, reply(200, "", withCredentials, withCredentials), good), verdict: Violates, severity: Low, reason: "true | true"},
		{name: "no answer", obs: []Observation{broken(v.read(privateRead))}, verdict: CannotTell},
	})
}

// A reply that the browser does not take because it says everything twice means
// no less than one that says it once.
func TestModestyOfDoubledHeaders(t *testing.T) {
	origin := cors.MustParseOrigin(trustedOrigin)
	once := reply(413, "", allowOrigin(trustedOrigin), withCredentials)
	twice := reply(200, "", allowOrigin(trustedOrigin), withCredentials, allowOrigin(trustedOrigin), withCredentials)
	if extra := beyond(origin, once, twice); len(extra) > 0 {
		t.Errorf("the error is said to grant %v more", extra)
	}
	if extra := beyond(origin, once, reply(200, "")); len(extra) != 1 {
		t.Errorf("the error is said to grant %v more than nothing", extra)
	}
}
