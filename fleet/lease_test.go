package fleet

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The broker keeps every call until the caller has had enough of it.
type silentBucket struct{ jetstream.KeyValue }

func (silentBucket) Update(ctx context.Context, _ string, _ []byte, _ uint64) (uint64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func (silentBucket) Get(ctx context.Context, _ string) (jetstream.KeyValueEntry, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

type silentMessage struct{ jetstream.Msg }

func (silentMessage) InProgress() error { return nil }

// Another worker may have the host as soon as the lease is over: whoever cannot renew it
// is gone by then, however long a call to a silent broker takes beside that.
func TestHostIsGivenUpWithinItsLease(t *testing.T) {
	for _, lease := range []time.Duration{2 * time.Second, 4 * time.Second, defaultLease, 2 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := &Store{leases: silentBucket{}, lease: lease}
			acquired := time.Now()
			d := &delivery{s: s, m: silentMessage{}, lease: &hostLease{store: s, key: "host", renewed: acquired}}
			var lost error
			d.keep(t.Context(), make(chan struct{}), func(err error) { lost = err })
			if after := time.Since(acquired); after >= lease || !errors.Is(lost, errLost) {
				t.Errorf("a lease of %s is given up after %s: %v", lease, after, lost)
			}
		})
	}
}
