package engine_test

import (
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// A pattern that was declared is what the origins are held to in the browser: a matcher
// that keeps it is acquitted, though it grants more than any list, and one without the dot
// is convicted by a page of a name that anyone can register.
func TestPatternsInTheBrowser(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	pattern, err := cors.ParsePattern("https://*.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ policy, convicted string }{{"any-sibling", ""}, {"domain-ends-with", "ORG-003"}} {
		policy, ok := fixtures.PolicyNamed(c.policy)
		if !ok {
			t.Fatalf("there is no policy %s", c.policy)
		}
		s := stage(t, lab, fixtures.Notebook{Policy: policy, Login: fixtures.SessionCookie, Origins: []cors.Origin{scenarios.MemberOf(pattern)}})
		s.Deployment.Facts.Patterns = []cors.Pattern{pattern}
		plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).Select(func(i engine.Item) bool {
			return i.Scenario.Family() == "ORG" || i.Scenario.ID == "TRU-001" || i.Scenario.ID == "WLD-001"
		})
		record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		conforming, robbed := map[string]int{}, false
		for _, r := range record.Results {
			switch r.Verdict() {
			case scenarios.Conforms:
				conforming[r.Scenario.Family()]++
			case scenarios.Violates:
				robbed = robbed || r.Scenario.ID == c.convicted && r.Judgement.Exfiltrated
				if c.convicted == "" || r.Scenario.Family() != "ORG" {
					t.Errorf("%s: %s %s: %s", c.policy, r.Scenario.ID, r.Subject.Origin, r.Judgement.Reason)
				}
			case scenarios.CannotTell:
				t.Errorf("%s: %s %s is in doubt: %s", c.policy, r.Scenario.ID, r.Subject.Origin, r.Judgement.Reason)
			}
		}
		if conforming["TRU"] == 0 || conforming["WLD"] == 0 || c.convicted == "" && conforming["ORG"] < 10 || robbed != (c.convicted != "") {
			t.Errorf("%s: conforming %v, robbed %v", c.policy, conforming, robbed)
		}
	}
}
