package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// A Sweep is how all endpoints of a target decide by header, where there are more than are
// examined in whole, and what the browser showed of it.
type Sweep struct {
	sweep.Result
	// Examined are the endpoints that were examined in whole: one of each class first.
	Examined []string
	// Seed drew the endpoints of which nothing is granted and that were tried all the same.
	Seed   uint64
	Proofs []Proof
}

// A Proof is what the browser did where an endpoint that was not examined in whole was
// tried.
type Proof struct {
	sweep.Trial
	Outcome ProofOutcome
	Why     string // the browser's reason, or why nobody can tell; a sentence without a full stop
}

// ProofOutcome is what became of one attempt to read.
type ProofOutcome string

// The outcomes. Unsent says that the browser kept the victim's credential home, so that
// nothing was at stake; unknown that there is no evidence.
const (
	ProofRead    ProofOutcome = "read"
	ProofBlocked ProofOutcome = "blocked"
	ProofUnsent  ProofOutcome = "not-sent"
	ProofUnknown ProofOutcome = "cannot-tell"
)

// Disagrees reports whether the browser did what the headers did not say.
func (p Proof) Disagrees() bool {
	return p.Outcome == ProofRead && !p.Expected || p.Outcome == ProofBlocked && p.Expected
}

// By is the endpoint by which another is proved: the one of its class that was examined in
// whole. Empty for none.
func (s Sweep) By(e sweep.Endpoint) string {
	for _, name := range s.Examined {
		if i := slices.IndexFunc(s.Endpoints, func(o sweep.Endpoint) bool { return o.Endpoint == name }); i >= 0 && e.Class != "" && s.Endpoints[i].Class == e.Class {
			return name
		}
	}
	return ""
}

// setAside leaves for the sweep what there are more of than are examined in whole; what
// an accepted deviation is about is examined.
func (x *Examination) setAside() {
	x.deployment = x.deployment.SetAside(x.isAccepted(x.deployment.Facts.Reads()))
}

// isAccepted returns what reports whether an accepted deviation is about an endpoint: of
// those of a pattern, the first is enough.
func (x *Examination) isAccepted(reads []scenarios.Endpoint) func(scenarios.Endpoint) bool {
	meant := map[string]bool{}
	for _, a := range x.accepted {
		about := target.SubjectPattern{Endpoint: a.Subject.Endpoint}
		i := slices.IndexFunc(reads, func(e scenarios.Endpoint) bool { return about.Meets(scenarios.Subject{Endpoint: e.String()}) })
		if about.Endpoint != "" && i >= 0 {
			meant[reads[i].String()] = true
		}
	}
	return func(e scenarios.Endpoint) bool { return meant[e.String()] }
}

// sweepAll asks all endpoints by header where there are more of them than are examined in
// whole, and returns the facts with one of each class to be examined.
func (x *Examination) sweepAll(ctx context.Context, a *sweep.Asker, found scenarios.Target) scenarios.Target {
	if len(x.deployment.Beyond) == 0 || tap.Over(ctx) {
		return found
	}
	items := sweep.ItemsOf(found, x.deployment)
	x.begin(Step{Stage: StageSweep, URL: found.URL, Endpoints: len(items)})
	result := a.Sweep(found, items)
	s := &Sweep{Result: result, Seed: seedOf(x.record.Run)}
	x.record.Sweep = s
	var preferred []string
	for _, e := range found.Reads() {
		preferred = append(preferred, e.String())
	}
	s.Examined = result.Representatives(preferred, len(preferred))
	accepted := x.isAccepted(found.Reads())
	for _, e := range found.Reads() {
		if !slices.Contains(s.Examined, e.String()) && (accepted(e) || !e.Safe()) {
			s.Examined = append(s.Examined, e.String())
		}
	}
	x.deployment.Beyond = nil
	for _, i := range items {
		if !slices.Contains(s.Examined, i.String()) {
			x.deployment.Beyond = append(x.deployment.Beyond, i.Endpoint)
		}
	}
	var reads []scenarios.Endpoint
	for _, name := range s.Examined {
		i := slices.IndexFunc(items, func(i sweep.Item) bool { return i.String() == name })
		e := items[i].Endpoint
		j := slices.IndexFunc(result.Endpoints, func(o sweep.Endpoint) bool { return o.Endpoint == name })
		e.Private = result.Endpoints[j].Private() || e.Private && result.Endpoints[j].Finding == ""
		reads = append(reads, e)
	}
	return a.More(found, reads)
}

// seedOf is the number in the name of a run, which is random.
func seedOf(run string) uint64 {
	n, _ := strconv.ParseUint(strings.TrimPrefix(run, "crossexam-"), 16, 52) // what JSON's readers take whole
	return n
}

// trialsAtOnce bounds what one page tries, and what is lost with it.
const trialsAtOnce = 50

