package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/fleetreport"
)

// The objects that are no report of a target.
const (
	submissionObject = "submission.json"
	previousObject   = "previous.jsonl"
	objectLimit      = 256 << 20 // bytes
)

// submission is what was submitted last; its time is zero where nothing was.
func (s *Store) submission(ctx context.Context) (submission, error) {
	data, err := s.object(ctx, submissionObject, objectLimit)
	if data == nil || err != nil {
		return submission{}, err
	}
	sub, err := decode[submission](data, submissionVersion)
	if err != nil {
		return sub, fmt.Errorf("what was submitted: %w", err)
	}
	return sub, nil
}

// Submitted says what a submission adds to the queue.
type Submitted struct {
	Queued int // targets of which something is to be done
	Known  int // targets that are known already
}

// Submit queues what is not known yet of the targets, and what was known before a time;
// the zero time renews nothing. What is queued of other targets is taken from the queue,
// and dead letters of these are tried again. To submit the same once more is harmless.
func (s *Store) Submit(ctx context.Context, prove Prove, targets []Target, before time.Time) (Submitted, error) {
	all, err := s.all(ctx)
	if err != nil {
		return Submitted{}, err
	}
	if err := s.keepPrevious(ctx, all); err != nil {
		return Submitted{}, err
	}
	sub := submission{Schema: submissionVersion, Submitted: now(), Prove: prove, Targets: targets}
	if err := s.putObject(ctx, submissionObject, encode(sub)); err != nil {
		return Submitted{}, err
	}
	for _, stage := range []fleetreport.Stage{fleetreport.Sweep, fleetreport.Proof} {
		if _, err := s.consumer(ctx, stage); err != nil { // workers that are there already look at it no more
			return Submitted{}, err
		}
	}
	keys := map[string]bool{}
	for _, t := range targets {
		keys[t.key()] = true
	}
	for _, q := range all.queued {
		if !keys[q.key] {
			if err := s.unqueue(ctx, q.stage, q.key); err != nil {
				return Submitted{}, err
			}
		}
	}
	var n Submitted
	for _, t := range targets {
		stage, replaces, done := all.held[t.key()].next(prove, t, before)
		if done {
			n.Known++
			continue
		}
		n.Queued++
		if _, dead := all.dead[t.key()]; dead {
			if err := s.revive(ctx, t); err != nil {
				return n, err
			}
		}
		if err := s.enqueue(ctx, Item{Stage: stage, Prove: prove, Target: t, Replaces: replaces}); err != nil {
			return n, err
		}
	}
	return n, nil
}

// revive forgets that a target was given up, and how often it was begun.
func (s *Store) revive(ctx context.Context, t Target) error {
	for _, stage := range []fleetreport.Stage{fleetreport.Sweep, fleetreport.Proof} {
		if err := s.remove(ctx, s.attempts, resultKey(t.key(), stage)); err != nil {
			return err
		}
	}
	return s.remove(ctx, s.dead, t.key())
}

// A snapshot is all that is stored and queued.
type snapshot struct {
	submission submission
	held       map[string]held
	dead       map[string]deadItem
	queued     []queuedItem
}

type queuedItem struct {
	stage fleetreport.Stage
	key   string
}

func (s *Store) all(ctx context.Context) (snapshot, error) {
	a := snapshot{held: map[string]held{}, dead: map[string]deadItem{}}
	var err error
	if a.submission, err = s.submission(ctx); err != nil {
		return a, err
	}
	if a.queued, err = s.queued(ctx); err != nil {
		return a, err
	}
	if err := s.eachResult(ctx, a.add); err != nil {
		return a, err
	}
	if err := s.missReports(ctx, a); err != nil {
		return a, err
	}
	return a, each(ctx, s, s.dead, func(e jetstream.KeyValueEntry) error {
		d, err := decode[deadItem](e.Value(), deadVersion)
		var other versionError
		switch {
		case errors.As(err, &other):
			return fmt.Errorf("the dead letter %s: %w", e.Key(), err)
		case err != nil:
			d = deadItem{Schema: deadVersion, Reason: "it was given up, and the reason cannot be read: " + err.Error(), Time: e.Created()}
		}
		a.dead[e.Key()] = d
		return nil
	})
}

