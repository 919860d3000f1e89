package engine_test

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// A partitioned cookie (CHIPS) stays below the site where it was set: no attacker of
// another site has it, the front end below whose site it was set has, and nothing is left
// in doubt.
func TestPartitionedCookies(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	const attributes = "Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
	for _, c := range []struct {
		policy   fixtures.Policy
		verdict  scenarios.Verdict // of WLD-001
		severity scenarios.Severity
		reason   string
	}{
		{fixtures.Hardened(), scenarios.Conforms, "", "kept the cookie home (Partitioned)"},
		{fixtures.WildcardEchoAlways(), scenarios.Violates, scenarios.Medium, "only its partition kept the cookie home"},
	} {
		s := stage(t, lab, fixtures.Notebook{Policy: c.policy, Login: fixtures.SessionCookie, CookieAttributes: attributes})
		plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).Select(func(i engine.Item) bool {
			switch i.Scenario.ID {
			case "WLD-001", "WLD-005", "NUL-001", "ORG-001", "PRE-001", "PRE-003", "CRD-002", "TRU-001", "ERR-002":
				return true
			}
			return false
		})
		record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range record.Results {
			switch {
			case r.Verdict() == scenarios.CannotTell:
				t.Errorf("%s: %s %v is in doubt: %s", c.policy.Name, r.Scenario.ID, r.Subject, r.Judgement.Reason)
			case r.Scenario.ID == "WLD-001" && (r.Verdict() != c.verdict || r.Judgement.Severity != c.severity || !strings.Contains(r.Judgement.Reason, c.reason)):
				t.Errorf("%s: %s, %s: %s", c.policy.Name, r.Verdict(), r.Judgement.Severity, r.Judgement.Reason)
			case r.Scenario.ID == "TRU-001" && r.Verdict() != scenarios.Conforms:
				t.Errorf("%s: the front end below whose site the cookie was set: %s: %s", c.policy.Name, r.Verdict(), r.Judgement.Reason)
			}
		}
	}
}
