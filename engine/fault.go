package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/tap"
)

// A Fault says that the harness could not judge, and why. It is never a finding
// about the target.
type Fault struct {
	Stage  Stage
	Err    error
	Advice string // what to do, one sentence
}

// Stage of an examination.
type Stage string

// The stages in which an examination can break off.
const (
	StageLog      Stage = "startup-log" // what the target logged could not be read
	StageLaunch   Stage = "launch"      // the target could not be started
	StageDiscover Stage = "discover"    // what is to be examined could not be found out
	StageReach    Stage = "reach"       // the target does not answer
	StagePremises Stage = "premises"    // nothing private was found that could be judged
	StageSweep    Stage = "sweep"       // every endpoint is asked by header
	StagePlan     Stage = "plan"        // there is no plan
	StageBrowser  Stage = "browser"     // no browser, or it died twice
	StageControls Stage = "controls"    // a control failed
	StageEvidence Stage = "evidence"    // evidence was lost on the way
	StageSteady   Stage = "steady"      // the target decides now so and now otherwise
	StageRun      Stage = "run"         // the run was interrupted
)

func (f *Fault) Error() string {
	s := f.Err.Error()
	if f.Advice != "" {
		s += "; " + f.Advice
	}
	return s
}

func (f *Fault) Unwrap() error { return f.Err }

// faultOf makes a fault of what went wrong while the browser was at work.
func faultOf(ctx context.Context, err error) *Fault {
	var f *Fault
	switch {
	case errors.As(err, &f):
		return f
	case tap.Over(ctx):
		return interrupted(ctx)
	case errors.Is(err, attacker.ErrBrowserGone):
		return &Fault{Stage: StageBrowser, Err: err, Advice: "look for a lack of memory or of shared memory on this machine, and try again"}
	}
	return &Fault{Stage: StageBrowser, Err: err}
}

// inTime gives a context that ends with the time of the run.
func (x *Examination) inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return x.limits.InTime(ctx, x.record.Started)
}

// interrupted is the fault of a run whose context has ended.
func interrupted(ctx context.Context) *Fault {
	var late tap.LateError
	if errors.As(context.Cause(ctx), &late) {
		return &Fault{Stage: StageRun, Err: late, Advice: "raise `limits.timeout` if it needs longer"}
	}
	return &Fault{Stage: StageRun, Err: fmt.Errorf("the run was interrupted: %w", context.Cause(ctx))}
}
