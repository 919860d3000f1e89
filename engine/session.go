package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// A session observes the attempts of an examination in its lab, and has them judged.
type session struct {
	deployment target.Deployment
	plan       Plan
	hooks      Hooks
	screens    bool
	lines      cors.Headers // see [Examination]

	tap      *tap.Tap
	launched []*tap.Tap // those of the target's launches
	lab      *Lab
	controls controls
	victims  victims
	observed map[string]scenarios.Observation // by attempt key
	pending  []*group
	planned  map[string]bool // keys of the attempts that are or were in a group
	restarts int
	waited   time.Duration // for the target to answer again, all in all
	tried    int           // endpoints of the sweep, whose observations are not kept
	current  string        // ID of the scenario whose result is wanted
	cache    *sharedCache  // nil until an attempt needs it
	cacheErr error
	record   *Record // of the examination
}

func newSession(x *Examination) *session {
	s := &session{
		deployment: x.deployment,
		plan:       x.plan,
		hooks:      x.request.Hooks,
		screens:    x.request.Screens,
		lines:      x.lines,
		tap:        x.tap,
		observed:   map[string]scenarios.Observation{},
		pending:    slices.Clone(x.plan.groups),
		planned:    map[string]bool{},
		record:     &x.record,
	}
	s.victims = victims{
		deployment: x.deployment, target: x.plan.Target, tap: x.tap, controls: &s.controls, record: &x.record,
		held: map[scenarios.Credential]*victim{},
	}
	for _, g := range x.plan.groups {
		for _, a := range g.all() {
			s.planned[a.Key()] = true
		}
	}
	return s
}

// withRoomFor gives the deployment's limits, with room for the bodies of those
// errors that a large one provokes.
func withRoomFor(recipes []scenarios.ErrorRecipe, d target.Deployment) tap.Limits {
	l := d.Limits
	if l == (tap.Limits{}) {
		l = tap.DefaultLimits(d.Upstream)
	}
	for _, r := range recipes {
		l.RequestBodyBytes = max(l.RequestBodyBytes, int64(r.BodyBytes))
	}
	return l
}

// start takes the session into a lab, logs the victims in and runs the controls.
func (s *session) start(ctx context.Context, lab *Lab) error {
	lab.sessions++
	s.lab, s.controls.lab, s.victims.lab, s.victims.number = lab, lab, lab, lab.sessions
	s.record.Browser = lab.browser.Info()
	s.pending = unframe(s.pending, s.record.Browser)
	s.mount(s.plan.Target.Origin())
	s.mountRebound()
	if err := s.mountLaunches(); err != nil {
		return err
	}
	for _, g := range s.pending {
		if err := s.logIn(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// mount has the target answer at an origin, before any victim's tab is open.
func (s *session) mount(o cors.Origin) {
	s.lab.stage.Mount(o, s.tap)
	s.victims.mounted = append(s.victims.mounted, o)
}

// logIn makes sure of the victims that a group needs.
func (s *session) logIn(ctx context.Context, g *group) error {
	for _, identity := range g.identities() {
		if _, err := s.victims.logIn(ctx, identity); err != nil {
			return err
		}
	}
	return nil
}

// result observes what the item needs and has it judged.
func (s *session) result(ctx context.Context, item Item) (Result, error) {
	r := Result{Scenario: item.Scenario, Subject: item.Subject()}
	if item.Case == nil {
		r.Judgement = scenarios.Judgement{Verdict: scenarios.NotApplicable, Reason: item.NotApplicable}
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
	r.conclude(*item.Case)
	return r, nil
}

// conclude has the observations of the result judged.
func (r *Result) conclude(c scenarios.Case) {
	r.Judgement = judge(c, r.Observations)
	if r.Judgement.FollowsFrom == r.Scenario.ID {
		r.Judgement.FollowsFrom = ""
	}
	if proof := r.Proof(); r.Verdict() == scenarios.Violates && proof != nil && proof.Stolen() {
		r.Judgement.Exfiltrated = true
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

// observeAll adds the observations of the attempts to the result.
func (s *session) observeAll(ctx context.Context, r *Result, attempts []scenarios.Attempt) error {
	s.enqueue(attempts)
	for _, a := range attempts {
		if err := s.observe(ctx, a); err != nil {
			return err
		}
		r.Observations = append(r.Observations, s.observed[a.Key()])
	}
	return nil
}

// enqueue makes groups of the attempts that the plan did not know, to be observed
// next.
func (s *session) enqueue(attempts []scenarios.Attempt) {
	var news []scenarios.Attempt
	for _, a := range attempts {
		if key := a.Key(); !s.planned[key] {
			s.planned[key] = true
			news = append(news, a)
		}
	}
	s.pending = append(unframe(grouped(s.plan.Target, news), s.record.Browser), s.pending...)
}

// observe makes sure that an attempt was observed, with all others of its page.
func (s *session) observe(ctx context.Context, a scenarios.Attempt) error {
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
func (s *session) observePending(ctx context.Context, i int) error {
	if err := s.observeGroup(ctx, s.pending[i]); err != nil {
		return err
	}
	s.pending = slices.Delete(s.pending, i, i+1)
	return nil
}

// tell adds what the session saw to a record.
func (s *session) tell(r *Record) {
	r.Controls = slices.Clone(s.controls.results)
	r.CookieMatrix = cookieMatrix(*r, s.plan, s.observed)
	r.Attempts = len(s.observed) + s.tried
	if s.lab != nil {
		r.Navigations = s.lab.pastNavigations + s.lab.browser.Navigations()
	}
}

// close lets go of the victims' tabs and of the taps of launches.
func (s *session) close() {
	if s.lab != nil {
		s.victims.close()
	}
	if s.cache != nil {
		// What is left of it is in the temporary folder, and concerns nobody.
		_ = s.cache.close()
	}
	for _, tap := range s.launched {
		tap.Close()
	}
}

// lostEvidence is a fault when the browser's events could not be decoded.
func (s *session) lostEvidence() error {
	if err := s.lab.browser.Lost(); err != nil {
		return &Fault{Stage: StageEvidence, Err: err, Advice: "this browser may be newer than Crossexam knows; please report it"}
	}
	return nil
}
