package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A Session examines one target. Its methods are called in this order, from one
// goroutine: Reach, Start, Result for each item of the plan, Close.
type Session struct {
	deployment target.Deployment
	plan       Plan
	options    Options

	tap      *target.Tap
	launched []*target.Tap // those of the target's launches
	lab      *Lab
	number   int // of the session in its lab
	victims  map[scenarios.Credential]*victim
	observed map[string]scenarios.Observation // by attempt key
	pending  []*group
	planned  map[string]bool // keys of the attempts that are or were in a group
	restarts int
	current  string       // ID of the scenario whose result is wanted
	cache    *sharedCache // nil until an attempt needs it
	cacheErr error
	baseline *baselineIndex // nil for none
	record   Record
}

// Options of a session.
type Options struct {
	// Progress is told of each page before it is opened; nil for none. It is
	// called in the goroutine of Result.
	Progress func(Progress)
	// Screens asks for a screenshot of the malicious page with its loot.
	Screens bool
	// Accepted are violations that do not fail the run. One that has expired, and is
	// about a scenario of the plan, is an error of NewSession.
	Accepted target.Accepted
	// Baseline is what the results are compared with; nil for none. With OnlyNew the
	// violations that are in it too do not fail the run.
	Baseline *Baseline
	OnlyNew  bool
}

// Progress says how far an examination is.
type Progress struct {
	Scenario string // the ID of the one whose result is wanted
	Doing    string
	Attempts int // done
	Of       int
}

// A Record is all that an examination brought to light.
type Record struct {
	Run      string // the name the target finds in its log
	Started  time.Time
	Duration time.Duration
	Browser  attacker.Info
	Target   scenarios.Target
	// Cookies are the victim's, with the attributes the browser gave them.
	Cookies []attacker.StoredCookie
	// CookieMatrix says of each of them from where the browser sends it.
	CookieMatrix []CookieRow
	Controls     []Control
	Results      []Result
	Withheld     []target.WithheldRequest
	Notes        []string // what the reader should know about how it was judged
	Attempts     int
	Navigations  int
	Requests     int // to the target
	Screens      []Screen
	// Stale are the accepted deviations that accept nothing any more.
	Stale target.Accepted
	// Baseline is how the results compare with an earlier examination, or nil.
	Baseline *Comparison
	// Fault says why the examination broke off, or is nil.
	Fault *Fault
}

// A Screen is a screenshot of a page, PNG.
type Screen struct {
	Name string
	PNG  []byte
}

// NewSession prepares the examination of a deployment.
func NewSession(d target.Deployment, p Plan, o Options) (*Session, error) {
	if err := p.CheckExpired(o.Accepted, time.Now()); err != nil {
		return nil, err
	}
	name := make([]byte, 6)
	if _, err := rand.Read(name); err != nil {
		return nil, fmt.Errorf("naming the run: %w", err)
	}
	s := &Session{
		deployment: d,
		plan:       p,
		options:    o,
		victims:    map[scenarios.Credential]*victim{},
		observed:   map[string]scenarios.Observation{},
		pending:    slices.Clone(p.groups),
		planned:    map[string]bool{},
		record:     Record{Run: "crossexam-" + hex.EncodeToString(name), Started: time.Now(), Target: p.Target},
	}
	if o.Baseline != nil {
		x := o.Baseline.index()
		s.baseline = &x
	}
	for _, g := range p.groups {
		for _, a := range g.all() {
			s.planned[a.Key()] = true
		}
	}
	tap, err := target.NewTap(target.Options{
		Upstream:   d.Upstream,
		Limits:     withRoomFor(p.Target.Errors, d),
		Run:        s.record.Run,
		AllowWrite: s.allowWrite,

		ClientCertificate: d.Credentials.ClientCertificate,
	})
	if err != nil {
		return nil, err
	}
	s.tap = tap
	for _, sentence := range d.Notes {
		s.note(sentence)
	}
	if d.Upstream.InsecureSkipVerify {
		s.note("The target's certificate was not verified (--insecure-skip-verify): another server may have answered in its name.")
	}
	return s, nil
}

// withRoomFor gives the deployment's limits, with room for the bodies of those
// errors that a large one provokes.
func withRoomFor(recipes []scenarios.ErrorRecipe, d target.Deployment) target.Limits {
	l := d.Limits
	if l == (target.Limits{}) {
		l = target.DefaultLimits(d.Upstream)
	}
	for _, r := range recipes {
		l.RequestBodyBytes = max(l.RequestBodyBytes, int64(r.BodyBytes))
	}
	return l
}

