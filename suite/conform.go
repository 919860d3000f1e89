package suite

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// Conform succeeds on the results of a case when none of them fails the run: no
// violated MUST, with strict no violated SHOULD, and none that could not be told.
func Conform(strict bool) types.GomegaMatcher { return &conform{strict: strict} }

type conform struct {
	strict  bool
	failing []engine.Result
}

func (m *conform) Match(actual any) (bool, error) {
	results, ok := actual.([]engine.Result)
	if !ok {
		return false, fmt.Errorf("Conform takes []engine.Result, not %T", actual)
	}
	if len(results) == 0 {
		return false, fmt.Errorf("there is no result to judge by")
	}
	m.failing = nil
	for _, r := range results {
		if r.Fails(m.strict) {
			m.failing = append(m.failing, r)
		}
	}
	return len(m.failing) == 0, nil
}

func (m *conform) FailureMessage(any) string {
	var b strings.Builder
	for _, r := range m.failing {
		fmt.Fprintf(&b, "%s %s\n", r.Scenario.ID, verdictLine(r))
		fmt.Fprintf(&b, "  expected:  %s\n", r.Scenario.Title)
		fmt.Fprintf(&b, "  happened:  %s\n", r.Judgement.Reason)
		fmt.Fprintf(&b, "  subject:   %s\n", strings.TrimSpace(entrySubject(r)))
		if r.Verdict() == scenarios.Violates {
			fmt.Fprintf(&b, "  fix:       %s\n", r.Scenario.Fix)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func (m *conform) NegatedFailureMessage(any) string {
	return "expected a result that does not conform"
}

func verdictLine(r engine.Result) string {
	if r.Verdict() == scenarios.Violates {
		return fmt.Sprintf("is violated (%s, %s)", r.Scenario.Level, r.Judgement.Severity)
	}
	return "could not be judged"
}
