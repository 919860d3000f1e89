package fleet

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Whoever watches the bucket is told of nothing, as the subscription has ended.
type unwatchedBucket struct{ jetstream.KeyValue }

func (b unwatchedBucket) WatchAll(ctx context.Context, opts ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	w, err := b.KeyValue.WatchAll(ctx, opts...)
	if err == nil && len(opts) == 0 { // which reads what there is otherwise
		w = endedWatch{w}
	}
	return w, err
}

type endedWatch struct{ jetstream.KeyWatcher }

func (endedWatch) Updates() <-chan jetstream.KeyValueEntry {
	ended := make(chan jetstream.KeyValueEntry)
	close(ended)
	return ended
}

// What a watch does not tell that has ended is looked up.
func TestAwaitWithoutWatches(t *testing.T) {
	s := fleetOn(t, broker(t, ""), 0)
	s.look = 100 * time.Millisecond
	targets := []Target{numbered(1), numbered(2)}
	if _, err := s.Submit(until(t), ProveNone, targets, time.Time{}); err != nil {
		t.Fatal(err)
	}
	working(t, s, &Worker{Stages: newTally().stages()})
	waiting := *s
	waiting.results, waiting.dead = unwatchedBucket{s.results}, unwatchedBucket{s.dead}
	if known, err := waiting.Await(until(t), time.Time{}, nil); err != nil || len(known.Outcomes) != 2 {
		t.Errorf("%d are known, %v", len(known.Outcomes), err)
	}
}

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
