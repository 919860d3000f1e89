package tap

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/crossexam/crossexam/cors"
)

// Limiting is what a rate limiter of the target, or one before it, did to the run.
// It is zero where none was met.
type Limiting struct {
	// First is the number of the first request of the run that was answered 429 (Too
	// Many Requests, RFC 6585, section 4) or 503, and Status which of them it was.
	First  int
	Status int
	// Count is how many requests were answered so, and Unanswered how many of them
	// have no other answer.
	Count, Unanswered int
	// Answered says that some request of the run was answered otherwise.
	Answered bool
	// Passed is how many requests a second the target was seen to answer, or 0 where
	// nobody knows.
	Passed float64
	// Waited is for how long any request was kept back.
	Waited time.Duration
	// Only names the request, such as "GET /busy", where none but that was refused, and
	// that time and again: it need not be about the rate then.
	Only string
	// Aside counts refusals that are not about the rate and yet say that an answer will
	// come later, by Retry-After: they stayed with the origin that asked, while the same
	// request of another was answered. AsideFrom is the number of the first of them.
	Aside, AsideFrom int
}

const (
	// maxTries is how often a request is made at most that the target does not answer
	// now, and how many pauses in a row it may cause; maxBareTries is for what does not
	// say when to come back and as often is the answer: a 503, and what is refused to one
	// credential alone. maxWrongTries is for one credential alone that is told when to come
	// back, and told so wrongly.
	maxTries      = 8
	maxBareTries  = 3
	maxWrongTries = 5
	// backoffTime is the first pause after an answer that does not say when to come
	// back, and after one that was wrong about it. It doubles until something passes.
	backoffTime    = time.Second
	maxBackoffTime = time.Minute
	// window is how far back the rate is counted that the target lets through.
	window = time.Minute
)

// manners hold back the requests of a run when the target says that they are too
// many: all of them, so that nobody sees an answer that is about the rate alone.
type manners struct {
	usual    rate.Limit // that of the limits
	patience time.Duration

	mu       sync.Mutex
	limiter  *rate.Limiter
	begun    time.Time     // when the last pause began
	until    time.Time     // no request leaves before
	rounds   int           // of pauses in a row after which nothing passed
	passed   []time.Time   // when requests passed, in the last window
	steady   int           // passed since the rate was last changed
	basis    int           // passed when the rate was last found out
	refusing map[place]int // pauses in a row that it began; 0 where it answers again
	stubborn map[place]int // with the status that is their answer
	limiting Limiting

	held     int       // requests that are kept back now
	heldFrom time.Time // when the first of them was
}

func newManners(l Limits) *manners {
	usual := rate.Limit(l.RequestsPerSecond)
	if usual == 0 {
		usual = rate.Inf
	}
	return &manners{
		usual:    usual,
		patience: l.Patience,
		// One at a time: a burst would double the rate of the first second.
		limiter:  rate.NewLimiter(usual, 1),
		refusing: map[place]int{},
		stubborn: map[place]int{},
	}
}

// waited is for how long any request was kept back beyond the usual rate.
func (m *manners) waited(now time.Time) time.Duration {
	if m.held > 0 {
		return m.limiting.Waited + now.Sub(m.heldFrom)
	}
	return m.limiting.Waited
}

func (m *manners) left(now time.Time) time.Duration { return m.patience - m.waited(now) }

// hold counts a request as kept back until release is called.
func (m *manners) hold() (release func()) {
	if m.held++; m.held == 1 {
		m.heldFrom = time.Now()
	}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.held--; m.held == 0 {
			m.limiting.Waited += time.Since(m.heldFrom)
		}
	}
}

// admit waits until a request may leave: until the pause is over, and for its turn
// at the rate. An error says that there was no time for it.
func (m *manners) admit(ctx context.Context) error {
	for {
		m.mu.Lock()
		pause := time.Until(m.until)
		slowed := m.limiter.Limit() < m.usual
		if slowed && m.left(time.Now()) <= 0 {
			// The patience is used up: what is left of the run gets what answers it gets.
			m.limiter.SetLimit(m.usual)
			slowed = false
		}
		release := func() {}
		if pause > 0 || slowed {
			release = m.hold()
		}
		m.mu.Unlock()
		var err error
		if pause > 0 {
			err = sleep(ctx, pause)
		} else {
			err = m.pace(ctx)
		}
		release()
		if err != nil {
			return err
		}
		if pause <= 0 && m.open() {
			return nil
		}
	}
}

