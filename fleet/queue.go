package fleet

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// errQueued is the broker's answer to an item that is in the queue already.
var errQueued = errors.New("it is in the queue")

// enqueue puts an item into the queue, unless that stage of the target is in it.
func (s *Store) enqueue(ctx context.Context, i Item) error {
	i.Schema = itemVersion
	data := encode(i)
	_, err := persist(ctx, s.patience, func(ctx context.Context) (*jetstream.PubAck, error) {
		ack, err := s.js.Publish(ctx, s.subject(i.Stage, i.Target.key()), data)
		if err != nil && strings.Contains(err.Error(), "maximum messages per subject exceeded") {
			err = errQueued
		}
		return ack, err
	})
	if errors.Is(err, errQueued) {
		return nil
	}
	return err
}

// unqueue takes an item out of the queue. A worker that has it goes on.
func (s *Store) unqueue(ctx context.Context, stage fleetreport.Stage, key string) error {
	_, err := persist(ctx, s.patience, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.items.Purge(ctx, jetstream.WithPurgeSubject(s.subject(stage, key)))
	})
	return err
}

// consumer is what workers take the items of a stage from. The server sets no bound to
// how often it gives out an item: one whose host is taken is given back unbegun any
// number of times. What is bounded is how often it is begun, see [Worker].
func (s *Store) consumer(ctx context.Context, wait patience, stage fleetreport.Stage) (jetstream.Consumer, error) {
	return persist(ctx, wait, func(ctx context.Context) (jetstream.Consumer, error) {
		found, err := s.items.Consumer(ctx, string(stage))
		if err == nil {
			err = s.forgetAhead(ctx, found)
		}
		if !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return found, err
		}
		return s.items.CreateConsumer(ctx, jetstream.ConsumerConfig{
			Durable: string(stage), FilterSubject: s.subject(stage, "*.*"),
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: s.lease, MaxDeliver: -1, MaxAckPending: 10_000,
		})
	})
}

// forgetAhead deletes a consumer that has given out what the queue never had: the servers
// of a cluster that lost their power kept the one, and of the other not all. It would give
// out nothing until the queue has as much again. The error is ErrConsumerNotFound then.
func (s *Store) forgetAhead(ctx context.Context, c jetstream.Consumer) error {
	given := c.CachedInfo().Delivered.Stream // before the queue is looked at, which may grow
	queue, err := s.items.Info(ctx)
	if err != nil || given <= queue.State.LastSeq {
		return err
	}
	if err := s.items.DeleteConsumer(ctx, c.CachedInfo().Name); err != nil {
		return err
	}
	return jetstream.ErrConsumerNotFound
}

// LetGo forgets who has which item, where no worker is at work any more, so that another
// broker on the same folder gives out at once what was given back: of that it would
// know nothing, and wait for the end of a lease.
func (s *Store) LetGo(ctx context.Context) error {
	var errs []error
	for _, stage := range []fleetreport.Stage{fleetreport.Sweep, fleetreport.Proof} {
		if err := s.items.DeleteConsumer(ctx, string(stage)); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// take waits for an item of a stage. It is nil, without an error, where there was none
// for a while.
func (s *Store) take(ctx context.Context, c jetstream.Consumer) (jetstream.Msg, error) {
	const wait = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	batch, err := c.Fetch(1, jetstream.FetchContext(ctx))
	if err != nil {
		return nil, err
	}
	for m := range batch.Messages() {
		return m, nil
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, jetstream.ErrNoMessages) {
		return nil, err
	}
	return nil, nil
}
