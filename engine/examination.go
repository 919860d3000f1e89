package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
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
	late     lateError // what the run may take, all in all; 0 for no limit
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

// checked is an examination whose request can be met, given a browser.
func checked(ctx context.Context, r Request) (*Examination, error) {
	name := make([]byte, 6)
	if _, err := rand.Read(name); err != nil {
		return nil, fmt.Errorf("naming the run: %w", err)
	}
	if r.Catalogue == nil {
		r.Catalogue = scenarios.Catalogue()
	}
	x := &Examination{
		request: r,
		config:  r.Config,
		record:  Record{Run: "crossexam-" + hex.EncodeToString(name), Started: time.Now(), Strict: r.Strict},
	}
	if err := x.deploy(ctx); err != nil {
		return nil, err
	}
	if limit := withRoomFor(nil, x.deployment).Run; limit > 0 {
		x.late = lateError(limit)
	}
	for _, check := range []func(context.Context) error{x.checkConfig, x.readExcuses, x.selectItems, x.checkAccepted} {
		if err := check(ctx); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// deploy makes the deployment of what the configuration says by now.
func (x *Examination) deploy(ctx context.Context) error {
	if x.request.Deployment != nil {
		x.deployment = *x.request.Deployment
		return nil
	}
	d, err := x.config.Redeploy(ctx, x.deployment)
	if err == nil {
		x.deployment = d
	}
	return err
}

// checkConfig asks for what an examination needs beyond what a deployment does.
func (x *Examination) checkConfig(context.Context) error {
	c := x.config
	switch {
	case x.request.Deployment != nil:
		return nil
	case c.Trusted == nil && x.request.AssumeTrust && c.Starts():
		return c.Problem("trusted", errors.New("a program that is started here is given the trusted origins: name the origin of its front end with `trusted`, or write `trusted: []`"))
	case c.Trusted == nil && !x.request.AssumeTrust:
		return c.Problem("trusted", errors.New("no trusted origin: name the origin of the front end with `trusted`, such as https://app.example.com, or write `trusted: []` if no origin but the API's own is trusted"))
	case c.StartupLog.File == "-" && x.request.Stdin == nil:
		return c.Problem("startup_log", errors.New("the startup log cannot come from standard input here: name a file"))
	}
	return nil
}

// readExcuses reads what can keep a violation from failing the run.
func (x *Examination) readExcuses(context.Context) error {
	accepted, err := x.config.AcceptedDeviations(time.Now())
	if err != nil {
		return err
	}
	x.accepted = append(slices.Clone(x.request.Accepted), accepted...)
	if x.request.Baseline == nil {
		return nil
	}
	if x.baseline, err = x.request.Baseline(x.deployment.Facts); err == nil {
		x.index = x.baseline.Index()
	}
	return err
}

// selectItems makes the plan of what is known of the target by now.
func (x *Examination) selectItems(context.Context) error {
	plan := NewPlan(x.request.Catalogue, x.deployment.Facts)
	if x.request.Select != nil {
		var err error
		if plan, err = x.request.Select(plan); err != nil {
			return err
		}
	}
	x.plan = plan
	return nil
}

// checkAccepted says which accepted deviations hold no more, and, as soon as all
// cases are known, which are about none of them.
func (x *Examination) checkAccepted(context.Context) error {
	if err := x.plan.CheckExpired(x.accepted, time.Now()); err != nil {
		return err
	}
	if x.unfinished() {
		return nil
	}
	return x.plan.CheckMatches(x.accepted)
}

// unfinished reports whether the target may turn out to have other cases than the
// plan has: it is not started, read about or discovered.
func (x *Examination) unfinished() bool {
	return x.request.Deployment == nil && x.tap == nil && (x.config.NeedsDiscovery() || x.config.Starts() || x.config.ReadsLog())
}

// chooseBrowser says which browser is wanted, and whether it is there.
func (x *Examination) chooseBrowser(ctx context.Context) error {
	if x.request.Lab != nil {
		return nil
	}
	wanted, err := browserFor(ctx, x.config.Browser, x.deployment, x.browser.Direct)
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown):
		_ = x.fail(&Fault{Stage: StageReach, Err: err})
		return nil
	case err != nil:
		return err
	}
	x.browser = wanted
	return wanted.Check()
}

