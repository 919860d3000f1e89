package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

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
	if errors.Is(err, errDamaged) {
		s.say(fmt.Sprintf("What was submitted to the fleet last is lost (%v): submit it again.", err))
		return submission{}, nil
	}
	if data == nil || err != nil {
		return submission{}, err
	}
	sub, err := decode[submission](data, submissionVersion)
	var other versionError
	switch {
	case errors.As(err, &other):
		return sub, fmt.Errorf("what was submitted: %w", err)
	case err != nil:
		s.say(fmt.Sprintf("What was submitted to the fleet last cannot be read (%v): submit it again.", err))
		return submission{}, nil
	}
	return sub, nil
}

// Submitted says what a submission adds to the queue.
type Submitted struct {
	Queued int // targets of which something is to be done
	Known  int // targets that are known already
}

// Submit queues what is not known yet of the targets, and what was known before a time;
// the zero time renews nothing. The error is an *UnfinishedError where the fleet can be read
// and not be written to. What is queued of other targets is taken from the queue,
// and dead letters of these are tried again. To submit the same once more is harmless.
func (s *Store) Submit(ctx context.Context, prove Prove, targets []Target, before time.Time) (Submitted, error) {
	if err := s.check(ctx); err != nil {
		return Submitted{}, s.unfinished(ctx, err)
	}
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

// ErrNothingSubmitted says that a fleet has no targets yet.
var ErrNothingSubmitted = errors.New("nothing was submitted to this fleet: `crossexam fleet run fleet.yaml` does")
