package fleet

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// A Worker takes items from the queue and does them.
//
// An item that fails, or whose worker is lost, is begun at most maxAttempts times; then
// it is a dead letter, with the reason.
type Worker struct {
	Name   string
	Sweeps int // targets that are swept at a time; 0 is 1
	Stages Stages
	// Tell is told what an operator should know; it may be nil.
	Tell func(sentence string)
	// Alive is called now and then while the worker does what it should; it may be nil.
	Alive func()

	started time.Time
	mu      sync.Mutex
	state   WorkerState
}

// Stages are what a worker does with a target. A stage ends soon after its context, and
// its error is about the worker: what is wrong with a target is an outcome.
type Stages struct {
	Sweep, prove func(context.Context, Job) (Done, error)
	// interval is the time between two requests that the target's limits ask for; nil
	// for none.
	interval func(Target) time.Duration
}

// A Job is a target, as a stage is given it.
type Job struct {
	Target   Target
	worker   string
	Attempts int // this one included
}

// Done is what a stage came to.
type Done struct {
	Outcome fleetreport.Outcome
	// archive is a ZIP file of the report's folder; nil for none.
	archive []byte
}

// maxAttempts is how often an item is begun.
const maxAttempts = 5

// lastWords is the time for what is told to the broker after the worker was stopped.
const lastWords = 2 * time.Second

// WorkerName is a name for a worker of this process that no other has.
func WorkerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "worker"
	}
	host, _, _ = strings.Cut(host, ".")
	return fmt.Sprintf("%.40s-%d-%s", host, os.Getpid(), strings.ToLower(rand.Text()[:6]))
}

// Run works until the context ends, and then gives back what is not done.
func (w *Worker) Run(ctx context.Context, s *Store) error {
	w.started = time.Now()
	w.state = WorkerState{Schema: workerVersion, Worker: w.Name, Started: w.started.UTC(), Doing: []string{}}
	consumers := map[fleetreport.Stage]jetstream.Consumer{}
	for _, stage := range []fleetreport.Stage{fleetreport.Sweep, fleetreport.Proof} {
		c, err := s.consumer(ctx, s.patience, stage)
		if isLost(err) { // the queue, a moment ago
			again := *s
			if _, err = again.open(ctx); err == nil {
				c, err = s.consumer(ctx, s.patience, stage)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the queue of the fleet: %w", err)
		}
		consumers[stage] = c
	}
	var all sync.WaitGroup
	all.Go(func() { w.tellState(ctx, s) })
	for range max(1, w.Sweeps) {
		all.Go(func() { w.work(ctx, s, consumers[fleetreport.Sweep]) })
	}
	all.Go(func() { w.work(ctx, s, consumers[fleetreport.Proof]) }) // one browser
	all.Wait()
	return nil
}

func (w *Worker) say(format string, args ...any) {
	if w.Tell != nil {
		w.Tell(fmt.Sprintf(format, args...))
	}
}

// work takes and does items of one stage, one after another.
func (w *Worker) work(ctx context.Context, s *Store, c jetstream.Consumer) {
	const longest = 5 * time.Second
	wait := 100 * time.Millisecond
	for ctx.Err() == nil {
		m, err := s.take(ctx, c)
		if err != nil {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			wait = min(2*wait, longest)
			continue
		}
		wait = 100 * time.Millisecond
		if w.Alive != nil {
			w.Alive()
		}
		if m != nil {
			w.handle(ctx, s, m)
		}
	}
}

// doing keeps what the worker is at.
func (w *Worker) doing(url string, begins bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if begins {
		w.state.Doing = append(w.state.Doing, url)
		return
	}
	if i := slices.Index(w.state.Doing, url); i >= 0 {
		w.state.Doing = slices.Delete(w.state.Doing, i, i+1)
	}
}

func (w *Worker) did(stage fleetreport.Stage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if stage == fleetreport.Proof {
		w.state.Proofs++
	} else {
		w.state.Sweeps++
	}
}

// tellState keeps what the worker tells of itself, until the context ends.
func (w *Worker) tellState(ctx context.Context, s *Store) {
	tick := time.NewTicker(s.lease / 3)
	defer tick.Stop()
	for {
		w.mu.Lock()
		state := w.state
		state.Doing = slices.Clone(state.Doing)
		w.mu.Unlock()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		state.MemoryBytes = memory.Sys
		if _, err := once(ctx, func(ctx context.Context) (uint64, error) { return s.workers.Put(ctx, w.Name, encode(state)) }); err == nil && w.Alive != nil {
			w.Alive()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
			defer cancel()
			_ = s.workers.Delete(ctx, w.Name)
			return
		}
	}
}