// answered reports whether anything was answered so far.
func (m *manners) answered() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.limiting.Answered
}

// calm reports whether something was answered since the last pause.
func (m *manners) calm() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.limiting.Answered && m.rounds == 0
}

// open reports whether there is no pause.
func (m *manners) open() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !time.Now().Before(m.until)
}

func (m *manners) pace(ctx context.Context) error {
	err := m.limiter.Wait(ctx)
	if err != nil && ctx.Err() == nil { // the deadline is before its turn
		err = fmt.Errorf("the rate of %.3g requests a second left no time for this one", float64(m.limiter.Limit()))
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	if _, ok := ctx.Deadline(); ok && remaining(ctx) < d {
		return fmt.Errorf("the target asked for a pause of %s, which left no time for this request", d.Round(time.Second))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pass takes notice of an answer, whatever it says, that is not about the rate.
func (m *manners) pass(at place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.limiting.Answered = true
	m.passed = append(m.passed, now)
	m.forget(now)
	m.rounds = 0
	delete(m.stubborn, at)
	if _, known := m.refusing[at]; known {
		m.refusing[at] = 0
	}
	if limit := m.limiter.Limit(); limit < m.usual {
		// Slowly: one step for as many as the rate was found out with.
		if m.steady++; m.steady >= max(1, m.basis) {
			m.steady = 0
			m.limiter.SetLimit(min(m.usual, limit*1.05))
		}
	}
}

// forget drops what passed before the window. The times are in their order: it is called
// for each of many thousands.
func (m *manners) forget(now time.Time) {
	i, _ := slices.BinarySearchFunc(m.passed, now.Add(-window), time.Time.Compare)
	m.passed = m.passed[i:]
}

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
	}
	if len(m.refusing) > 1 {
		m.limiting.Only = ""
	}
	asked, given := retryAfter(r.headers, now)
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
	if m.stubborn[r.at] == r.status || r.tries >= most {
		return false
	}
	// After so many pauses in which nothing passed it is out of service, and there is no
	// rate to be found.
	if !given && r.status == http.StatusServiceUnavailable && m.rounds >= maxBareTries {
		m.limiter.SetLimit(m.usual)
		m.limiting.Passed = 0
		return false
	}
	until := now.Add(asked)
	down := !given && (r.alone || !m.limiting.Answered && r.status == http.StatusServiceUnavailable)
	if down { // nothing is behind it for whoever asks, as far as is known, and no rate to be found
		until = now.Add(backoffTime)
	}
	if another && !down {
		repeated := m.refusing[r.at] - 1
		if !r.alone { // who is refused alone is not refused for how much passed elsewhere
			repeated = max(m.rounds, repeated)
		}
		if !given {
			repeated++
		}
		if repeated > 0 {
			backoff := min(backoffTime<<min(repeated-1, 16), maxBackoffTime)
			until = now.Add(max(asked, backoff))
		}
	}
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

// Limiting is what a rate limiter did to the run so far.
func (t *Tap) Limiting() Limiting {
	t.manners.mu.Lock()
	defer t.manners.mu.Unlock()
	l := t.manners.limiting
	l.Waited = t.manners.waited(time.Now())
	return l
}

// AskedAgain takes notice that so many requests which were left unanswered, because of the
// rate or an outage, are made again by whoever made them.
func (t *Tap) AskedAgain(n int) {
	t.manners.mu.Lock()
	defer t.manners.mu.Unlock()
	t.manners.limiting.Unanswered -= min(n, t.manners.limiting.Unanswered)
}

// Longest is how long an exchange may take at the moment: as its time limits say, and
// where the target limits the rate as long as the patience lasts. Whoever waits for
// one waits longer.
func (t *Tap) Longest() time.Duration {
	t.manners.mu.Lock()
	defer t.manners.mu.Unlock()
	d := t.limits.Connect + t.limits.Header + t.limits.Body
	if t.manners.limiting.Count > 0 {
		d += max(0, t.manners.left(time.Now()))
	}
	return d
}
