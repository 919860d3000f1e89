package tap

import "time"

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
