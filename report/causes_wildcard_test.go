package report

import (
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// ofRecording is the record of a recorded run that has more to tell than its results.
func ofRecording(t testing.TB, name string) engine.Record {
	t.Helper()
	record, run := sample(), recordedRun(t, name)
	record.Target, record.Results, record.Cookies, record.Withheld, record.Notes = run.Target, run.Results, nil, nil, nil
	return record
}

// One line of the target's code is one finding: of a wildcard one grave cause is told,
// and at most three others.
func TestCausesOfAWildcard(t *testing.T) {
	r := reportOf(ofRecording(t, "wildcard-echo-with-cookie"), Meta{})
	high := 0
	for _, c := range r.Causes {
		if c.Severity == scenarios.High {
			high++
		}
	}
	if high != 1 || len(r.Causes) > 4 || r.Causes[0].ID != "every-origin" || len(r.Causes[0].Requirements) < 30 {
		t.Errorf("%+v", r.Causes)
	}
	if run := sarifOf(t, r); len(run.Results) > 8 {
		t.Errorf("%d alerts", len(run.Results))
	}
}