// allowWrite lets the victim's login through, which is a POST, and the endpoints
// and errors that are declared safe to write to, besides what the deployment
// allows.
func (s *Session) allowWrite(method, path string) bool {
	if login := s.deployment.Credentials.Login; login != nil && method == "POST" && path == login.Path {
		return true
	}
	for _, r := range s.plan.Target.Errors {
		if recipePath, _, _ := strings.Cut(r.Path, "?"); r.SafeToWrite && r.Method == method && recipePath == path {
			return true
		}
	}
	for _, e := range s.plan.Target.Endpoints {
		if u, err := url.Parse(s.plan.Target.At(e.Path)); err == nil && e.SafeToWrite && method == e.Method && path == u.EscapedPath() {
			return true
		}
	}
	return s.deployment.AllowWrite != nil && s.deployment.AllowWrite(method, path)
}

// Reach makes sure that the target answers, and finds out whether it asks for
// HTTP authentication. The error is a *Fault.
func (s *Session) Reach(ctx context.Context) error {
	if err := s.tap.Reach(ctx); err != nil {
		return s.fail(&Fault{Stage: StageReach, Err: err})
	}
	for _, e := range s.plan.Target.Reads() {
		s.tap.Probe(ctx, cors.Request{Method: e.Method, URL: s.plan.Target.At(e.Path)})
	}
	return nil
}

// Start takes the session into a lab, logs the victims in and runs the controls.
// The error is a *Fault, after which there are no verdicts.
func (s *Session) Start(ctx context.Context, lab *Lab) error {
	lab.sessions++
	s.lab, s.number = lab, lab.sessions
	s.record.Browser = lab.browser.Info()
	s.pending = s.placed(s.pending)
	lab.stage.Mount(s.plan.Target.Origin(), s.handler())
	s.mountRebound()
	if err := s.mountLaunches(); err != nil {
		return s.fail(s.faultOf(ctx, err))
	}
	for _, g := range s.pending {
		if err := s.logIn(ctx, g); err != nil {
			return s.fail(s.faultOf(ctx, err))
		}
	}
	return nil
}

// logIn makes sure of the victims that a group needs.
func (s *Session) logIn(ctx context.Context, g *group) error {
	for _, identity := range g.identities() {
		if _, err := s.victim(ctx, identity); err != nil {
			return err
		}
	}
	return nil
}

// fail records a fault and gives it back as an error.
func (s *Session) fail(f *Fault) error {
	if s.record.Fault == nil {
		s.record.Fault = f
	}
	return s.record.Fault
}

func (s *Session) faultOf(ctx context.Context, err error) *Fault {
	var f *Fault
	switch {
	case errors.As(err, &f):
		return f
	case ctx.Err() != nil:
		return &Fault{Stage: StageRun, Err: fmt.Errorf("the run was interrupted: %w", context.Cause(ctx))}
	case errors.Is(err, attacker.ErrBrowserGone):
		return &Fault{Stage: StageBrowser, Err: err, Advice: "look for a lack of memory or of shared memory on this machine, and try again"}
	}
	return &Fault{Stage: StageBrowser, Err: err}
}

// Result observes what the item needs and has it judged. The error is a *Fault:
// the session is over, and what was judged is in the record.
func (s *Session) Result(ctx context.Context, item Item) (Result, error) {
	if s.record.Fault != nil {
		return Result{}, s.record.Fault
	}
	r := Result{Scenario: item.Scenario, Subject: item.Subject()}
	if item.Case == nil {
		r.Judgement = scenarios.Judgement{Verdict: scenarios.NotApplicable, Reason: item.NotApplicable}
		s.record.Results = append(s.record.Results, r)
		return r, nil
	}
	s.current = item.Scenario.ID
	if err := s.observeAll(ctx, &r, item.Case.Attempts); err != nil {
		return Result{}, err
	}
	if item.Case.More != nil {
		if err := s.observeAll(ctx, &r, item.Case.More(scenarios.NewObservations(r.Observations))); err != nil {
			return Result{}, err
		}
	}
	r.Judgement = judge(*item.Case, r.Observations)
	s.excuse(&r)
	s.record.Results = append(s.record.Results, r)
	return r, nil
}

// excuse says of a violation whether it was accepted, and whether it is new.
func (s *Session) excuse(r *Result) {
	if r.Verdict() != scenarios.Violates {
		return
	}
	r.Accepted = s.options.Accepted.For(r.Scenario.ID, r.Subject)
	if s.baseline != nil {
		r.Change = s.baseline.change(*r)
		r.Known = s.options.OnlyNew && r.Change == Unchanged
	}
}

// judge leaves out cases for which this machine lacks something, and those about
// answers that the target never gives.
func judge(c scenarios.Case, obs []scenarios.Observation) scenarios.Judgement {
	for _, o := range obs {
		if o.Unavailable != "" {
			return scenarios.Judgement{
				Verdict: scenarios.NotApplicable,
				Reason:  "This machine cannot tell: " + o.Unavailable + ".",
				Proof:   o.Attempt.Key(),
			}
		}
	}
	j := c.Judge(scenarios.NewObservations(obs))
	if j.Verdict == scenarios.CannotTell && neverAnswered(j.Doubt) {
		return scenarios.Judgement{
			Verdict: scenarios.NotApplicable,
			Reason:  "The target breaks off TLS without a client certificate, so there is no answer to judge without one.",
			Proof:   j.Proof,
		}
	}
	return j
}

