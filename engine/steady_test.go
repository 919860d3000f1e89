package engine_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
)

var runs = flag.Int("runs", 2, "how often the steadiness of the verdicts is tried")

// The whole catalogue comes to the same verdicts each time, on an API that grants
// nothing and on one that grants everything. CI tries it twice;
//
//	go test ./engine -run Steady -runs 20
//
// tries it harder.
func TestVerdictsAreSteady(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	for _, policy := range []fixtures.Policy{fixtures.Hardened(), fixtures.WildcardEchoAlways()} {
		t.Run(policy.Name, func(t *testing.T) {
			var first []string
			for run := range *runs {
				s := stage(t, lab, fixtures.Notebook{Policy: policy, Login: fixtures.SessionCookie})
				got := verdictLines(examine(t.Context(), t, lab, s))
				if run == 0 {
					first = got
					continue
				}
				for _, line := range got {
					if !slices.Contains(first, line) {
						t.Errorf("run %d: %s, and not so in the first", run+1, line)
					}
				}
				if len(got) != len(first) {
					t.Errorf("run %d: %d verdicts, and %d in the first", run+1, len(got), len(first))
				}
			}
			t.Logf("%d runs of %d verdicts", *runs, len(first))
		})
	}
}

// verdictLines are the verdicts in a form that can be compared. The paths that
// are made up for a run are not in them.
func verdictLines(record engine.Record) []string {
	var lines []string
	for _, r := range record.Results {
		lines = append(lines, fmt.Sprintf("%s %s %s: %s %s", r.Scenario.ID, r.Subject.Origin, r.Subject.Credential, r.Verdict(), r.Judgement.Severity))
	}
	return lines
}
