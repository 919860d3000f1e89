package tap

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/crossexam/crossexam/cors"
)

// A place is what tells answers apart that come or do not come for the same reason:
// the endpoint and who asks.
type place struct {
	method, path          string
	cookie, authorization string
	certificate           bool
}

func placeOf(q cors.Request) place {
	p := place{method: q.Method, path: pathOf(q.URL), certificate: q.ClientCertificate}
	p.cookie, _ = q.Headers.Get("Cookie")
	p.authorization, _ = q.Headers.Get("Authorization")
	return p
}

// A timeoutError says that a time limit was used up, and which.
type timeoutError struct {
	text  string
	limit string // its key in a configuration; empty where the caller had less time
	now   time.Duration
}

func (e timeoutError) Error() string {
	if e.limit == "" {
		return e.text
	}
	return fmt.Sprintf("%s (if it needs longer, raise limits.%s, now %s)", e.text, e.limit, e.now)
}

// maxTimeouts is how many time-outs in a row, with nothing getting through, are
// enough.
const maxTimeouts = 3

// silence knows where the target does not answer in time, so that a run does not
// find that out a hundred times.
type silence struct {
	mu sync.Mutex
	at map[place]*timeouts
	// row are the paths where the last answers did not come in time, with none that
	// came anywhere since; last is the last of them.
	row  map[string]bool
	last timeoutError
	// unending counts the bodies in a row that did not end in time, at each place and
	// anywhere (at the empty one), wait how long that was.
	unending map[place]int
	wait     time.Duration
}

func newSilence() silence {
	return silence{at: map[place]*timeouts{}, row: map[string]bool{}, unending: map[place]int{}}
}

// maxPaths is how many paths in a row, with nothing getting through, are enough to take
// the target for one that answers nothing.
const maxPaths = 3

type timeouts struct {
	count int
	last  timeoutError
}

// kept gives the fault of a request that need not be made, or nil.
func (s *silence) kept(at place) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range []place{at, {}} { // the empty one is for connections, which are anybody's
		if t := s.at[p]; t != nil && t.count >= maxTimeouts {
			return t.last
		}
	}
	if len(s.row) >= maxPaths {
		return s.last
	}
	return nil
}

// heard takes notice of how a request ended.
func (s *silence) heard(at place, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var late timeoutError
	if !errors.As(err, &late) {
		delete(s.at, at)
		delete(s.at, place{})
		clear(s.row)
		return
	}
	if late.limit == "" { // the caller's own
		return
	}
	if late.limit == connectLimit {
		at = place{}
	}
	s.row[at.path], s.last = true, late
	t := s.at[at]
	if t == nil || t.last.limit != late.limit {
		t = &timeouts{}
		s.at[at] = t
	}
	t.count++
	t.last = late
}

// ofBodies is a place as it tells bodies apart: what a target gives to each session is no
// matter of its name.
func (p place) ofBodies() place {
	p.cookie, p.authorization = strconv.FormatBool(p.cookie != ""), strconv.FormatBool(p.authorization != "")
	return p
}

// patience is the time for the next body at a place. Where the last ones there, or
// anywhere, did not end in theirs, what comes in a second is enough to judge by, as of a
// stream, and in a quarter of that where some of these have not ended either.
func (s *silence) patience(at place, limit time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch n := max(s.unending[at.ofBodies()], s.unending[place{}]); {
	case n >= 3*maxTimeouts:
		return min(limit, streamTime/4)
	case n >= maxTimeouts:
		return min(limit, streamTime)
	}
	return limit
}

// read takes notice of how a body ended at a place that had so much time.
func (s *silence) read(at place, unending bool, limit time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range []place{at.ofBodies(), {}} {
		if unending {
			s.unending[p]++
			s.wait = max(s.wait, limit)
		} else {
			delete(s.unending, p)
		}
	}
}

// Silent gives an error where the target is not asked any more, because it did not answer
// in time on any of the last paths, and nil otherwise.
func (t *Tap) Silent() error {
	t.silence.mu.Lock()
	defer t.silence.mu.Unlock()
	if len(t.silence.row) < maxPaths {
		return nil
	}
	return fmt.Errorf("the target answered on none of %d paths in a row: %w", len(t.silence.row), t.silence.last)
}

// TimedOut says in sentences, without a full stop, where the last answers did not come
// in time, and which limit would have to be raised.
func (t *Tap) TimedOut() []string { return t.silence.sentences() }

func (s *silence) sentences() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for at, t := range s.at {
		where := at.method + " " + at.path
		if at == (place{}) {
			where = "anything"
		}
		more := ""
		if t.count >= maxTimeouts || len(s.row) >= maxPaths {
			more = ", after which it was not asked any more"
		}
		list = append(list, fmt.Sprintf("time-outs in a row at %s: %d%s: %s", where, t.count, more, t.last))
	}
	bodies := func(where string, count int) {
		list = append(list, fmt.Sprintf("bodies in a row %s that did not end within %s: %d; of those after the first %d Crossexam read what came within %s, or less (if they need longer, raise limits.%s, now %s)",
			where, s.wait, count, maxTimeouts, streamTime, bodyLimit, s.wait))
	}
	before := len(list)
	for at, count := range s.unending {
		if at != (place{}) && count >= maxTimeouts {
			bodies("at "+at.method+" "+at.path, count)
		}
	}
	if count := s.unending[place{}]; count >= maxTimeouts && len(list) == before {
		bodies("at several endpoints", count)
	}
	slices.Sort(list)
	return list
}

// Keys of time limits in a configuration.
const (
	connectLimit = "connect_timeout"
	headerLimit  = "header_timeout"
	bodyLimit    = "body_timeout"
)

// A brokenError says that a connection was closed or reset before the answer was
// whole.
type brokenError string

func (e brokenError) Error() string { return string(e) }

// repeats knows which requests a gateway or a broken connection answers even when
// they are made a second time, so that it does not take twice as many for ever.
type repeats struct {
	mu     sync.Mutex
	broken map[place]bool
}

// again takes notice of how a request ended that was made for the tries-th time, and
// reports whether to make it once more.
func (r *repeats) again(at place, tries int, broken bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !broken:
		delete(r.broken, at)
	case r.broken[at]:
	case tries > 1:
		r.broken[at] = true
	default:
		return true
	}
	return false
}