// neverAnswered reports whether a doubt is about a request that went without any
// credential to a target which talks to nobody without a client certificate.
// (A victim who has another credential and is not talked to either stays a doubt.)
func neverAnswered(d *scenarios.Doubt) bool {
	return d != nil && d.Kind == scenarios.Unanswered && d.Exchange.CertificateRequired && d.Attempt.Identity == scenarios.Anonymous
}

// observeAll adds the observations of the attempts to the result. The error is a
// *Fault.
func (s *Session) observeAll(ctx context.Context, r *Result, attempts []scenarios.Attempt) error {
	s.expect(attempts)
	for _, a := range attempts {
		if err := s.observe(ctx, a); err != nil {
			return s.fail(s.faultOf(ctx, err))
		}
		r.Observations = append(r.Observations, s.observed[a.Key()])
	}
	return nil
}

// expect makes groups of the attempts that the plan did not know, to be observed
// next.
func (s *Session) expect(attempts []scenarios.Attempt) {
	var news []scenarios.Attempt
	for _, a := range attempts {
		if key := a.Key(); !s.planned[key] {
			s.planned[key] = true
			news = append(news, a)
		}
	}
	s.pending = append(s.placed(grouped(s.plan.Target, news)), s.pending...)
}

// observe makes sure that an attempt was observed, with all others of its page.
func (s *Session) observe(ctx context.Context, a scenarios.Attempt) error {
	key := a.Key()
	if _, ok := s.observed[key]; ok {
		return nil
	}
	i := slices.IndexFunc(s.pending, func(g *group) bool { return g.has(key) })
	if i < 0 {
		return fmt.Errorf("the attempt %s is in no group of the plan", key)
	}
	if s.pending[i].writes {
		// Replies to reads are compared with each other: all reads come first.
		if j := slices.IndexFunc(s.pending, func(g *group) bool { return !g.writes }); j >= 0 {
			if err := s.observePending(ctx, j); err != nil {
				return err
			}
			return s.observe(ctx, a)
		}
	}
	return s.observePending(ctx, i)
}

// observePending observes a group that is pending, by its index.
func (s *Session) observePending(ctx context.Context, i int) error {
	if err := s.observeGroup(ctx, s.pending[i]); err != nil {
		return err
	}
	s.pending = slices.Delete(s.pending, i, i+1)
	return nil
}

// Record is what has come to light so far. It may be asked for at any time, a
// session that broke off included.
func (s *Session) Record() Record {
	r := s.record
	r.Duration = time.Since(r.Started)
	r.Withheld = s.tap.Withheld()
	r.CookieMatrix = s.cookieMatrix()
	r.Notes = append(slices.Clone(r.Notes), s.tap.Notes()...)
	r.Requests = s.tap.Requests()
	r.Attempts = len(s.observed)
	r.Stale = stale(s.options.Accepted, s.plan, r.Results)
	if s.options.Baseline != nil {
		c := compare(*s.options.Baseline, s.options.OnlyNew, r.Results)
		r.Baseline = &c
	}
	if s.lab != nil {
		r.Navigations = s.lab.pastNavigations + s.lab.browser.Navigations()
	}
	return r
}

// Close lets go of the victims' tabs and of the tap.
func (s *Session) Close() {
	if s.lab != nil {
		for _, v := range s.victims {
			s.lab.browser.CloseTab(v.name)
		}
	}
	if s.cache != nil {
		// What is left of it is in the temporary folder, and concerns nobody.
		_ = s.cache.close()
	}
	s.tap.Close()
	for _, tap := range s.launched {
		tap.Close()
	}
}

// Examine does a whole session: it reaches the target, opens it in the lab, and
// judges every item. The record says in its Fault where it broke off.
func Examine(ctx context.Context, lab *Lab, d target.Deployment, p Plan, o Options) (Record, error) {
	s, err := NewSession(d, p, o)
	if err != nil {
		return Record{}, err
	}
	defer s.Close()
	if err := s.Reach(ctx); err != nil {
		return s.Record(), err
	}
	if err := s.Start(ctx, lab); err != nil {
		return s.Record(), err
	}
	for _, item := range p.Items {
		if _, err := s.Result(ctx, item); err != nil {
			return s.Record(), err
		}
	}
	return s.Record(), nil
}

// lostEvidence gives an error when the browser's events could not be decoded.
func (s *Session) lostEvidence() error {
	for _, line := range s.lab.browser.Lost() {
		if strings.Contains(line, "unmarshal") {
			return &Fault{
				Stage:  StageEvidence,
				Err:    fmt.Errorf("an event of the browser could not be read: %s", line),
				Advice: "this browser may be newer than Crossexam knows; please report it",
			}
		}
	}
	return nil
}

// Abort ends the session with an error of the caller's, such as a browser that
// does not start, so that the record tells of it.
func (s *Session) Abort(err error) error {
	return s.fail(s.faultOf(context.Background(), err))
}
