package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// An Examination is one examination of one target, from what was asked for to the
// record. Its methods are called in this order, from one goroutine: Prepare, Start,
// Result for each item of the plan, End. Run is all of them but End.
//
// Errors are of two kinds. What is wrong with the request is [target.Problems], or
// [attacker.ErrNoBrowser], or what Select and Baseline say; it comes from NewExamination
// and Prepare alone, and there is nothing to report. A [*Fault] says why nothing can be
// judged; the record has it, with what was judged before.
type Examination struct {
	request    Request
	config     target.Config
	deployment target.Deployment
	accepted   target.Accepted
	baseline   *Baseline
	index      BaselineIndex
	plan       Plan
	browser    attacker.Options
	lines      cors.Headers // by which its requests are known

	launched *target.Launched
	tap      *tap.Tap
	session  *session // nil before Start
	labs     *Labs    // that are the examination's own, or nil
	record   Record
	closed   bool
	before   int        // requests by a tap that another took the place of
	limits   tap.Limits // for the time of the run
}

// NewExamination checks a request: everything that can be known to be wrong without
// contacting anybody. A name in the target's URL is looked up.
func NewExamination(ctx context.Context, r Request) (*Examination, error) {
	x, err := checked(ctx, r)
	if err == nil {
		err = x.chooseBrowser(ctx)
	}
	if err != nil {
		return nil, err
	}
	return x, nil
}

// broke tells a fault from what is wrong with the request: that is [target.Problems].
// An interruption is a fault, whatever it made of what was going on.
func (x *Examination) broke(ctx context.Context, stage Stage, err error) error {
	var f *Fault
	var wrong target.Problems
	var down *target.UnreachableError
	var shut *tap.CertificateError
	switch {
	case tap.Over(ctx):
		return x.fail(interrupted(ctx))
	case errors.As(err, &f):
		return x.fail(f)
	case errors.As(err, &shut):
		x.record.diagnose(certificateDiagnosis(shut.Refused, shut.Why))
		return x.fail(&Fault{Stage: StageReach, Err: err})
	case errors.As(err, &down):
		return x.fail(&Fault{Stage: StageReach, Err: err})
	case errors.As(err, &wrong), stage == StagePlan:
		return err
	}
	return x.fail(&Fault{Stage: stage, Err: err})
}

// Start has the browser started, where no lab was given, logs the victims in and
// runs the controls. The error is a *Fault, after which there are no verdicts.
func (x *Examination) Start(ctx context.Context) error {
	if x.record.Fault != nil {
		return x.record.Fault
	}
	ctx, stop := x.inTime(ctx)
	defer stop()
	x.begin(Step{Stage: StageBrowser})
	lab, err := x.lab(ctx)
	if err != nil {
		return x.fail(faultOf(ctx, err))
	}
	if why := lab.noCertificate; why != nil {
		x.notice("The client certificate is not tried, and nothing is judged with it: " + why.Error())
	}
	x.session = newSession(x)
	if err := x.session.start(ctx, lab); err != nil {
		return x.fail(faultOf(ctx, err))
	}
	return nil
}

// lab is the one to examine in.
func (x *Examination) lab(ctx context.Context) (*Lab, error) {
	if x.request.Lab != nil {
		return x.request.Lab, nil
	}
	labs := x.request.Labs
	if labs == nil {
		x.labs = &Labs{}
		labs = x.labs
	}
	return labs.open(ctx, x.browser)
}

// Result observes what an item of the plan needs and has it judged. The error is
// a *Fault: the examination is over, and what was judged is in the record.
func (x *Examination) Result(ctx context.Context, item Item) (Result, error) {
	if x.record.Fault != nil {
		return Result{}, x.record.Fault
	}
	ctx, stop := x.inTime(ctx)
	defer stop()
	r, err := x.session.result(ctx, item)
	if err != nil {
		return Result{}, x.fail(faultOf(ctx, err))
	}
	r = x.settle(r)
	x.record.Results = append(x.record.Results, r)
	if len(x.record.Results) == len(x.plan.Items) {
		if err := x.prove(ctx); err != nil {
			return Result{}, x.fail(faultOf(ctx, err))
		}
		x.session.lookBack(ctx)
		if f := x.steady(ctx); f != nil {
			return Result{}, x.fail(f)
		}
	}
	if judged := x.request.Hooks.Judged; judged != nil {
		judged(r)
	}
	return r, nil
}

