package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/fleetreport"
)

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