// prove tries in the browser what was only asked by header, and splits the classes with
// which the browser disagrees. A run of a part of the plan leaves it out.
func (x *Examination) prove(ctx context.Context) error {
	s := x.record.Sweep
	if s == nil || len(x.plan.Items) < len(x.plan.whole) {
		return nil
	}
	if err := x.tryAll(ctx, s.Trials(s.Examined, s.Seed)); err != nil {
		return err
	}
	if err := x.tryAll(ctx, s.MoreTrials(s.disagreeing())); err != nil {
		return err
	}
	s.split()
	if disagreeing := slices.DeleteFunc(slices.Clone(s.Proofs), func(p Proof) bool { return !p.Disagrees() }); len(disagreeing) > 0 {
		p := disagreeing[0]
		x.record.diagnose(Diagnosis{Kind: SweepDisagrees, Number: float64(len(disagreeing)), Detail: fmt.Sprintf(
			"the browser did otherwise than the headers said at %d of %d endpoints that were tried, at %s for one (%s), so that they are classes of their own", len(disagreeing), len(s.Proofs), p.Endpoint, p.Outcome)})
	}
	return nil
}

// tryAll makes trials, a page's at a time.
func (x *Examination) tryAll(ctx context.Context, all []sweep.Trial) error {
	for trials := range slices.Chunk(all, trialsAtOnce) {
		proofs, err := x.session.try(ctx, trials)
		x.record.Sweep.Proofs = append(x.record.Sweep.Proofs, proofs...)
		if err != nil {
			return err
		}
	}
	return nil
}

// disagreeing are the classes in which the browser did otherwise than the headers said, and
// the endpoints of which it is known what it does.
func (s *Sweep) disagreeing() (classes, known []string) {
	known = slices.Clone(s.Examined)
	for _, p := range s.Proofs {
		known = append(known, p.Endpoint)
		if p.Disagrees() {
			classes = append(classes, s.classOf(p.Endpoint))
		}
	}
	return classes, known
}

// classOf is the ID of the class of an endpoint.
func (s *Sweep) classOf(endpoint string) string {
	return s.Endpoints[slices.IndexFunc(s.Endpoints, func(e sweep.Endpoint) bool { return e.Endpoint == endpoint })].Class
}

// split makes a class of the endpoints of each class where the browser did one thing that
// the headers did not say.
func (s *Sweep) split() {
	type deviation struct {
		class   string
		outcome ProofOutcome
	}
	var order []deviation
	endpoints := map[deviation][]string{}
	for _, p := range s.Proofs {
		if !p.Disagrees() {
			continue
		}
		d := deviation{s.classOf(p.Endpoint), p.Outcome}
		if endpoints[d] == nil {
			order = append(order, d)
		}
		endpoints[d] = append(endpoints[d], p.Endpoint)
	}
	for _, d := range order {
		why := "the browser read there what the headers do not grant"
		if d.outcome == ProofBlocked {
			why = "the browser refused there what the headers grant"
		}
		s.Split(d.class, endpoints[d], why)
	}
}

// try makes one attempt for each trial.
func (s *session) try(ctx context.Context, trials []sweep.Trial) ([]Proof, error) {
	var attempts []scenarios.Attempt
	for _, t := range trials {
		i := slices.IndexFunc(s.deployment.Beyond, func(e scenarios.Endpoint) bool { return e.String() == t.Endpoint })
		attempts = append(attempts, scenarios.StrangersRead(s.plan.Target, s.deployment.Beyond[i], t.Page, t.With))
	}
	for _, g := range unframe(grouped(s.plan.Target, attempts), s.record.Browser) {
		if err := s.logIn(ctx, g); err != nil {
			return nil, err
		}
		if err := s.observeGroup(ctx, g); err != nil {
			return nil, err
		}
	}
	proofs := make([]Proof, len(trials))
	for i, t := range trials {
		key := attempts[i].Key()
		proofs[i] = proofOf(t, s.observed[key])
		if !s.planned[key] {
			delete(s.observed, key) // there may be thousands
			s.tried++
		}
	}
	return proofs, nil
}

// proofOf says what an observation shows of the trial.
func proofOf(t sweep.Trial, o scenarios.Observation) Proof {
	p := Proof{Trial: t, Outcome: ProofUnknown}
	switch {
	case o.Fault != "" || o.Unavailable != "":
		p.Why = o.Fault + o.Unavailable
	case t.With.Ambient() && !o.Attempt.Omit && !o.Credential.Sent:
		p.Outcome, p.Why = ProofUnsent, strings.Join(o.Credential.HeldBack, ", ")
	case o.Read():
		p.Outcome = ProofRead
	case o.Blocked():
		p.Outcome, p.Why = ProofBlocked, string(o.Block.Reason)
	default:
		p.Why = o.Inconclusive()
	}
	return p
}
