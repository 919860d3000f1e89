package engine

import (
	"cmp"
	"fmt"
	"slices"

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
	// Fails says that the result fails the run: a violation, or a doubt, of what is
	// binding in it, without an excuse.
	Fails bool
	// Excuse says why a violation or a doubt does not fail the run; it is empty where
	// it does.
	Excuse Excuse
}

// Excuse is why a violation, or a verdict that could not be reached, does not fail a
// run.
type Excuse string

// A doubt has no excuse but that it is about what is not binding.
const (
	ExcusedAdvice   Excuse = "advice"   // it does not bind: a SHOULD where the run is not strict, or information
	ExcusedAccepted Excuse = "accepted" // by the operator, for a while
	ExcusedKnown    Excuse = "known"    // the baseline has it too, and only new violations fail
)

// Settled is the result with the decision whether it fails the run, and where it
// does not, why: in a strict run a SHOULD binds too, and onlyNew excuses what the
// baseline has. No other place decides on that.
func (r Result) Settled(strict, onlyNew bool) Result {
	r.Fails, r.Excuse = false, ""
	violates := r.Verdict() == scenarios.Violates
	switch {
	case !violates && r.Verdict() != scenarios.CannotTell:
	case !r.Level().Binds(strict):
		r.Excuse = ExcusedAdvice
	case violates && r.Accepted != nil:
		r.Excuse = ExcusedAccepted
	case violates && onlyNew && r.Change == Unchanged:
		r.Excuse = ExcusedKnown
	default:
		r.Fails = true
	}
	return r
}

// settle says of a violation whether it was accepted and whether it is new, and of
// every result whether it fails the run.
func (x *Examination) settle(r Result) Result {
	if r.Verdict() == scenarios.Violates {
		r.Accepted = x.accepted.For(r.Scenario.ID, r.Subject)
		if a := r.Accepted; a != nil && !a.Covers(r.Judgement.Severity) {
			r.Accepted = nil
			r.Judgement.Reason += fmt.Sprintf("; it was accepted as a violation of %s severity, and that does not cover one of %s severity", a.Severity, r.Judgement.Severity)
		}
		if x.baseline != nil {
			r.Change = x.index.change(r)
		}
	}
	return r.Settled(x.request.Strict, x.request.OnlyNew)
}

// Fails reports whether an examination fails: it broke off, or one of its results
// fails.
func (r Record) Fails() bool {
	return r.Fault != nil || slices.ContainsFunc(r.Results, func(c Result) bool { return c.Fails })
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

// Level is how much the result binds: as its scenario does, or less.
func (r Result) Level() scenarios.Level { return cmp.Or(r.Judgement.Level, r.Scenario.Level) }

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
