package tap

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// Limits are the tap's manners towards the target, and what protects the tap
// from a target without any. The zero Limits stand for [DefaultLimits]; in any
// other every field counts, so take the defaults and change what differs.
type Limits struct {
	// RequestsPerSecond is how many requests reach the target in a second, evenly
	// spaced, the browser's and Crossexam's own together. 0 is no limit.
	RequestsPerSecond float64 `yaml:"requests_per_second"`
	// Concurrency is how many requests are under way at the target at once. 0 is
	// no limit: the browser itself makes no more than six.
	Concurrency int `yaml:"concurrency"`
	// BodyBytes is how much of a response body is recorded and passed on; the
	// rest is not read.
	BodyBytes int64 `yaml:"body_bytes"`
	// HeaderBytes bounds the head of a response: status line, header lines, and
	// the heads of 1xx responses before it. A larger one is a fault.
	HeaderBytes int64 `yaml:"header_bytes"`
	// RequestBodyBytes is how much of a request body is recorded. A write with a
	// larger body is not passed on, even when it is allowed.
	RequestBodyBytes int64 `yaml:"request_body_bytes"`
	// Connect is the time for name resolution, connection, proxy and TLS.
	Connect time.Duration `yaml:"connect_timeout"`
	// Header is the time from there to the last header line of the response.
	Header time.Duration `yaml:"header_timeout"`
	// Body is the time from there to the end of the body; what has come by then
	// is passed on.
	Body time.Duration `yaml:"body_timeout"`
	// Patience is for how long a run may be kept back, all in all, because the target
	// answers that its requests are too many. 0 takes every answer as it is.
	Patience time.Duration `yaml:"patience"`
	// Run is the time for a whole run, which who makes the run keeps to by [Limits.InTime],
	// and not the tap. 0 is no limit.
	Run time.Duration `yaml:"timeout"`
}

// DefaultLimits are the limits for a target that nobody said anything about. One
// on loopback has no request rate: it is the operator's own.
func DefaultLimits(u Upstream) Limits {
	l := Limits{
		RequestsPerSecond: 20,
		BodyBytes:         256 << 10,
		HeaderBytes:       256 << 10,
		RequestBodyBytes:  256 << 10,
		Connect:           5 * time.Second,
		Header:            10 * time.Second,
		Body:              10 * time.Second,
		Patience:          8 * time.Minute,
		Run:               time.Hour,
	}
	if u.isLoopback() {
		l.RequestsPerSecond = 0
	}
	return l
}

// Over gives the limits where they are not zero, and the others' where they are.
func (l Limits) Over(defaults Limits) Limits {
	return Limits{
		RequestsPerSecond: cmp.Or(l.RequestsPerSecond, defaults.RequestsPerSecond),
		Concurrency:       cmp.Or(l.Concurrency, defaults.Concurrency),
		BodyBytes:         cmp.Or(l.BodyBytes, defaults.BodyBytes),
		HeaderBytes:       cmp.Or(l.HeaderBytes, defaults.HeaderBytes),
		RequestBodyBytes:  cmp.Or(l.RequestBodyBytes, defaults.RequestBodyBytes),
		Connect:           cmp.Or(l.Connect, defaults.Connect),
		Header:            cmp.Or(l.Header, defaults.Header),
		Body:              cmp.Or(l.Body, defaults.Body),
		Patience:          cmp.Or(l.Patience, defaults.Patience),
		Run:               cmp.Or(l.Run, defaults.Run),
	}
}

// A LateError says that a run took longer than [Limits.Run], which it is.
type LateError time.Duration

func (e LateError) Error() string {
	return fmt.Sprintf("the run was not done within %s, the limit for the whole of it, and ended there", time.Duration(e))
}

// InTime returns a context that ends with the time of a run that began then; its cause is
// a [LateError].
func (l Limits) InTime(ctx context.Context, began time.Time) (context.Context, context.CancelFunc) {
	if l.Run == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithDeadlineCause(ctx, began.Add(l.Run), LateError(l.Run))
}

// Over reports whether a context has ended. One whose deadline has passed is about
// to: a connection may have noticed first.
func Over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	if ok && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}

// Parallel is how many requests a page should have under way at once, or 0 for as
// many as a browser has. It keeps pages from waiting for their turn so long that
// they give up.
func (l Limits) Parallel() int {
	if l.RequestsPerSecond > 0 && l.RequestsPerSecond < 1 {
		return 1
	}
	return l.Concurrency
}

// AtOnce is how many requests Crossexam itself has under way at once: as many as a page
// should, and as a browser has to a host by HTTP/1.1 where nothing bounds that.
func (l Limits) AtOnce() int { return cmp.Or(l.Parallel(), 6) }

// Check says which field is out of its range.
func (l Limits) Check() error {
	if !(l.RequestsPerSecond >= 0) { // NaN too
		return fmt.Errorf("the limit RequestsPerSecond is %v: it must be 0 (no limit) or more", l.RequestsPerSecond)
	}
	if l.Concurrency < 0 {
		return fmt.Errorf("the limit Concurrency is %d: it must be 0 (no limit) or more", l.Concurrency)
	}
	if l.Patience < 0 {
		return fmt.Errorf("the limit Patience is %s: it must be 0 (none) or more", l.Patience)
	}
	if l.Run < 0 {
		return fmt.Errorf("the limit Run is %s: it must be 0 (no limit) or more", l.Run)
	}
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"BodyBytes", l.BodyBytes > 0},
		{"HeaderBytes", l.HeaderBytes > 0},
		{"RequestBodyBytes", l.RequestBodyBytes > 0},
		{"Connect", l.Connect > 0},
		{"Header", l.Header > 0},
		{"Body", l.Body > 0},
	} {
		if !f.ok {
			return fmt.Errorf("the limit %s must be more than 0", f.name)
		}
	}
	return nil
}
