package target

import (
	"fmt"
	"time"
)

// Limits are the tap's manners towards the target, and what protects the tap
// from a target without any. The zero Limits stand for [DefaultLimits]; in any
// other every field counts, so take the defaults and change what differs.
type Limits struct {
	// RequestsPerSecond is how many requests reach the target in a second, evenly
	// spaced, the browser's and Crossexam's own together. 0 is no limit.
	RequestsPerSecond float64
	// BodyBytes is how much of a response body is recorded and passed on; the
	// rest is not read.
	BodyBytes int64
	// HeaderBytes bounds the head of a response: status line, header lines, and
	// the heads of 1xx responses before it. A larger one is a fault.
	HeaderBytes int64
	// RequestBodyBytes is how much of a request body is recorded. A write with a
	// larger body is not passed on, even when it is allowed.
	RequestBodyBytes int64
	// Connect is the time for name resolution, connection, proxy and TLS.
	Connect time.Duration
	// Header is the time from there to the last header line of the response.
	Header time.Duration
	// Body is the time from there to the end of the body; what has come by then
	// is passed on.
	Body time.Duration
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
	}
	if u.IsLoopback() {
		l.RequestsPerSecond = 0
	}
	return l
}

func (l Limits) check() error {
	if !(l.RequestsPerSecond >= 0) { // NaN too
		return fmt.Errorf("the limit RequestsPerSecond is %v: it must be 0 (no limit) or more", l.RequestsPerSecond)
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
