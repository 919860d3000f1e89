package corstest

import (
	"context"
	"testing"

	"github.com/crossexam/crossexam/attacker"
)

// Before is the context of a program whose tests end then.
var Before, ErrTimeout = before, errTimeout

// EndedBy lets the time of all tests be over with an event.
func EndedBy(event <-chan struct{}) Option {
	return func(o *options) {
		o.bounded = func(t *testing.T) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := make(chan struct{})
			go func() {
				select {
				case <-event:
					cancel(errTimeout)
				case <-stop:
				}
			}()
			return ctx, func() { close(stop); cancel(nil) }
		}
	}
}

// WithoutBrowser makes the machine one that has no browser.
func WithoutBrowser() Option {
	return func(o *options) {
		o.findBrowser = func(string) (string, error) { return "", attacker.ErrNoBrowser }
	}
}
