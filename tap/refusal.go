package tap

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/crossexam/crossexam/cors"
)

// A refusal is an answer that says that the target does not answer now.
type refusal struct {
	at      place
	number  int       // of the request in the run
	sent    time.Time // when it left
	tries   int       // how often it was made, with this time
	headers cors.Headers
	status  int
	final   bool // it is not made again, whatever is waited for
	alone   bool // these credentials are refused, which were never answered, and a stranger is not
}

// refused takes notice of a refusal, and reports whether the request is to be made
// again: when the next call of admit lets it.
func (m *manners) refused(ctx context.Context, r refusal) (again bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.limiting.Count++; m.limiting.First == 0 || r.number < m.limiting.First {
		m.limiting.First, m.limiting.Status = r.number, r.status
	}
	defer func() {
		if !again || r.final {
			m.limiting.Unanswered++
		}
	}()
	// What left before the pause began is no news of the time after it.
	another := !r.sent.Before(m.begun)
	if another {
		m.refusing[r.at]++
	} else {
		m.refusing[r.at] += 0 // but it says that the place before it is not refused alone
	}
	if len(m.refusing) > 1 {
		m.limiting.Only = ""
	}
	asked, given := retryAfter(r.headers, now)
	if m.isStubborn(r, given) || m.isDown(r, given) {
		return false
	}
	until := now.Add(m.pause(r, asked, given, another))
	if until.Before(m.until) {
		until = m.until
	}
	// What is waited for already is paid for: the clock of what was kept back runs.
	if until.Sub(now) > m.left(now) {
		return false
	}
	if another {
		m.rounds++
		m.begun = now
		// What one request alone gets time and again need not be about the rate.
		if m.refusing[r.at] == 1 || len(m.refusing) > 1 {
			m.slowDown(now, until)
		}
	}
	m.until = until
	deadline, bounded := ctx.Deadline()
	return !bounded || deadline.After(until)
}

// isStubborn reports whether the refusal is the answer to this request: it came time and
// again, or for this very one often enough. given says that it tells when to come back.
func (m *manners) isStubborn(r refusal, given bool) bool {
	most := maxTries
	switch {
	case !given && (r.alone || r.status == http.StatusServiceUnavailable):
		most = maxBareTries
	case r.alone:
		most = maxWrongTries
	}
	if m.refusing[r.at] >= most {
		if m.stubborn[r.at] = r.status; len(m.refusing) == 1 {
			// It is that request, and not the rate.
			m.limiter.SetLimit(m.usual)
			m.limiting.Passed, m.limiting.Only = 0, r.at.method+" "+r.at.path
		}
	}
	return m.stubborn[r.at] == r.status || r.tries >= most
}

// isDown reports whether the target is out of service: after so many pauses nothing
// passed, and there is no rate to be found.
func (m *manners) isDown(r refusal, given bool) bool {
	if given || r.status != http.StatusServiceUnavailable || m.rounds < maxBareTries {
		return false
	}
	m.limiter.SetLimit(m.usual)
	m.limiting.Passed = 0
	return true
}

// pause is how long nothing is asked after a refusal: as long as it asks for, where it
// does, and longer each time that this was wrong. another says that it came after the
// last pause.
func (m *manners) pause(r refusal, asked time.Duration, given, another bool) time.Duration {
	if !given && (r.alone || !m.limiting.Answered && r.status == http.StatusServiceUnavailable) {
		return backoffTime // nothing is behind it for whoever asks, as far as is known, and no rate to be found
	}
	if !another {
		return asked
	}
	repeated := m.refusing[r.at] - 1
	if !r.alone { // who is refused alone is not refused for how much passed elsewhere
		repeated = max(m.rounds, repeated)
	}
	if !given {
		repeated++
	}
	if repeated == 0 {
		return asked
	}
	return max(asked, min(backoffTime<<min(repeated-1, 16), maxBackoffTime))
}

// aside takes notice of a refusal that is about who asks, and reports whether it is none
// for good: where it says that there will be an answer later, nobody knows which.
func (m *manners) aside(r refusal) bool {
	if _, later := retryAfter(r.headers, time.Now()); !later {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.limiting.Aside++; m.limiting.AsideFrom == 0 || r.number < m.limiting.AsideFrom {
		m.limiting.AsideFrom = r.number
	}
	return true
}

// slowDown has requests leave, after a pause, at the rate that was seen to pass.
func (m *manners) slowDown(now, until time.Time) {
	m.forget(now)
	if len(m.passed) == 0 {
		return
	}
	took := until.Sub(m.passed[0]).Seconds()
	if seen := float64(len(m.passed)) / took; took > 0 && !math.IsInf(seen, 0) {
		m.basis, m.steady = len(m.passed), 0
		m.limiting.Passed = seen
		m.limiter.SetLimit(min(m.limiter.Limit(), rate.Limit(seen)))
	}
}

// retryAfter reads Retry-After (RFC 9110, section 10.2.3), which is a number of
// seconds or a date.
func retryAfter(h cors.Headers, now time.Time) (wait time.Duration, given bool) {
	value, ok := h.Get("Retry-After")
	if !ok {
		return 0, false
	}
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	// A date has whole seconds, and is by the clock of the target where that is known.
	if date, ok := h.Get("Date"); ok {
		if theirs, err := http.ParseTime(date); err == nil {
			now = theirs
		}
	}
	return max(0, at.Sub(now)), true
}