// Prepare completes what is known of the target, and makes the plan. The error is
// a *Fault, or else about the request: what a log, a document or the target says
// does not go with it.
func (x *Examination) Prepare(ctx context.Context) error {
	if x.record.Fault != nil {
		return x.record.Fault
	}
	ctx, stop := x.inTime(ctx)
	defer stop()
	x.resemble(ctx)
	for _, stage := range []struct {
		name Stage
		do   func(context.Context) error
	}{
		{StageLog, x.readLog},
		{StageLaunch, x.launch},
		{StageReach, x.followToHTTPS},
		{StageDiscover, x.discover},
		{StageReach, x.reach},
		{StagePremises, x.findPremises},
		{StagePlan, x.makePlan},
	} {
		if err := stage.do(ctx); err != nil {
			return x.broke(ctx, stage.name, err)
		}
	}
	return nil
}

// resemble has the requests that Crossexam makes itself look like the browser's.
func (x *Examination) resemble(ctx context.Context) {
	o := x.browser
	if x.request.Lab != nil {
		o = x.request.Lab.options
	}
	x.lines = o.Headers(ctx)
	x.config.AskAs(x.lines)
}

// broke tells a fault from what is wrong with the request: that is [target.Problems].
// An interruption is a fault, whatever it made of what was going on.
func (x *Examination) broke(ctx context.Context, stage Stage, err error) error {
	var f *Fault
	var wrong target.Problems
	var down *target.UnreachableError
	var shut *tap.CertificateError
	switch {
	case over(ctx):
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

// readLog reads what the target logged at its start.
func (x *Examination) readLog(ctx context.Context) error {
	if x.request.Deployment != nil || !x.config.ReadsLog() {
		return nil
	}
	if command := x.config.StartupLog.Command; len(command) > 0 {
		x.begin(Step{Stage: StageLog, Command: command})
	}
	if err := x.config.ReadLog(ctx, x.request.Stdin); err != nil {
		return err
	}
	return x.deploy(ctx)
}

// launch starts the target where the configuration says how.
func (x *Examination) launch(ctx context.Context) error {
	if x.request.Deployment != nil || !x.config.Starts() {
		return nil
	}
	x.begin(Step{Stage: StageLaunch, Command: x.config.Launch.Command})
	var err error
	if x.launched, err = x.config.Start(ctx); err != nil {
		return err
	}
	return x.deploy(ctx)
}

// discover asks the target for what the configuration does not say.
func (x *Examination) discover(ctx context.Context) error {
	if x.request.Deployment != nil || !x.config.NeedsDiscovery() {
		return nil
	}
	x.begin(Step{Stage: StageDiscover, URL: x.deployment.Facts.URL})
	c, found, err := x.config.DiscoverAt(ctx, x.deployment)
	var down *target.UnreachableError
	if errors.As(err, &down) {
		_ = x.openTap() // for its notes: the error is that of the target
	}
	if err != nil {
		return err
	}
	x.config = c
	for _, sentence := range found.Summary() {
		x.notice(sentence)
	}
	if x.request.MustFind && len(found.Reads) == 0 && len(c.Endpoints) == 0 {
		return c.Problem("read", errors.New("nothing was found at the target that can be read: name a path that answers with private data"))
	}
	return x.deploy(ctx)
}

// reach makes sure that the target answers, and finds out whether it asks for HTTP
// authentication.
func (x *Examination) reach(ctx context.Context) error {
	if err := x.openTap(); err != nil {
		return err
	}
	x.begin(Step{Stage: StageReach, URL: x.deployment.Facts.URL})
	return x.tap.Reach(ctx)
}

// openTap opens the way to the target, whose notes say which one that is.
func (x *Examination) openTap() error {
	d := x.deployment
	t, err := tap.New(tap.Options{
		Upstream:   d.Upstream,
		Limits:     withRoomFor(d.Facts.Errors, d),
		Run:        x.record.Run,
		Browser:    x.lines,
		AllowWrite: d.Facts.AllowsWrite,
		Expected:   d.Facts.ExpectsError,

		FirstMessage: d.Facts.FirstMessage,
		Conceal:      d.Credentials.Without,

		ClientCertificate: d.Credentials.Certificate(),
	})
	if err != nil {
		return err
	}
	x.tap = t
	for _, sentence := range d.Notes {
		x.record.note(sentence)
	}
	if d.Upstream.InsecureSkipVerify {
		x.record.note("The target's certificate was not verified (`insecure_skip_verify`): another server may have answered in its name.")
	}
	return nil
}

// findPremises finds out which endpoints are private, and whether the target asks for
// HTTP authentication. With nothing private there is nothing to judge: one diagnosis
// says why, and no verdict does.
func (x *Examination) findPremises(ctx context.Context) error {
	x.setAside()
	if err := x.selectItems(ctx); err != nil { // of what discovery found too
		return err
	}
	if x.plan.Attempts() == 0 && len(x.deployment.Facts.Reads()) > 0 && !x.deployment.Facts.Assumed {
		return nil // what was selected asks the target nothing
	}
	x.begin(Step{Stage: StagePremises, URL: x.deployment.Facts.URL})
	given := x.deployment.Facts
	a := sweep.NewAsker(ctx, x.tap, x.deployment)
	found := x.assumeTrust(ctx, a, a.Premises())
	unasked, others := opensByBasic(found) && !x.tap.Challenges(), false
	if unasked {
		found, others = withoutBasic(found)
	}
	if !unasked || others {
		found = x.sweepAll(ctx, a, found)
	}
	x.deployment.Facts, x.record.Target = found, found
	if set := found.Credentials; len(set) == 1 && len(given.Credentials) > 1 && len(set[0].Kinds()) > 1 {
		x.record.note(fmt.Sprintf("None of the credentials opens the API alone, and these do together (%s): they were examined as one, as with `credentials.together`.", set[0]))
	}
	for _, c := range leftOut(given.Credentials, found) {
		x.record.diagnose(Diagnosis{Kind: CredentialRefused, Detail: fmt.Sprintf("one of the credentials was refused wherever it was tried, and left out (%s); what others open was examined", c)})
	}
	discovered := target.Discovery{}
	if x.deployment.Discovery != nil {
		discovered = *x.deployment.Discovery
	}
	if unseen := discovered.Unseen(); unseen.Most() {
		x.record.diagnose(Diagnosis{Kind: LeftAlone, Detail: strings.TrimSuffix(unseen.String(), ".")})
	}
	if unasked && others {
		x.record.diagnose(Diagnosis{Kind: BasicUnasked, Detail: neverAsked + "; it was left out, and what other credentials open was examined"})
	}
	switch {
	case over(ctx):
		return interrupted(ctx)
	case unasked && !others:
		x.record.Diagnoses = append([]Diagnosis{{Kind: BasicUnasked, Detail: neverAsked}}, x.record.Diagnoses...)
		return &Fault{Stage: StagePremises, Err: errors.New(neverAsked)}
	case len(found.PrivateReads()) > 0, declaredOpen(given):
		if d, ok := bareCookies(found); ok {
			x.record.diagnose(d)
		}
		return nil
	}
	asks, refused := x.tap.AsksForCertificate()
	d := whyNothingPrivate(found, discovered).withCertificate(found, asks, refused).withExpiry(x.deployment.Credentials.Expired(time.Now()))
	x.record.Diagnoses = append([]Diagnosis{d}, x.record.Diagnoses...)
	return &Fault{Stage: StagePremises, Err: errors.New(d.Detail)}
}

// leftOut are the credentials of those that were given which the target refuses wherever
// they were tried, and of which none of the others consists.
func leftOut(given []scenarios.Credential, found scenarios.Target) []scenarios.Credential {
	return slices.DeleteFunc(slices.Clone(given), func(c scenarios.Credential) bool {
		kept := slices.ContainsFunc(found.Credentials, func(f scenarios.Credential) bool { return f == c || f.Includes(c) })
		return kept || !sweep.IsRefused(found, c)
	})
}

// declaredOpen reports whether what there is to examine is what the operator declared,
// and is not private: open to everybody, or no read.
func declaredOpen(t scenarios.Target) bool {
	if len(t.PrivateReads()) > 0 {
		return false
	}
	declared := func(e scenarios.Endpoint) bool { return !e.Discovered }
	return slices.ContainsFunc(t.Reads(), declared) || len(t.WebSockets)+len(t.EventStreams) > 0
}

// makePlan makes the plan of the target as it is, with the browser for it.
func (x *Examination) makePlan(ctx context.Context) error {
	for _, do := range []func(context.Context) error{x.selectItems, x.checkAccepted, x.chooseBrowser} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	if x.record.Fault != nil { // the browser cannot be led to the target
		return x.record.Fault
	}
	return nil
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
		r.Requests = x.tap.Requests()
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
