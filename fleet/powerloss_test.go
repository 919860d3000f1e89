package fleet

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// What a machine that loses its power has not written to its disk yet is examined again, when
// the same targets are submitted again: the results, what was queued, or the reports, and
// whatever of them.
func TestWhatPowerTakesIsExaminedAgain(t *testing.T) {
	for _, c := range []struct {
		name    string
		streams []string // whose end is lost
		half    bool     // the rest of the work is still to be done when that happens
		renewed bool     // and the results were those of a submission that renewed all
	}{
		{"results", []string{"KV_crossexam-results"}, false, false},
		{"the queue", []string{"crossexam-items"}, true, false},
		{"results that were to be replaced", []string{"KV_crossexam-results"}, true, true},
		{"reports", []string{"OBJ_crossexam-reports"}, false, false},
		{"all", []string{"KV_crossexam-results", "crossexam-items", "OBJ_crossexam-reports", "KV_crossexam-attempts", "KV_crossexam-leases"}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			var targets []Target
			for i := range 12 {
				targets = append(targets, numbered(i))
			}
			tally := newTally()
			tally.grant = func(Target) fleetreport.Grant { return fleetreport.Granted }
			b := broker(t, dir)
			s := fleetOn(t, b, 600*time.Millisecond)
			submit := func(s *Store, since time.Time) {
				t.Helper()
				if _, err := s.Submit(until(t), ProveSuspects, targets, since); err != nil {
					t.Fatal(err)
				}
			}
			submit(s, time.Time{})
			if !c.half || c.renewed {
				stop := working(t, s, &Worker{Sweeps: 4, Stages: tally.stages()})
				if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
					t.Fatal(err)
				}
				stop()
			}
			if c.renewed {
				submit(s, time.Now())
			}
			s.Close()
			b.Close()
			for _, name := range c.streams {
				loseEnd(t, dir, name)
			}
			b = broker(t, dir)
			s = fleetOn(t, b, 600*time.Millisecond)
			submit(s, time.Time{})
			working(t, s, &Worker{Sweeps: 4, Stages: tally.stages()})
			if _, err := s.Await(until(t), time.Time{}, nil); err != nil {
				t.Fatal(err)
			}
			k, err := s.Known(until(t))
			if err != nil || len(k.Outcomes) != len(targets) {
				t.Fatalf("%d of %d are known, %v", len(k.Outcomes), len(targets), err)
			}
			for i, o := range k.Outcomes {
				if data, err := s.object(until(t), k.archives[i], 1000); err != nil || string(data) != "PK of "+o.Target || o.ExitCode != 1 {
					t.Errorf("%s: exit code %d, report %q, %v", o.Target, o.ExitCode, data, err)
				}
			}
		})
	}
}

// loseEnd takes the second half of what a stream has in its files, in the middle of a record,
// and the index that would know better.
func loseEnd(t *testing.T, dir, stream string) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", stream, "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("%s has no file: %v", stream, err)
	}
	for _, block := range blocks {
		info, err := os.Stat(block)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(block, info.Size()/2+1); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(filepath.Dir(block), "index.db")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}
