package suite

import (
	"fmt"
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
)

// conform succeeds on the results of a case when none of them fails the run.
type conform struct {
	failing []engine.Result
}

func (m *conform) Match(actual any) (bool, error) {
	results, ok := actual.([]engine.Result)
	if !ok {
		return false, fmt.Errorf("conform takes []engine.Result, not %T", actual)
	}
	if len(results) == 0 {
		return false, fmt.Errorf("there is no result to judge by")
	}
	m.failing = nil
	for _, r := range results {
		if r.Fails {
			m.failing = append(m.failing, r)
		}
	}
	return len(m.failing) == 0, nil
}

func (m *conform) FailureMessage(any) string {
	messages := make([]string, len(m.failing))
	for i, r := range m.failing {
		messages[i] = report.Failure(r)
	}
	return strings.Join(messages, "\n")
}

func (m *conform) NegatedFailureMessage(any) string {
	return "expected a result that does not conform"
}
