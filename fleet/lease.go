package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// errTaken says that another worker talks to the host.
var errTaken = errors.New("another worker talks to this host")

// errLost says that a worker was not heard of for so long that another may talk to its
// host by now.
var errLost = errors.New("the lease of the host was lost")

// A hostLease is held by one goroutine of one worker.
type hostLease struct {
	store    *Store
	key      string
	value    lease
	revision uint64
	renewed  time.Time // by this machine's clock, before the call
}

// leaseKey writes a host as a key can be written.
func leaseKey(host string) string {
	var b strings.Builder
	for _, c := range []byte(host) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			b.WriteByte(c)
		case c >= 'A' && c <= 'Z':
			b.WriteByte(c - 'A' + 'a')
		default:
			fmt.Fprintf(&b, "=%02x", c)
		}
	}
	return b.String()
}

// acquire reserves a host. The error is errTaken while somebody else has it.
func (s *Store) acquire(ctx context.Context, host, worker, target string) (*hostLease, error) {
	l := &hostLease{store: s, key: leaseKey(host), value: lease{Schema: leaseVersion, Holder: rand.Text(), Worker: worker, Target: target}}
	var err error
	l.revision, err = persist(ctx, s.patience, func(ctx context.Context) (uint64, error) {
		l.renewed = time.Now()
		return s.leases.Create(ctx, l.key, encode(l.value))
	})
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return l, err
	}
	e, err := get(ctx, s, s.leases, l.key)
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		return nil, errTaken // a moment ago: it is tried again
	}
	// The answer to a call that was done may have been lost.
	if v, err := decode[lease](e.Value(), leaseVersion); err == nil && v.Holder == l.value.Holder {
		l.revision = e.Revision()
		return l, nil
	}
	return nil, errTaken
}

// renew keeps the host reserved. The error is errLost when it may no longer be.
func (l *hostLease) renew(ctx context.Context) error {
	at := time.Now()
	until := l.renewed.Add(l.store.lease * 3 / 4) // the rest is for what is under way at the host
	ctx, stop := context.WithDeadline(ctx, until)
	defer stop()
	revision, err := once(ctx, func(ctx context.Context) (uint64, error) {
		return l.store.leases.Update(ctx, l.key, encode(l.value), l.revision)
	})
	if err == nil {
		l.revision, l.renewed = revision, at
		return nil
	}
	if e, getErr := once(ctx, func(ctx context.Context) (jetstream.KeyValueEntry, error) { return l.store.leases.Get(ctx, l.key) }); getErr == nil {
		v, err := decode[lease](e.Value(), leaseVersion)
		if err != nil || v.Holder != l.value.Holder {
			return errLost
		}
		l.revision = e.Revision() // of a call whose answer was lost
	} else if errors.Is(getErr, jetstream.ErrKeyNotFound) {
		return errLost
	}
	if !time.Now().Before(until) {
		return errLost
	}
	return nil
}

// release lets others talk to the host. Where the broker does not answer, the lease
// ends by itself.
func (l *hostLease) release(ctx context.Context) {
	_, _ = once(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, l.store.leases.Delete(ctx, l.key, jetstream.LastRevision(l.revision))
	})
}
