package engine_test

import (
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// A requirement that only probes show is judged with the victim's credential, though
// no page needs a victim.
func TestProbesAloneHaveACredential(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	s := stage(t, lab, fixtures.Notebook{Policy: fixtures.Hardened(), Login: fixtures.SessionCookie})
	plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).
		Select(func(i engine.Item) bool { return i.Scenario.ID == "HDR-007" })
	if len(plan.Pages()) != 0 || len(plan.Probes()) == 0 {
		t.Fatal("the requirement has pages: take another one for this test")
	}
	record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range record.Results {
		if r.Verdict() != scenarios.Conforms {
			t.Errorf("%s: %s", r.Verdict(), r.Judgement.Reason)
		}
	}
	if len(record.Controls) == 0 {
		t.Error("no control was run")
	}
}
