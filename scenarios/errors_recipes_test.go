package scenarios

import (
	"strings"
	"testing"
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

func TestProvocationsOnlyReadUnlessDeclaredSafe(t *testing.T) {
	ps := provocations(rich(Cookie), anyError)
	names := map[string]bool{}
	for _, p := range ps {
		if !isSafe(p.Method) && !p.SafeToWrite {
			t.Errorf("%s would be withheld", p.name)
		}
		names[p.name] = true
	}
	for _, want := range []string{"GET /bad (400)", "GET /bad (400), 2", "GET /error (500)", "GET /error (500, unhandled)"} {
		if !names[want] {
			t.Errorf("no provocation is called %s: %v", want, names)
		}
	}
	cases, reason := planReadableErrors(Target{URL: "https://api.example.com", Trusted: rich().Trusted, Errors: []ErrorRecipe{{Status: 422, Method: "POST", Path: "/"}}})
	if len(cases) > 0 || reason != "All ways to provoke an error of the application are writes, which are withheld from the target unless they are declared safe." {
		t.Errorf("%d cases, %q", len(cases), reason)
	}
}
