package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// callTime bounds one call of the broker.
const callTime = 5 * time.Second

// isFull reports whether the broker has no room to store anything.
func isFull(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "no space left") || strings.Contains(text, "insufficient resources") || strings.Contains(text, "resource limits exceeded") ||
		strings.Contains(text, "insufficient storage")
}

// isFinal reports whether an error is the broker's answer, so that to ask again is of no use.
func isFinal(err error) bool {
	for _, answer := range []error{
		jetstream.ErrKeyExists, jetstream.ErrKeyNotFound, jetstream.ErrKeyRevisionMismatch, jetstream.ErrObjectNotFound, jetstream.ErrNoObjectsFound, jetstream.ErrInvalidKey,
		errQueued,
	} {
		if errors.Is(err, answer) {
			return true
		}
	}
	var api jetstream.JetStreamError
	if errors.As(err, &api) && api.APIError() != nil {
		return api.APIError().Code < 500 || api.APIError().ErrorCode == noCluster
	}
	var watched nats.JetStreamError // what watches buckets and reads objects is older
	return errors.As(err, &watched) && watched.APIError() != nil && watched.APIError().Code < 500
}

// isLost reports whether the broker does not have the stream that was asked for.
func isLost(err error) bool {
	return errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, nats.ErrStreamNotFound)
}

// ErrSilent says that a broker has not answered as it should for as long as it was waited
// for.
var ErrSilent = errors.New("the broker has not answered as it should")

// patience is how long a broker is called again that does not answer as it should.
type patience struct {
	long time.Duration // 0 is without end
	tell func(error)   // is told of a failure that lasts; may be nil
}

// atMost is the patience for what is not worth more than a time.
func (p patience) atMost(long time.Duration) patience {
	if p.long == 0 || p.long > long {
		p.long = long
	}
	return p
}

// persist calls until the broker has answered: servers of a cluster are elected and
// restarted, and a disk is full for a while. The error is the broker's answer, that of the
// context, or ErrSilent at the end of the patience.
func persist[T any](ctx context.Context, p patience, call func(context.Context) (T, error)) (T, error) {
	const longest = 2 * time.Second
	wait, begun := 50*time.Millisecond, time.Now()
	for n := 0; ; n++ {
		v, err := once(ctx, call)
		if err == nil || isFinal(err) {
			return v, err
		}
		if ctx.Err() != nil {
			return v, context.Cause(ctx)
		}
		if p.long > 0 && time.Since(begun) >= p.long {
			return v, fmt.Errorf("%w for %s (%w)", ErrSilent, p.long, err)
		}
		if n == 3 && p.tell != nil {
			p.tell(err)
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return v, fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		}
		wait = min(2*wait, longest)
	}
}

func once[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return call(ctx)
}
