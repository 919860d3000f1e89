package fleet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// A part is a stream of the broker in which something of a fleet is kept.
type part struct {
	what   string // for an operator
	stream string
	// probe is a subject of it that nothing is stored under.
	probe string
	// follows says that what is in it follows from the results and the targets, or is
	// worth nothing after a while, so that it may be thrown away.
	follows bool
}

// What an operator misses most.
const theResults, theReports, theQueue = "the results", "the reports", "the queue"

func lostSentence(what string) string {
	return fmt.Sprintf("The broker has lost %s of the fleet: what is missing is examined again.", what)
}

func (s *Store) parts() []part {
	bucket := func(what, name string, follows bool) part {
		return part{what, "KV_" + s.name + "-" + name, "$KV." + s.name + "-" + name + ".probe", follows}
	}
	return []part{
		bucket(theResults, "results", false),
		{theReports, "OBJ_" + s.name + "-reports", "$O." + s.name + "-reports.M.probe", false},
		{theQueue, s.name + "-items", s.subject("probe", "none"), true},
		bucket("what was given up", "dead", true),
		bucket("the attempts", "attempts", true),
		bucket("the reservations of hosts", "leases", true),
		bucket("what workers tell", "workers", true),
	}
}

// check has each part of the fleet answer to a write. What the broker has lost is made
// anew, and so is a part that does not answer for long and follows from others: servers of
// a cluster that lost their power, each in another moment, can be left with one that
// takes nothing any more. What it had is examined, or queued, again. Of a part that does
// not answer and follows from nothing the error is ErrSilent.
func (s *Store) check(ctx context.Context) error {
	for _, p := range s.parts() {
		if err := s.checkPart(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p.what, err)
		}
	}
	return nil
}

func (s *Store) checkPart(ctx context.Context, p part) error {
	wait := s.patience
	if p.follows && wait.long > 0 {
		wait.long /= 4
	}
	err := s.takes(ctx, p, wait)
	switch {
	case isLost(err):
		s.say(lostSentence(p.what))
	case errors.Is(err, ErrSilent) && p.follows && !isFull(err):
		s.say(fmt.Sprintf("The broker takes nothing for %s of the fleet any more (%v): it is made anew.", p.what, err))
		// A server that is to remove it may answer to nobody about that.
		_, _ = once(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.js.DeleteStream(ctx, p.stream) })
	default:
		return err
	}
	return s.made(ctx, p)
}

// made makes a part anew, and waits until it takes something. A part that was removed may
// still be there when it is looked for, and gone when it is used.
func (s *Store) made(ctx context.Context, p part) error {
	again := *s // whose parts others use meanwhile: they are known by their names
	for began := time.Now(); ; {
		if _, err := again.open(ctx); err != nil {
			return err
		}
		err := s.takes(ctx, p, s.patience)
		if !isLost(err) || s.patience.long > 0 && time.Since(began) > s.patience.long {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// takes waits until a part would store something, and the queue would give it out. The
// error is ErrStreamNotFound where the broker has no such part.
func (s *Store) takes(ctx context.Context, p part, wait patience) error {
	if err := s.stores(ctx, p, wait); err != nil || p.what != theQueue {
		return err
	}
	for _, stage := range []fleetreport.Stage{fleetreport.Sweep, fleetreport.Proof} {
		if _, err := s.consumer(ctx, wait, stage); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) stores(ctx context.Context, p part, wait patience) error {
	_, err := persist(ctx, wait, func(ctx context.Context) (*jetstream.PubAck, error) {
		// A write that is refused by whoever could store it.
		_, err := s.js.Publish(ctx, p.probe, nil, jetstream.WithExpectLastSequence(math.MaxUint64), jetstream.WithRetryAttempts(0))
		if errors.Is(err, jetstream.ErrNoStreamResponse) {
			if _, gone := s.js.Stream(ctx, p.stream); isLost(gone) {
				err = gone
			}
		}
		return nil, err
	})
	var api jetstream.JetStreamError
	if errors.As(err, &api) && api.APIError() != nil && api.APIError().ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return nil
	}
	return err
}

// lookAfter is how long Await trusts that it is told of everything.
const lookAfter = 15 * time.Second
