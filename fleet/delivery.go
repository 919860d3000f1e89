package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// A delivery is an item in the hands of a worker.
type delivery struct {
	w       *Worker
	s       *Store
	m       jetstream.Msg
	item    Item
	lease   *hostLease
	attempt Attempt
}

// handle does an item, or gives it back.
func (w *Worker) handle(ctx context.Context, s *Store, m jetstream.Msg) {
	d := &delivery{w: w, s: s, m: m}
	err := d.read(ctx)
	if err == nil && d.item.Schema != "" {
		err = d.do(ctx)
	}
	if err != nil && ctx.Err() == nil {
		w.say("%s: %v", d.item.Target.URL, err)
		_ = m.NakWithDelay(s.lease / 10)
	}
}

// read is the item of a message. One that nobody can read is a dead letter.
func (d *delivery) read(ctx context.Context) error {
	item, err := decode[Item](d.m.Data(), itemVersion)
	if err == nil && d.s.subject(item.Stage, item.Target.key()) != d.m.Subject() {
		err = errors.New("it was sent to the subject of another")
	}
	if err == nil {
		d.item = item
		return nil
	}
	var other versionError
	if meta, metaErr := d.m.Metadata(); errors.As(err, &other) && metaErr == nil && meta.NumDelivered < 20 {
		return err // a worker of that version may take it
	}
	subject := strings.Split(d.m.Subject(), ".")
	key := strings.Join(subject[max(0, len(subject)-2):], ".")
	dead := deadItem{Schema: deadVersion, Reason: "the item cannot be read: " + err.Error(), Worker: d.w.Name, Time: now()}
	if err := d.s.put(ctx, d.s.dead, key, dead); err != nil {
		return err
	}
	return d.m.TermWithReason("cannot be read")
}

// now is the time in what is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// do does the item, unless it is done already, and acknowledges it. The error is that
// nothing can be said of it now.
func (d *delivery) do(ctx context.Context) error {
	have, err := d.s.held(ctx, d.item.Target)
	if err != nil {
		return err
	}
	switch rev := have.of(d.item.Stage).rev(); {
	case rev > d.item.Replaces: // done before it was delivered again
		return d.finish(ctx)
	case rev < d.item.Replaces: // what it was to replace is lost, with the power of the broker
		d.item.Replaces = rev
	}
	meta, err := d.m.Metadata()
	if err != nil {
		return err
	}
	d.lease, err = d.s.acquire(ctx, d.item.Target.host(), d.w.Name, d.item.Target.URL)
	if errors.Is(err, errTaken) {
		// Sooner at first, so that a host does not idle.
		wait := d.s.lease / 60 << min(meta.NumDelivered, 4)
		return d.m.NakWithDelay(wait)
	}
	if err != nil {
		return err
	}
	begun, err := d.begin(ctx, meta.NumDelivered)
	if err != nil || !begun {
		d.lease.release(context.WithoutCancel(ctx))
		return err
	}
	d.w.doing(d.item.Target.URL, true)
	defer d.w.doing(d.item.Target.URL, false)

	kept, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	stopped := make(chan struct{})
	var keeping sync.WaitGroup
	keeping.Go(func() { d.keep(ctx, stopped, lose) })
	done, err := d.stage(kept)
	close(stopped)
	keeping.Wait()
	switch {
	case ctx.Err() != nil:
		return d.giveBack(ctx)
	case context.Cause(kept) != nil:
		return context.Cause(kept) // whoever has the host now does not have the item yet
	case err != nil:
		d.lease.release(ctx)
		return d.failed(ctx, err)
	}
	d.lease.release(ctx)
	// What is found is stored, though the worker be stopped now.
	ctx, cancel := lingering(ctx, lastWords)
	defer cancel()
	return d.store(ctx, done)
}

// lingering gives a context that ends a while after another.
func lingering(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(while, func() { cancel(context.Cause(ctx)) })
	})
	return longer, func() { stop(); cancel(nil) }
}

// begin counts the attempts of an item that was delivered before, and gives it up after
// the last one.
func (d *delivery) begin(ctx context.Context, deliveries uint64) (bool, error) {
	key := resultKey(d.item.Target.key(), d.item.Stage)
	if deliveries > 1 {
		e, err := get(ctx, d.s, d.s.attempts, key)
		if err != nil {
			return false, err
		}
		if e != nil {
			if d.attempt, err = decode[Attempt](e.Value(), attemptVersion); err != nil {
				d.attempt = Attempt{}
			}
		}
	}
	if d.attempt.Count >= maxAttempts {
		reason := d.attempt.Error
		if reason == "" {
			reason = "its worker was lost"
		}
		return false, d.bury(ctx, reason)
	}
	d.attempt = Attempt{Schema: attemptVersion, Count: d.attempt.Count + 1, Worker: d.w.Name, Began: now()}
	if deliveries == 1 {
		return true, nil // the first is counted when it fails
	}
	return true, d.s.put(ctx, d.s.attempts, key, d.attempt)
}