// missReports has a result not count whose report is lost, so that it is made again: a
// broker that loses its power can lose the one and keep the other.
func (s *Store) missReports(ctx context.Context, a snapshot) error {
	objects, err := persist(ctx, s.tell, func(ctx context.Context) ([]*jetstream.ObjectInfo, error) { return s.objects.List(ctx) })
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return err
	}
	stored := map[string]bool{}
	for _, o := range objects {
		stored[o.Name] = true
	}
	for _, h := range a.held {
		if r := h.proof; r != nil && r.unreadable == nil && r.Archive != "" && !stored[r.Archive] {
			r.unreadable = errors.New("its report is not stored any more")
		}
	}
	return nil
}

// add takes a result into the snapshot.
func (a *snapshot) add(name string, r *stored) {
	key, stage := splitResultKey(name)
	h := a.held[key]
	if stage == fleetreport.Proof {
		h.proof = r
	} else {
		h.sweep = r
	}
	a.held[key] = h
}

// splitResultKey is the reverse of resultKey.
func splitResultKey(name string) (key string, stage fleetreport.Stage) {
	at := max(strings.LastIndexByte(name, '.'), 0)
	return name[:at], fleetreport.Stage(strings.TrimPrefix(name[at:], "."))
}

// queued is what is in the queue, in the hands of workers included.
func (s *Store) queued(ctx context.Context) ([]queuedItem, error) {
	prefix := s.subject("", "")
	prefix = prefix[:len(prefix)-1] // up to the stage
	info, err := persist(ctx, s.tell, func(ctx context.Context) (*jetstream.StreamInfo, error) {
		return s.items.Info(ctx, jetstream.WithSubjectFilter(s.name+".items.v1.>"))
	})
	if err != nil {
		return nil, err
	}
	var items []queuedItem
	for _, subject := range slices.Sorted(maps.Keys(info.State.Subjects)) {
		if stage, key, ok := strings.Cut(strings.TrimPrefix(subject, prefix), "."); ok {
			items = append(items, queuedItem{fleetreport.Stage(stage), key})
		}
	}
	return items, nil
}

// outcomes are what is known of the submitted targets, in their order, and with each the
// archive of its report. What is not known yet is left out.
func (a snapshot) outcomes() (outcomes []fleetreport.Outcome, archives []string) {
	for _, t := range a.submission.Targets {
		o, archive, known := a.outcome(t)
		if known {
			outcomes, archives = append(outcomes, o), append(archives, archive)
		}
	}
	return outcomes, archives
}

func (a snapshot) outcome(t Target) (o fleetreport.Outcome, archive string, known bool) {
	if d, dead := a.dead[t.key()]; dead {
		fault := fleetreport.Fault{Stage: "fleet", Error: d.Reason, Advice: "Mend that, and run `crossexam fleet retry`."}
		about := fleetreport.About{Target: t.URL, Name: t.Name, Owner: t.Owner, Configuration: t.Configuration, Worker: d.Worker, Deliveries: d.Attempts}
		stage := d.Item.Stage
		if stage == "" {
			stage = fleetreport.Sweep
		}
		return fleetreport.FromFault(stage, d.Time, fault, about), "", true
	}
	f := a.held[t.key()].final(a.submission.Prove, t)
	if f == nil {
		return fleetreport.Outcome{}, "", false
	}
	o = f.Outcome
	// What was submitted is known here, whatever a worker says of it; name and owner are no
	// part of the configuration. The folder of its report is the target's, and no other's.
	o.Target, o.Configuration, o.Name, o.Owner, o.Report = t.URL, t.Configuration, t.Name, t.Owner, ""
	if f.Archive != "" {
		o.Report = t.reportPath()
	}
	return o, f.Archive, true
}

// keepPrevious keeps the outcomes of a submission that is over, as those that the next
// one is compared with.
func (s *Store) keepPrevious(ctx context.Context, a snapshot) error {
	outcomes, _ := a.outcomes()
	if len(outcomes) == 0 || len(outcomes) < len(a.submission.Targets) || len(a.queued) > 0 {
		return nil
	}
	var b bytes.Buffer
	if err := fleetreport.WriteLines(&b, outcomes); err != nil {
		return err
	}
	return s.putObject(ctx, previousObject, b.Bytes())
}

