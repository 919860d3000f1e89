package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/crossexam/crossexam/report/fleetreport"
)

func aTarget(url string) Target {
	config, _ := json.Marshal(map[string]any{"target": url})
	return Target{URL: url, Configuration: digest(config)[:32], Config: config}
}

func numbered(i int) Target { return aTarget(fmt.Sprintf("https://t%d.example.com", i)) }

func granting(t Target) fleetreport.Outcome {
	o := fleetreport.FromFault(fleetreport.Sweep, now(), fleetreport.Fault{}, fleetreport.About{Target: t.URL, Configuration: t.Configuration})
	o.Fault, o.Grant, o.ExitCode = nil, fleetreport.Granted, 0
	return o
}

// soon is the time that a test waits for what has to come.
const soon = 20 * time.Second

func until(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	t.Cleanup(cancel)
	return ctx
}

// broker starts one in a folder, or a temporary one.
func broker(t testing.TB, dir string) *Broker {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	b, err := StartBroker(BrokerOptions{State: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// fleetOn opens the fleet of a broker.
func fleetOn(t testing.TB, b *Broker, lease time.Duration) *Store {
	t.Helper()
	s, err := b.Open(until(t), StoreOptions{Lease: lease, Tell: func(sentence string) { t.Log(sentence) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// A tally counts what the stages of workers are asked for, and says what they find.
type tally struct {
	mu     sync.Mutex
	swept  map[string]int
	proved map[string]int
	atHost map[string]int
	most   int // at one host at once
	// sweep is what the sweep of a target does besides; nil for nothing.
	sweep func(context.Context, Job) error
	grant func(Target) fleetreport.Grant
}

func newTally() *tally {
	return &tally{swept: map[string]int{}, proved: map[string]int{}, atHost: map[string]int{}, grant: func(Target) fleetreport.Grant { return fleetreport.Ungranted }}
}

func (c *tally) stages() Stages {
	enter := func(j Job, by map[string]int) func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		by[j.Target.URL]++
		c.atHost[j.Target.host()]++
		c.most = max(c.most, c.atHost[j.Target.host()])
		return func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.atHost[j.Target.host()]--
		}
	}
	return Stages{
		Sweep: func(ctx context.Context, j Job) (Done, error) {
			defer enter(j, c.swept)()
			if c.sweep != nil {
				if err := c.sweep(ctx, j); err != nil {
					return Done{}, err
				}
			}
			o := granting(j.Target)
			o.Grant, o.Worker, o.Deliveries = c.grant(j.Target), j.worker, j.Attempts
			return Done{Outcome: o}, nil
		},
		prove: func(ctx context.Context, j Job) (Done, error) {
			defer enter(j, c.proved)()
			o := granting(j.Target)
			o.Stage, o.Grant, o.ExitCode = fleetreport.Proof, "", 1
			return Done{Outcome: o, archive: []byte("PK of " + j.Target.URL)}, nil
		},
	}
}

// working runs a worker until it is stopped, which waits for its end.
func working(t testing.TB, s *Store, w *Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	if w.Name == "" {
		w.Name = WorkerName()
	}
	w.Tell = func(sentence string) { t.Log(sentence) }
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := w.Run(ctx, s); err != nil {
			t.Error(err)
		}
	}()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-ended }) }
	t.Cleanup(stop)
	return stop
}
