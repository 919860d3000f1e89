package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// A snapshot is all that is stored and queued.
type snapshot struct {
	submission submission
	held       map[string]held
	dead       map[string]deadItem
	queued     []queuedItem
	missing    map[string]bool // keys of targets that are neither known nor queued, as Await found
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
	objects, err := persist(ctx, s.patience, func(ctx context.Context) ([]*jetstream.ObjectInfo, error) { return s.objects.List(ctx) })
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
	info, err := persist(ctx, s.patience, func(ctx context.Context) (*jetstream.StreamInfo, error) {
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
		if d.Cancelled {
			fault.Advice = "To have it examined all the same, run `crossexam fleet retry`."
		}
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

// Known is what is known of a fleet.
type Known struct {
	Outcomes []fleetreport.Outcome // of the submission's targets, in their order
	Previous []fleetreport.Outcome // of the submission before
	Targets  int                   // of the submission

	archives []string // by outcome; empty for none
}

func (a snapshot) known() Known {
	k := Known{Targets: len(a.submission.Targets)}
	k.Outcomes, k.archives = a.outcomes()
	return k
}

// Known is what is known by now.
func (s *Store) Known(ctx context.Context) (Known, error) {
	if err := s.check(ctx); err != nil {
		return Known{}, err
	}
	a, err := s.all(ctx)
	if err != nil {
		return Known{}, err
	}
	if a.submission.Submitted.IsZero() {
		return Known{}, ErrNothingSubmitted
	}
	k := a.known()
	k.Previous, err = s.previous(ctx)
	return k, err
}

// previous is what the submission before came to; nil where that cannot be read.
func (s *Store) previous(ctx context.Context) (outcomes []fleetreport.Outcome, err error) {
	data, err := s.object(ctx, previousObject, objectLimit)
	if data != nil && err == nil {
		outcomes, err = fleetreport.ReadLines(bytes.NewReader(data))
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrSilent) {
		s.say(fmt.Sprintf("What the last run found cannot be read (%v): this one is compared with nothing.", err))
		err = nil
	}
	return outcomes, err
}
