package fleet

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

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
	return errors.As(err, &api) && api.APIError() != nil && (api.APIError().Code < 500 || api.APIError().ErrorCode == noCluster)
}

// persist calls until the broker has answered: servers of a cluster are elected and
// restarted, and a disk is full for a while. tell is told of the first failure; it may be
// nil. The error is the broker's answer, or that of the context.
func persist[T any](ctx context.Context, tell func(error), call func(context.Context) (T, error)) (T, error) {
	const longest = 2 * time.Second
	wait := 50 * time.Millisecond
	for n := 0; ; n++ {
		v, err := once(ctx, call)
		if err == nil || isFinal(err) {
			return v, err
		}
		if ctx.Err() != nil {
			return v, context.Cause(ctx)
		}
		if n == 3 && tell != nil {
			tell(err)
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return v, errors.Join(context.Cause(ctx), err)
		}
		wait = min(2*wait, longest)
	}
}

func once[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return call(ctx)
}
