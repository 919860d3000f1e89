package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

const (
	// maxOutage is for how long a run waits, all in all, for a target that has stopped
	// answering: as long as a service takes to start again. The limits' patience, where it
	// is less, bounds it too.
	maxOutage = 30 * time.Second
	// maxRepeats is how often the attempts of a group are made again because the target
	// failed while they were made.
	maxRepeats = 2
	// firstPause and longestPause bound the time between two looks at the target.
	firstPause, longestPause = 250 * time.Millisecond, 4 * time.Second
)

// outlasted reports whether the attempts of a group are to be made again: the target, or a
// gateway before it, failed to answer some of them, and that was not about these requests.
// Either the victim's own read failed too, and gets the private reply by now, which is
// waited for; or the same request is answered when it is made once more.
//
// What was answered the time before stands, so that a target that fails now and then, and
// would each time fail for another attempt, is done after a few.
func (s *session) outlasted(ctx context.Context, g *group) bool {
	s.recall(g)
	failed := s.unexpected(g.all()...)
	reads, found := s.privateReads()
	if len(failed) == 0 || !found {
		return false
	}
	if g.repeats == maxRepeats {
		s.givenUp(ctx, g)
		return false
	}
	x := s.victimsOwn(ctx, reads[0])
	switch {
	case x.Failed():
		lasted, back := s.awaitTarget(ctx, reads[0])
		if !back {
			return false
		}
		s.note(fmt.Sprintf("The target failed to answer for about %s in the middle of the run (%s), and then answered again; what it had not answered was asked for once more.", lasted.Round(time.Second), failure(x)))
	case !reads[0].premise.Witness.CarriedBy(x.Response) || !s.passing(ctx, failed):
		return false
	default:
		s.note(fmt.Sprintf("The target failed to answer a few requests in the middle of the run (%s) that it answers otherwise; they were made again.", failure(failed[0])))
	}
	limited := 0
	for _, x := range failed {
		if x.Limited != (cors.Limited{}) {
			limited++
		}
	}
	s.tap.AskedAgain(limited)
	s.remember(g)
	g.repeats++
	return true
}

// remember keeps what was seen of the attempts of a group that the target answered.
func (s *session) remember(g *group) {
	g.answered = map[string]scenarios.Observation{}
	for _, a := range g.all() {
		if o := s.observed[a.Key()]; o.Fault == "" && len(s.unexpected(a)) == 0 {
			g.answered[a.Key()] = o
		}
	}
}

// recall has the attempts of a group that the target failed to answer this time be what
// they were when it answered.
func (s *session) recall(g *group) {
	for _, a := range g.all() {
		if before, ok := g.answered[a.Key()]; ok && len(s.unexpected(a)) > 0 {
			s.observed[a.Key()] = before
		}
	}
}

// givenUp has those attempts of a group prove nothing that the target failed to answer
// each time, though it answers the same request otherwise.
func (s *session) givenUp(ctx context.Context, g *group) {
	for _, a := range g.all() {
		if failed := s.unexpected(a); s.passing(ctx, failed) {
			o := s.observed[a.Key()]
			o.Fault = fmt.Sprintf("the target failed to answer %d times (%s), and answers the same request at other times", maxRepeats+1, failure(failed[0]))
			s.observed[a.Key()] = o
		}
	}
}

// unexpected are the exchanges of attempts that the target failed to answer, but for errors
// that were provoked. Those of other programs (a cache, a launch) are left out, and of
// WebSockets, since no probe can be their like.
func (s *session) unexpected(attempts ...scenarios.Attempt) []cors.Exchange {
	var list []cors.Exchange
	t := s.plan.Target
	for _, a := range attempts {
		if a.Through != "" {
			continue
		}
		for _, x := range s.observed[a.Key()].Exchanges {
			q := x.Request
			provoked := x.Response != nil && t.ExpectsError(q.Method, q.URL, x.Response.Status)
			if x.Failed() && !provoked && strings.HasPrefix(q.URL, t.URL) && !q.Headers.Has("Sec-WebSocket-Key") {
				list = append(list, x)
			}
		}
	}
	return list
}

// passing reports whether a request that failed is answered when it is made again. A few
// that differ stand for all.
func (s *session) passing(ctx context.Context, failed []cors.Exchange) bool {
	const most = 3
	type kind struct {
		method string
		status int
	}
	asked := map[kind]bool{}
	for _, x := range failed {
		is := kind{method: x.Request.Method}
		if x.Response != nil {
			is.status = x.Response.Status
		}
		if s.plan.Target.AllowsWrite(x.Request.Method, x.Request.URL) || asked[is] || len(asked) == most {
			continue
		}
		asked[is] = true
		if again := s.tap.Probe(ctx, x.Request); again.Response != nil && !again.Failed() {
			return true
		}
	}
	return false
}

// awaitTarget waits until the victim's own read gets the private reply again, and returns
// how long that took; back is false where it does not in the time there is, or gets
// something else.
func (s *session) awaitTarget(ctx context.Context, r privateRead) (lasted time.Duration, back bool) {
	began, most := time.Now(), min(maxOutage, s.deployment.Limits.Patience)
	before := s.waited
	defer func() { s.waited = before + time.Since(began) }()
	for pause := firstPause; before+time.Since(began)+pause <= most; pause = min(2*pause, longestPause) {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return 0, false
		}
		if x := s.victimsOwn(ctx, r); !x.Failed() {
			return time.Since(began), r.premise.Witness.CarriedBy(x.Response)
		}
	}
	return 0, false
}

// failure says in a few words how the target failed.
func failure(x cors.Exchange) string {
	if x.Response != nil {
		return fmt.Sprintf("with the status %d", x.Response.Status)
	}
	return x.Fault
}