// bury makes the item a dead letter.
func (d *delivery) bury(ctx context.Context, reason string) error {
	dead := deadItem{Schema: deadVersion, Item: d.item, Reason: reason, Attempts: d.attempt.Count, Worker: d.attempt.Worker, Time: now()}
	if err := d.s.put(ctx, d.s.dead, d.item.Target.key(), dead); err != nil {
		return err
	}
	d.w.say("%s is given up after %d attempts: %s", d.item.Target.URL, d.attempt.Count, reason)
	return d.m.TermWithReason("given up: see the dead letters")
}

// stage does the item's stage. The host was asked by another worker a moment ago, maybe:
// the first request keeps the distance that the limits ask for.
func (d *delivery) stage(ctx context.Context) (Done, error) {
	if interval := d.w.Stages.interval; interval != nil {
		select {
		case <-time.After(interval(d.item.Target)):
		case <-ctx.Done():
			return Done{}, context.Cause(ctx)
		}
	}
	run := d.w.Stages.Sweep
	if d.item.Stage == fleetreport.Proof {
		run = d.w.Stages.prove
	}
	return run(ctx, Job{Target: d.item.Target, worker: d.w.Name, Attempts: d.attempt.Count})
}

// keep tells the broker that the item and its host are in good hands, until stopped.
func (d *delivery) keep(ctx context.Context, stopped <-chan struct{}, lose context.CancelCauseFunc) {
	tick := time.NewTicker(d.s.lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-stopped:
			return
		}
		_ = d.m.InProgress()
		if err := d.lease.renew(context.WithoutCancel(ctx)); err != nil {
			lose(err)
			return
		}
	}
}

// giveBack has another worker take the item at once, and does not count the attempt.
func (d *delivery) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	d.lease.release(ctx)
	if d.attempt.Count > 1 {
		d.attempt.Count--
		_ = d.s.put(ctx, d.s.attempts, resultKey(d.item.Target.key(), d.item.Stage), d.attempt)
	}
	return d.m.Nak()
}

// failed counts an attempt that an error ended, and has the item begun again later.
func (d *delivery) failed(ctx context.Context, err error) error {
	d.attempt.Error = fmt.Sprintf("%.1000s", err.Error())
	if err := d.s.put(ctx, d.s.attempts, resultKey(d.item.Target.key(), d.item.Stage), d.attempt); err != nil {
		return err
	}
	if d.attempt.Count >= maxAttempts {
		return d.bury(ctx, d.attempt.Error)
	}
	d.w.say("%s: attempt %d of %d failed: %v", d.item.Target.URL, d.attempt.Count, maxAttempts, err)
	return d.m.NakWithDelay(d.s.lease / 60 << d.attempt.Count)
}

// store stores what the stage came to, and finishes the item.
func (d *delivery) store(ctx context.Context, done Done) error {
	// What is being stored is worth more than the item's deadline.
	stopped := make(chan struct{})
	var keeping sync.WaitGroup
	keeping.Go(func() { d.inProgress(stopped) })
	defer keeping.Wait()
	defer close(stopped)

	r := Result{Schema: resultVersion, Outcome: done.Outcome}
	if done.archive != nil {
		r.Archive = d.item.Target.key() + "." + rand.Text() + ".zip"
		if err := d.s.putObject(ctx, r.Archive, done.archive); err != nil {
			return err
		}
	}
	switch err := d.s.putResult(ctx, d.item, r); {
	case errors.Is(err, errStored):
		d.s.removeObject(ctx, r.Archive)
	case err != nil:
		return err
	}
	d.w.did(d.item.Stage)
	return d.finish(ctx)
}

func (d *delivery) inProgress(stopped <-chan struct{}) {
	tick := time.NewTicker(d.s.lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = d.m.InProgress()
		case <-stopped:
			return
		}
	}
}

// finish queues what follows from what is stored, and takes the item from the queue. One
// whose acknowledgement is lost is delivered again, and finished again.
func (d *delivery) finish(ctx context.Context) error {
	if err := d.follow(ctx); err != nil {
		return err
	}
	_, err := once(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, d.m.DoubleAck(ctx) })
	switch {
	case err != nil && ctx.Err() == nil:
		d.w.say("%s: its end could not be acknowledged, and it is delivered once more: %v", d.item.Target.URL, err)
	case err == nil && d.item.Stage == fleetreport.Proof:
		// A sweep that was stored since then asks for another proof, and found this one in the queue.
		return d.follow(ctx)
	}
	return nil
}

// follow queues what is to be done of the target by what is stored, unless it is queued.
func (d *delivery) follow(ctx context.Context) error {
	have, err := d.s.held(ctx, d.item.Target)
	if err != nil {
		return err
	}
	stage, replaces, done := have.next(d.item.Prove, d.item.Target, time.Time{})
	if done {
		return nil
	}
	return d.s.enqueue(ctx, Item{Stage: stage, Prove: d.item.Prove, Target: d.item.Target, Replaces: replaces})
}
