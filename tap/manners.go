package tap

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

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
