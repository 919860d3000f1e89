package tap

import (
	"testing"
	"time"
)

// A pause is as long as a refusal asks for, and twice as long each time that this was too
// short: for the request that began the pauses or, unless these credentials are refused
// alone, for whichever.
func TestPause(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name     string
		status   int
		alone    bool
		asked    time.Duration // by Retry-After; negative for none
		another  bool          // after the last pause
		answered bool          // the target has answered something
		rounds   int           // of pauses in a row after which nothing passed
		began    int           // of them by this request
		want     time.Duration
	}{
		{"as it asks", 429, false, 7 * s, true, true, 0, 1, 7 * s},
		{"as it asks, again", 429, false, 7 * s, true, true, 1, 1, 7 * s},
		{"longer than it asks, where that is too short", 429, false, s, true, true, 4, 1, 8 * s},
		{"of the same pause", 429, false, s, false, true, 4, 5, s},
		{"it does not ask", 429, false, -1, true, true, 0, 1, s},
		{"it does not ask, the second time", 429, false, -1, true, true, 1, 2, 2 * s},
		{"it does not ask, and others began the pauses", 429, false, -1, true, true, 3, 1, 8 * s},
		{"it does not ask, and began more of them", 429, false, -1, true, true, 1, 4, 8 * s},
		{"at most a minute", 429, false, -1, true, true, 40, 1, time.Minute},
		{"at most a minute, but for what it asks", 429, false, 5 * time.Minute, true, true, 40, 1, 5 * time.Minute},
		{"alone, whatever others began", 429, true, s, true, true, 4, 1, s},
		{"alone, and too short", 429, true, s, true, true, 4, 3, 2 * s},
		{"alone, and it does not ask", 429, true, -1, true, true, 4, 3, s},
		{"out of service from the start", 503, false, -1, true, false, 3, 3, s},
		{"out of service later", 503, false, -1, true, true, 2, 1, 4 * s},
	} {
		r := refusal{at: place{path: "/me"}, status: c.status, alone: c.alone}
		m := newManners(Limits{})
		m.rounds, m.refusing[r.at], m.limiting.Answered = c.rounds, c.began, c.answered
		if got := m.pause(r, max(c.asked, 0), c.asked >= 0, c.another); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
