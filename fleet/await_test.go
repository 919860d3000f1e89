package fleet

import (
	"testing"
	"time"
)

// What was seen to be known is told, whatever the server that is asked next still has.
func TestAwaitTellsWhatItHasSeen(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	targets := []Target{numbered(1), numbered(2), numbered(3)}
	if _, err := s.Submit(until(t), ProveNone, targets, time.Time{}); err != nil {
		t.Fatal(err)
	}
	working(t, s, &Worker{Stages: newTally().stages()})
	known, err := s.Await(until(t), time.Time{}, func(p Progress) {
		if p.Known < p.Targets {
			return
		}
		for _, lost := range targets[1:] {
			if err := s.results.Purge(until(t), resultKey(lost.key(), "sweep")); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || len(known.Outcomes) != 3 || known.Targets != 3 {
		t.Errorf("%d of %d are known, %v", len(known.Outcomes), known.Targets, err)
	}
	if left, err := s.Known(until(t)); err != nil || len(left.Outcomes) != 1 {
		t.Errorf("afterwards %d are stored, %v", len(left.Outcomes), err)
	}
}
