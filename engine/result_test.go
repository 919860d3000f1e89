package engine

import (
	"testing"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// What fails a run has no excuse, and what does not has one.
func TestSettled(t *testing.T) {
	for _, c := range []struct {
		level           scenarios.Level
		verdict         scenarios.Verdict
		accepted        bool
		fails, strictly bool
	}{
		{scenarios.Must, scenarios.Violates, false, true, true},
		{scenarios.Must, scenarios.Violates, true, false, false},
		{scenarios.Must, scenarios.CannotTell, false, true, true},
		{scenarios.Must, scenarios.CannotTell, true, true, true}, // accepted was what is known
		{scenarios.Must, scenarios.Conforms, false, false, false},
		{scenarios.Must, scenarios.NotApplicable, false, false, false},
		{scenarios.Should, scenarios.Violates, false, false, true},
		{scenarios.Should, scenarios.CannotTell, false, false, true},
		{scenarios.Info, scenarios.Violates, false, false, false},
	} {
		r := Result{Scenario: scenarios.Scenario{Level: c.level}, Judgement: scenarios.Judgement{Verdict: c.verdict}}
		if c.accepted {
			r.Accepted = &target.Acceptance{}
		}
		for strict, fails := range map[bool]bool{false: c.fails, true: c.strictly} {
			settled := r.Settled(strict, false)
			doubtful := c.verdict == scenarios.Violates || c.verdict == scenarios.CannotTell
			if settled.Fails != fails || doubtful && settled.Fails == (settled.Excuse != "") || !doubtful && settled.Excuse != "" {
				t.Errorf("%+v, strict %t: fails %t, excuse %q", c, strict, settled.Fails, settled.Excuse)
			}
		}
	}
}