// Run prepares and starts the examination and judges every item. Its errors are
// those of Prepare, and faults.
func (x *Examination) Run(ctx context.Context) error {
	if err := x.Prepare(ctx); err != nil {
		return err
	}
	if err := x.Start(ctx); err != nil {
		return err
	}
	for _, item := range x.plan.Items {
		if _, err := x.Result(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

// Examine is a whole examination: what was asked for is prepared, started, judged
// and ended. Its errors are those of [NewExamination] and Run; with a fault the
// record has what was judged before.
func Examine(ctx context.Context, r Request) (Record, error) {
	x, err := NewExamination(ctx, r)
	if err != nil {
		return Record{}, err
	}
	defer x.Close()
	err = x.Run(ctx)
	return x.End(), err
}

// Abort ends the examination with a fault of the caller's, such as a test framework
// that stopped, so that the record tells of it. It gives the first fault back.
func (x *Examination) Abort(f *Fault) error { return x.fail(f) }

// End lets go of all that the examination holds, and gives its record. A record
// without a result for each item of the plan has a fault: nobody may take it for
// the whole.
func (x *Examination) End() Record {
	if n := x.missing(); n > 0 {
		_ = x.fail(&Fault{Stage: StageRun, Err: fmt.Errorf("the run ended before everything was judged: %d of %d results are missing", n, len(x.plan.Items))})
	}
	x.Close()
	return x.Record()
}

// missing counts the items of the plan that have no result.
func (x *Examination) missing() int {
	type about struct {
		id      string
		subject scenarios.Subject
	}
	left := map[about]int{}
	for _, r := range x.record.Results {
		left[about{r.Scenario.ID, r.Subject}]++
	}
	missing := 0
	for _, i := range x.plan.Items {
		at := about{i.Scenario.ID, i.Subject()}
		if left[at] == 0 {
			missing++
			continue
		}
		left[at]--
	}
	return missing
}

// Record is what has come to light so far. It may be asked for at any time.
func (x *Examination) Record() Record {
	r := x.record
	r.Target = x.deployment.Facts
	r.Duration = time.Since(r.Started)
	r.Notes = slices.Clone(r.Notes)
	r.Stale = stale(x.accepted, x.plan, r.Results)
	if x.tap != nil {
		r.Diagnoses = slices.Clone(r.Diagnoses)
		for _, d := range held(x.tap.Limiting(), x.tap.TimedOut()) {
			r.diagnose(d)
		}
		r.Withheld = x.tap.Withheld()
		r.Notes = append(r.Notes, x.tap.Notes()...)
		r.Requests = x.before + x.tap.Requests()
	}
	if x.session != nil {
		x.session.tell(&r)
	}
	if x.baseline != nil {
		c := compare(*x.baseline, x.request.OnlyNew, r.Results)
		r.Baseline = &c
	}
	return r
}

// Plan is what is to be judged. It is the final one when Prepare has returned nil.
func (x *Examination) Plan() Plan { return x.plan }

// Deployment is the target as it is known by now.
func (x *Examination) Deployment() target.Deployment { return x.deployment }

// Close lets go of all that the examination holds. It may be called more than once.
func (x *Examination) Close() {
	if x.closed {
		return
	}
	x.closed = true
	if x.session != nil {
		x.session.close()
	}
	if x.tap != nil {
		x.tap.Close()
	}
	if x.labs != nil {
		// The profile is what could be left; the next run sweeps it.
		_ = x.labs.Close()
	}
	if x.launched != nil {
		_ = x.launched.Close()
	}
}

// fail records a fault and gives the first one back as an error.
func (x *Examination) fail(f *Fault) error {
	if x.record.Fault == nil {
		x.record.Fault = f
	}
	return x.record.Fault
}

func (x *Examination) begin(s Step) {
	if begin := x.request.Hooks.Begin; begin != nil {
		begin(s)
	}
}

func (x *Examination) notice(sentence string) {
	if notice := x.request.Hooks.Notice; notice != nil {
		notice(sentence)
	}
}

// note adds a sentence once.
func (r *Record) note(sentence string) {
	if !slices.Contains(r.Notes, sentence) {
		r.Notes = append(r.Notes, sentence)
	}
}
