package fleet

import (
	"context"
	"errors"
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

// An UnfinishedError is why Submit or Await has ended before all was known.
type UnfinishedError struct {
	Known Known // what was seen
	err   error
}

// unfinished is an error with what can be read all the same.
func (s *Store) unfinished(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(ctx, lastLook)
	defer cancel()
	if a, readErr := s.all(ctx); readErr == nil {
		return &UnfinishedError{a.known(), err}
	}
	return err
}

// lastLook is how long is read from a broker that does not answer as it should.
const lastLook = 10 * time.Second

func (e *UnfinishedError) Error() string { return e.err.Error() }
func (e *UnfinishedError) Unwrap() error { return e.err }

// Await waits until nothing more is to be done of what was submitted last: until each
// target has a result that is no older than before, or was given up. tell is told of
// each that is known; it may be nil. What the broker has lost of it meanwhile is
// submitted again. Where nothing can be waited for any more, the error is an
// *UnfinishedError.
//
// What it returns is what it has seen, and not what the broker tells afterwards: after a
// loss of power the servers of a cluster may differ in what they have, and each reading is
// answered by any of them.
func (s *Store) Await(ctx context.Context, before time.Time, tell func(Progress)) (Known, error) {
	var seen snapshot
	for lost := 0; ; {
		// What the watchers do not tell, as their broker was restarted, is looked up.
		over, err := s.awaitFor(ctx, before, &seen, tell)
		if isLost(err) && lost < 3 { // between two looks: the next one makes it anew
			lost++
			continue
		}
		lost = 0
		if err != nil {
			return Known{}, &UnfinishedError{seen.known(), err}
		}
		if over {
			known := seen.known()
			err := s.keepSubmission(ctx, seen.submission)
			if err == nil {
				known.Previous, err = s.previous(ctx)
			}
			if err != nil {
				return Known{}, &UnfinishedError{known, err}
			}
			return known, nil
		}
	}
}

// lookUp is all that is stored and queued, after what the broker has lost of the submission
// was queued again: what was neither known nor queued when it was looked up the last
// time, and is not now. A server of a cluster may tell of what it had a moment ago.
func (s *Store) lookUp(ctx context.Context, before time.Time, last snapshot) (snapshot, error) {
	if err := s.check(ctx); err != nil {
		return snapshot{}, err
	}
	a, err := s.all(ctx)
	if err != nil {
		return a, err
	}
	if a.submission.Submitted.IsZero() && !last.submission.Submitted.IsZero() {
		if err := s.keepSubmission(ctx, last.submission); err != nil {
			return a, err
		}
		a.submission = last.submission
	}
	// What is queued was read before what is stored, so that whatever a worker finishes
	// meanwhile is seen in the one or in the other.
	queued := map[string]bool{}
	for _, q := range a.queued {
		queued[q.key] = true
	}
	a.missing = map[string]bool{}
	for _, t := range a.submission.Targets {
		stage, replaces, done := a.held[t.key()].next(a.submission.Prove, t, before)
		if _, dead := a.dead[t.key()]; dead || done || queued[t.key()] {
			continue
		}
		a.missing[t.key()] = true
		if !last.missing[t.key()] {
			continue
		}
		if err := s.enqueue(ctx, Item{Stage: stage, Prove: a.submission.Prove, Target: t, Replaces: replaces}); err != nil {
			return a, err
		}
	}
	return a, nil
}

// keepSubmission stores what was submitted again, if the broker has lost it.
func (s *Store) keepSubmission(ctx context.Context, sub submission) error {
	if sub.Submitted.IsZero() {
		return nil
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	_, err := persist(ctx, s.patience, func(ctx context.Context) (*jetstream.ObjectInfo, error) {
		return s.objects.GetInfo(ctx, submissionObject)
	})
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		err = s.putObject(ctx, submissionObject, encode(sub))
	}
	return err
}

// awaitFor watches until nothing was told for a while, and tells whether all is known. It
// keeps what it has seen.
func (s *Store) awaitFor(ctx context.Context, before time.Time, seen *snapshot, tell func(Progress)) (done bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, err := s.lookUp(ctx, before, *seen)
	if err != nil {
		return false, err
	}
	*seen = a // whose maps are shared
	c := newCount(a, before)
	over := func() bool {
		p := c.progress()
		if tell != nil {
			tell(p)
		}
		return p.Known == p.Targets
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
	silence := time.NewTimer(s.look)
	defer silence.Stop()
	told, dead := results.Updates(), letters.Updates()
	for {
		select {
		case e, open := <-told:
			if !open { // with its subscription, and it is looked up after a while
				told = nil
				continue
			}
			if err := c.result(e); err != nil {
				return false, err
			}
		case e, open := <-dead:
			if !open {
				dead = nil
				continue
			}
			c.letter(e)
		case <-silence.C:
			return false, nil
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
		silence.Reset(s.look)
		if over() {
			return true, nil
		}
	}
}

// A count is how far a submission is, by what a snapshot has and by what is told since.
type count struct {
	snapshot
	before      time.Time
	targets     map[string]Target
	known, gone map[string]bool // the targets that nothing more is to be done of, and the dead ones of these
}

func newCount(a snapshot, before time.Time) count {
	c := count{a, before, map[string]Target{}, map[string]bool{}, map[string]bool{}}
	for _, t := range a.submission.Targets {
		c.targets[t.key()] = t
		c.look(t.key())
	}
	return c
}

// look counts a target as it is now.
func (c count) look(key string) {
	t, ours := c.targets[key]
	if !ours {
		return
	}
	delete(c.known, key)
	delete(c.gone, key)
	_, _, done := c.held[key].next(c.submission.Prove, t, c.before)
	_, dead := c.dead[key]
	if dead {
		c.gone[key] = true
	}
	if dead || done {
		c.known[key] = true
	}
}

// result counts a result that the broker tells of; nil is no news.
func (c count) result(e jetstream.KeyValueEntry) error {
	if e == nil || e.Operation() != jetstream.KeyValuePut {
		return nil
	}
	r, err := storedIn(e)
	if err != nil {
		return err
	}
	key, stage := splitResultKey(e.Key())
	if r.revision <= c.held[key].of(stage).rev() { // which was counted
		return nil
	}
	if r.unreadable != nil {
		return fmt.Errorf("a worker has stored what is no result of %s (%w): the same command examines it again", key, r.unreadable)
	}
	c.add(e.Key(), r)
	c.look(key)
	return nil
}

// letter counts a dead letter that the broker tells of, or that one is no more; nil is no
// news.
func (c count) letter(e jetstream.KeyValueEntry) {
	if e == nil {
		return
	}
	delete(c.dead, e.Key())
	if d, err := decode[deadItem](e.Value(), deadVersion); err == nil && e.Operation() == jetstream.KeyValuePut {
		c.dead[e.Key()] = d
	}
	c.look(e.Key())
}

func (c count) progress() Progress {
	return Progress{Known: len(c.known), Dead: len(c.gone), Targets: len(c.targets)}
}

// watch follows a bucket, from all that is in it.
func watch(ctx context.Context, s *Store, b jetstream.KeyValue) (jetstream.KeyWatcher, error) {
	return persist(ctx, s.patience, func(context.Context) (jetstream.KeyWatcher, error) { return b.WatchAll(ctx) })
}
