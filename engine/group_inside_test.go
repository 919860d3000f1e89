package engine

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// An attempt with an Authorization of its own has Chrome forget the victim's password, so
// that no other attempt with the password is made beside it: whether a write had it would be
// a matter of time.
func TestNothingIsBesideWhatOverridesThePassword(t *testing.T) {
	facts := scenarios.Target{
		URL: "https://api.example.com", Label: "abcdefghijkl", Trusted: []cors.Origin{cors.MustParseOrigin("https://app.example.com")},
		Credentials: []scenarios.Credential{scenarios.Basic},
		Endpoints:   []scenarios.Endpoint{{Method: "GET", Path: "/me", Private: true}, {Method: "POST", Path: "/me"}, {Method: "DELETE", Path: "/me"}},
		Premises:    []scenarios.Premise{{Endpoint: "GET /me", Credential: scenarios.Basic, Finding: scenarios.Private}},
	}
	overriding, with := 0, 0
	for _, g := range NewPlan(scenarios.Catalogue(), facts).groups {
		if g.probe {
			continue
		}
		these := 0
		for _, a := range g.all() {
			if overrides(a) {
				these++
			} else if a.Identity.Includes(scenarios.Basic) && !a.Omit {
				with++
			}
		}
		overriding += these
		if these > 0 && (these < len(g.all()) || len(g.frames) > 0 || !g.overrides) || these == 0 && g.overrides {
			t.Errorf("%d of %d attempts of %s have an Authorization of their own", these, len(g.all()), g)
		}
	}
	if overriding == 0 || with == 0 {
		t.Errorf("the plan has %d attempts with an Authorization of their own, and %d with the password", overriding, with)
	}
}
