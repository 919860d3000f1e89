package engine

import (
	"cmp"
	"fmt"
	"time"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A Result is what became of one item.
type Result struct {
	Scenario  scenarios.Scenario
	Subject   scenarios.Subject
	Judgement scenarios.Judgement
	// Observations are those the judge saw, in the order of the case's attempts.
	Observations []scenarios.Observation
	// Accepted is the operator's word that this violation may stay, or nil.
	Accepted *target.Acceptance
	// Change compares a violation with the baseline; empty where there is none.
	Change Change
	// Known says that the violation is in the baseline too, and only new ones fail.
	Known bool
}

// Proof is the observation that shows the judgement best, or nil.
func (r Result) Proof() *scenarios.Observation {
	for i, o := range r.Observations {
		if r.Judgement.Proof == "" || r.Judgement.Proof == o.Attempt.Key() {
			return &r.Observations[i]
		}
	}
	return nil
}

// Verdict is the judgement's.
func (r Result) Verdict() scenarios.Verdict { return r.Judgement.Verdict }

// Fails tells whether the result fails a run: a violated MUST, with strict a
// violated SHOULD too, that nothing excuses, and a verdict that could not be
// reached on either, which nothing excuses.
func (r Result) Fails(strict bool) bool {
	binding := r.Level() == scenarios.Must || strict && r.Level() == scenarios.Should
	return binding && (r.Verdict() == scenarios.Violates && r.Excuse() == "" || r.Verdict() == scenarios.CannotTell)
}

// Level is how much the result binds: as its scenario does, or less.
func (r Result) Level() scenarios.Level { return cmp.Or(r.Judgement.Level, r.Scenario.Level) }

// Excuse says why a violation does not fail a run: the operator has accepted it,
// or the baseline has it too. It is empty where there is no excuse.
func (r Result) Excuse() string {
	switch {
	case r.Accepted != nil:
		return fmt.Sprintf("accepted until %s by %s: %s", r.Accepted.Expires.Format(time.DateOnly), r.Accepted.Owner, r.Accepted.Reason)
	case r.Known:
		return "the baseline has it too, and only new violations fail"
	}
	return ""
}

// A Control is an attempt on a fixture with a known answer, made in the same
// browser before the target is judged.
type Control struct {
	ID      string // such as "cookie/open"
	Outcome Outcome
	Detail  string // what was seen, and on a failure what to do
}

// Outcome of a control.
type Outcome string

// A control passes or fails; there is nothing between.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed"
)