// Known is what is known of a fleet.
type Known struct {
	Outcomes []fleetreport.Outcome // of the submission's targets, in their order
	Previous []fleetreport.Outcome // of the submission before
	Targets  int                   // of the submission

	archives []string // by outcome; empty for none
}

// Known is what is known by now.
func (s *Store) Known(ctx context.Context) (Known, error) {
	a, err := s.all(ctx)
	if err != nil {
		return Known{}, err
	}
	if a.submission.Submitted.IsZero() {
		return Known{}, ErrNothingSubmitted
	}
	k := Known{Targets: len(a.submission.Targets)}
	k.Outcomes, k.archives = a.outcomes()
	previous, err := s.object(ctx, previousObject, objectLimit)
	if previous != nil && err == nil {
		k.Previous, err = fleetreport.ReadLines(bytes.NewReader(previous))
	}
	return k, err
}

// ErrNothingSubmitted says that a fleet has no targets yet.
var ErrNothingSubmitted = errors.New("nothing was submitted to this fleet: `crossexam fleet run fleet.yaml` does")

// Retry queues again what was given up or cancelled, and what could not be judged, of
// the targets with these names or URLs; of all where none is named. It gives how many. The
// error is ErrNoSuchTarget where one has no such name.
func (s *Store) Retry(ctx context.Context, names []string) (int, error) {
	a, err := s.all(ctx)
	if err == nil {
		err = a.knows(names)
	}
	if err != nil {
		return 0, err
	}
	n := 0
	for _, t := range a.submission.Targets {
		o, _, known := a.outcome(t)
		if !known || o.Fault == nil && o.ExitCode != report.ExitNoVerdict || !named(t, names) {
			continue
		}
		stage, replaces, done := a.held[t.key()].next(a.submission.Prove, t, time.Time{})
		if done { // what is stored is no result to wait with
			stage, replaces = o.Stage, 0
			if err := s.remove(ctx, s.results, resultKey(t.key(), stage)); err != nil {
				return n, err
			}
		}
		if err := s.revive(ctx, t); err != nil {
			return n, err
		}
		if err := s.enqueue(ctx, Item{Stage: stage, Prove: a.submission.Prove, Target: t, Replaces: replaces}); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Cancel takes from the queue what is not known yet of the targets with these names or
// URLs; of all where none is named. What a worker is at, it ends. It gives how many. The
// error is ErrNoSuchTarget where one has no such name.
func (s *Store) Cancel(ctx context.Context, names []string) (int, error) {
	a, err := s.all(ctx)
	if err == nil {
		err = a.knows(names)
	}
	if err != nil {
		return 0, err
	}
	queued := map[string]fleetreport.Stage{}
	for _, q := range a.queued {
		queued[q.key] = q.stage
	}
	n := 0
	for _, t := range a.submission.Targets {
		stage, is := queued[t.key()]
		if !is || !named(t, names) {
			continue
		}
		dead := deadItem{
			Schema: deadVersion, Item: Item{Schema: itemVersion, Stage: stage, Prove: a.submission.Prove, Target: t, Replaces: a.held[t.key()].of(stage).rev()},
			Reason: "it was cancelled", Cancelled: true, Time: now(),
		}
		if err := s.put(ctx, s.dead, t.key(), dead); err != nil {
			return n, err
		}
		if err := s.unqueue(ctx, stage, t.key()); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// ErrNoSuchTarget says that no target of a fleet has a name.
var ErrNoSuchTarget = errors.New("the fleet has no such target")

// knows has an error where a name is none of a submitted target's.
func (a snapshot) knows(names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(a.submission.Targets, func(t Target) bool { return named(t, []string{name}) }) {
			return fmt.Errorf("%w: %q is neither a name nor a URL of what was submitted last", ErrNoSuchTarget, name)
		}
	}
	return nil
}

func named(t Target, names []string) bool {
	return len(names) == 0 || slices.Contains(names, t.Name) || slices.Contains(names, t.URL)
}
