package engine_test

import (
	"slices"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// With the browser's prompts for a password, too, no examination ends because the browser and
// the oracle disagree. The other logins have the tables of the policies.
func TestPasswordIsJudged(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	for _, policy := range []fixtures.Policy{fixtures.Hardened(), fixtures.WildcardEchoAlways()} {
		t.Run(policy.Name, func(t *testing.T) {
			record := examine(t.Context(), t, lab, stage(t, lab, fixtures.Notebook{Policy: policy, Login: fixtures.HTTPBasic}))
			if robbed := slices.Contains(convicted(record), "WLD-001"); robbed != (policy.Breaks != "") {
				t.Errorf("convicted by %v", convicted(record))
			}
		})
	}
}

// What a write carries that a page makes does not depend on what the page read before: the
// password goes along where the target asks for it.
func TestFirstWriteCarriesTheLogin(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	s := stage(t, lab, fixtures.Notebook{Policy: fixtures.WildcardEchoAlways(), Login: fixtures.HTTPBasic})
	writes := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).Select(func(i engine.Item) bool {
		return i.Scenario.ID == "PRE-001" && i.Subject().Credential == scenarios.Basic
	})
	record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, writes, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if len(record.Results) == 0 {
		t.Fatal("no write was judged")
	}
	for _, r := range record.Results {
		x := r.Observations[0].Request()
		if !r.Observations[0].Credential.Sent || x == nil || !x.Withheld || !x.Request.Headers.Has("Authorization") || r.Judgement.Severity != scenarios.High {
			t.Errorf("%s: sent %v, %+v, %s: %s", r.Subject.Endpoint, r.Observations[0].Credential.Sent, x, r.Judgement.Severity, r.Judgement.Reason)
		}
	}
}
