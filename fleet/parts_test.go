package fleet

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// deaf has a stream exist that takes nothing of what is sent to it, as one of a cluster can be
// left whose servers have lost their power.
func deaf(t *testing.T, s *Store, stream string) {
	t.Helper()
	found, err := s.js.Stream(until(t), stream)
	if err != nil {
		t.Fatal(err)
	}
	config := found.CachedInfo().Config
	config.Subjects = []string{"elsewhere." + stream}
	if _, err := s.js.UpdateStream(until(t), config); err != nil {
		t.Fatal(err)
	}
}

// hasty has a store wait for its broker as a test can, and gives what it says.
func hasty(s *Store) (said func() string) {
	var mu sync.Mutex
	var all []string
	s.patience.long, s.look = 2*time.Second, 100*time.Millisecond
	s.say = func(sentence string) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, sentence)
	}
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(all, " ")
	}
}

// A run comes to its end whichever part of the fleet the broker takes nothing for any more, or has
// lost while the run waits: it goes on where that follows from what is left, and says else
// what does not answer, and what is known.
func TestPartsThatAreLost(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	for _, p := range s.parts() {
		for name, lose := range map[string]func(*testing.T, *Store){
			"lost": func(t *testing.T, s *Store) {
				if err := s.js.DeleteStream(until(t), p.stream); err != nil {
					t.Fatal(err)
				}
			},
			"deaf": func(t *testing.T, s *Store) { deaf(t, s, p.stream) },
		} {
			t.Run(p.what+" "+name, func(t *testing.T) {
				t.Parallel()
				s := fleetOn(t, broker(t, ""), time.Second)
				said := hasty(s)
				targets := []Target{numbered(0), numbered(1), numbered(2)}
				submit := func(n int) {
					t.Helper()
					if _, err := s.Submit(until(t), ProveSuspects, targets[:n], time.Time{}); err != nil {
						t.Fatal(err)
					}
				}
				submit(1)
				stop := working(t, s, &Worker{Stages: newTally().stages()})
				if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
					t.Fatal(err)
				}
				stop()
				submit(3)
				waits, lost := make(chan struct{}, 100), make(chan struct{})
				ended := make(chan error, 1)
				go func() {
					_, err := s.Await(until(t), time.Time{}, func(Progress) { waits <- struct{}{}; <-lost })
					ended <- err
				}()
				<-waits
				lose(t, s)
				close(lost)
				if name == "lost" || p.follows {
					working(t, s, &Worker{Stages: newTally().stages()})
				}
				var unfinished *UnfinishedError
				switch err := <-ended; {
				case name == "lost" || p.follows:
					if err != nil {
						t.Fatalf("%v, after %q", err, said())
					}
					k, err := s.Known(until(t))
					tells := p.what == theResults || p.what == theReports || name == "deaf" && p.what == "the queue"
					if err != nil || len(k.Outcomes) != 3 || tells && !strings.Contains(said(), p.what) {
						t.Errorf("%d are known, %v; it said %q", len(k.Outcomes), err, said())
					}
				case !errors.Is(err, ErrSilent) || !errors.As(err, &unfinished) || !strings.Contains(err.Error(), p.what):
					t.Errorf("it ended with %v", err)
				case len(unfinished.Known.Outcomes) != 1 || unfinished.Known.Targets != 3:
					t.Errorf("%d of %d are known", len(unfinished.Known.Outcomes), unfinished.Known.Targets)
				}
			})
		}
	}
}

// A queue that takes nothing is made anew at the beginning too, and workers that have seen
// the old one take from it.
func TestSubmitToADeafQueue(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	hasty(s)
	working(t, s, &Worker{Stages: newTally().stages()})
	submit := func(targets ...Target) {
		t.Helper()
		if n, err := s.Submit(until(t), ProveSuspects, targets, time.Time{}); err != nil || n.Queued != 1 {
			t.Fatal(n, err)
		}
		if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	submit(numbered(1)) // so that the worker has what it takes from the old one
	deaf(t, s, s.name+"-items")
	submit(numbered(1), numbered(2))
}

// What is stored of a file in part is no file, and keeps nobody waiting.
func TestDamagedFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits 10 seconds for what does not come")
	}
	t.Parallel() // it waits for what does not come
	s := fleetOn(t, broker(t, ""), 0)
	said := hasty(s)
	for _, name := range []string{submissionObject, previousObject} {
		if err := s.putObject(until(t), name, []byte(strings.Repeat("x", 200_000))); err != nil {
			t.Fatal(err)
		}
		info, err := s.objects.GetInfo(until(t), name)
		if err != nil {
			t.Fatal(err)
		}
		stream, err := s.js.Stream(until(t), "OBJ_"+s.name+"-reports")
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Purge(until(t), jetstream.WithPurgeSubject("$O."+s.name+"-reports.C."+info.NUID)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Submit(until(t), ProveSuspects, []Target{numbered(1)}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Known(until(t)); err != nil {
		t.Error(err)
	}
	if all := said(); !strings.Contains(all, "What was submitted to the fleet last is lost") || !strings.Contains(all, "compared with nothing") {
		t.Errorf("it said %q", said())
	}
}

// What the queue has given out to whom can be lost, as with a server's power: it is made anew.
func TestDamagedConsumers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := broker(t, dir)
	s := fleetOn(t, b, time.Second)
	targets := []Target{numbered(1), numbered(2)}
	if _, err := s.Submit(until(t), ProveSuspects, targets[:1], time.Time{}); err != nil {
		t.Fatal(err)
	}
	stop := working(t, s, &Worker{Stages: newTally().stages()})
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	stop()
	s.Close()
	b.Close()
	states, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "crossexam-items", "obs", "*", "o.dat"))
	if err != nil || len(states) != 2 {
		t.Fatal(states, err)
	}
	for _, state := range states {
		if err := os.WriteFile(state, []byte("what is no state of a consumer"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = fleetOn(t, broker(t, dir), 0)
	hasty(s)
	if n, err := s.Submit(until(t), ProveSuspects, targets, time.Time{}); err != nil || n != (Submitted{1, 1}) {
		t.Fatal(n, err)
	}
	working(t, s, &Worker{Stages: newTally().stages()})
	if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
}
