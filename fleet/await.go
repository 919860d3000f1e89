package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Progress says how far a submission is.
type Progress struct {
	Known   int // targets that nothing more is to be done of, dead ones included
	Dead    int
	Targets int
}

// Await waits until nothing more is to be done of what was submitted last: until each
// target has a result that is no older than before, or was given up. tell is told of
// each that is known; it may be nil.
func (s *Store) Await(ctx context.Context, before time.Time, tell func(Progress)) error {
	// What the watchers do not tell, as their broker was restarted, is looked up.
	const patience = 15 * time.Second
	for {
		over, err := s.awaitFor(ctx, before, patience, tell)
		if over || err != nil {
			return err
		}
	}
}

// awaitFor watches until nothing was told for a while, and tells whether all is known.
func (s *Store) awaitFor(ctx context.Context, before time.Time, patience time.Duration, tell func(Progress)) (done bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, err := s.all(ctx)
	if err != nil {
		return false, err
	}
	targets := map[string]Target{}
	for _, t := range a.submission.Targets {
		targets[t.key()] = t
	}
	p := Progress{Targets: len(targets)}
	known, dead := map[string]bool{}, map[string]bool{}
	// look counts a target as it is now.
	look := func(key string) {
		t, ours := targets[key]
		if !ours {
			return
		}
		_, _, done := a.held[key].next(a.submission.Prove, t, before)
		_, isDead := a.dead[key]
		count(&p.Dead, dead, key, isDead)
		count(&p.Known, known, key, isDead || done)
	}
	over := func() bool {
		if tell != nil {
			tell(p)
		}
		return p.Known == p.Targets
	}
	for key := range targets {
		look(key)
	}
	if over() {
		return true, nil
	}
	results, err := watch(ctx, s, s.results)
	if err != nil {
		return false, err
	}
	defer results.Stop()
	letters, err := watch(ctx, s, s.dead)
	if err != nil {
		return false, err
	}
	defer letters.Stop()
	silence := time.NewTimer(patience)
	defer silence.Stop()
	for {
		select {
		case e := <-results.Updates():
			if e == nil || e.Operation() != jetstream.KeyValuePut {
				continue
			}
			r, err := storedIn(e)
			if err != nil {
				return false, err
			}
			key, stage := splitResultKey(e.Key())
			if r.revision <= a.held[key].of(stage).rev() { // which was counted
				continue
			}
			if r.unreadable != nil {
				return false, fmt.Errorf("a worker has stored what is no result of %s (%w): the same command examines it again", key, r.unreadable)
			}
			a.add(e.Key(), r)
			look(key)
		case e := <-letters.Updates():
			if e == nil {
				continue
			}
			delete(a.dead, e.Key())
			if d, err := decode[deadItem](e.Value(), deadVersion); err == nil && e.Operation() == jetstream.KeyValuePut {
				a.dead[e.Key()] = d
			}
			look(e.Key())
		case <-silence.C:
			return false, nil
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
		silence.Reset(patience)
		if over() {
			return true, nil
		}
	}
}

// watch follows a bucket, from all that is in it.
func watch(ctx context.Context, s *Store, b jetstream.KeyValue) (jetstream.KeyWatcher, error) {
	return persist(ctx, s.tell, func(context.Context) (jetstream.KeyWatcher, error) { return b.WatchAll(ctx) })
}

// count keeps how many keys have a property.
func count(n *int, have map[string]bool, key string, has bool) {
	if have[key] != has {
		have[key] = has
		if has {
			*n++
		} else {
			*n--
		}
	}
}
