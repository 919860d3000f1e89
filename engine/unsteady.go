package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

const (
	maxSuspects  = 3 // requests that differ in their answers already
	askedSuspect = 8 // times, at most

	bodyOfARefusal = 4096 // bytes that are read, to know a limiter's words
)

// unsteady finds out, after the last attempt, whether the target decides alike each time
// that it is asked the same: several servers behind one URL may not all have the same
// policy, and a cache may answer for one of them. What conforms then does so by chance.
// found is false where nothing differed. A target that limits the rate of requests is left
// alone: it has answered one request in two ways for that.
func unsteady(ctx context.Context, t *tap.Tap, suspects []cors.Request) (d Diagnosis, found bool) {
	if t.Limiting().Count > 0 {
		return Diagnosis{}, false
	}
	for _, q := range suspects {
		var answers []string
		for len(answers) < askedSuspect && ctx.Err() == nil {
			x := t.Ask(ctx, q, bodyOfARefusal)
			if x.Response == nil || x.Failed() || x.Limited != (cors.Limited{}) || x.Response.Status == 403 && rateWords.MatchString(x.Response.Body) {
				break // that has a diagnosis of its own
			}
			answers = append(answers, grantOf(x.Response))
			if toAndFro(answers) {
				return Diagnosis{Kind: PolicyUnsteady, Detail: fmt.Sprintf("the target answers one and the same request now so and now otherwise: %s got %s", asked(q), counted(answers))}, true
			}
		}
	}
	return Diagnosis{}, false
}

// suspects are safe requests that differ in their answers though the target should decide
// alike on them: a target without any is asked nothing more. observed is by attempt key,
// target the URL below which requests are the target's.
func suspects(observed map[string]scenarios.Observation, target string) (suspects []cors.Request) {
	first := map[string]string{} // what was decided, by what it was decided by
	told := map[string]bool{}
	keys := slices.Sorted(maps.Keys(observed))
	slices.SortStableFunc(keys, func(a, b string) int { // the private reads first, which matter most
		return cmp.Compare(observed[b].Stake, observed[a].Stake)
	})
	for _, key := range keys {
		o := observed[key]
		if o.Attempt.Through != "" || o.Fault != "" {
			continue
		}
		for _, x := range o.Exchanges {
			q := x.Request
			if x.Response == nil || x.Failed() || x.Limited != (cors.Limited{}) || !strings.HasPrefix(q.URL, target) || q.Headers.Has("Sec-WebSocket-Key") ||
				!cors.IsSafeMethod(q.Method) {
				continue
			}
			k := decidedBy(q)
			before, known := first[k]
			switch {
			case !known:
				first[k] = grantOf(x.Response)
			case before != grantOf(x.Response) && !told[k] && len(suspects) < maxSuspects:
				told[k] = true
				suspects = append(suspects, q)
			}
		}
	}
	return suspects
}

// decidedBy is what a policy goes by.
func decidedBy(q cors.Request) string {
	parts := []string{q.Method, q.URL, fmt.Sprint(q.ClientCertificate)}
	for _, name := range []string{cors.HeaderOrigin, "Cookie", "Authorization", cors.HeaderRequestMethod, cors.HeaderRequestHeaders} {
		parts = append(parts, strings.Join(q.Headers.Values(name), "\n"))
	}
	return strings.Join(parts, "\x00")
}

// grantOf is what a policy decided, in words.
func grantOf(r *cors.Response) string {
	var words []string
	for _, name := range []string{cors.HeaderAllowOrigin, cors.HeaderAllowCredentials} {
		for _, value := range r.Headers.Values(name) {
			words = append(words, fmt.Sprintf("%s: %.200s", name, value))
		}
	}
	if len(words) == 0 {
		return fmt.Sprintf("%d without Access-Control-Allow-Origin", r.Status)
	}
	return fmt.Sprintf("%d with %s", r.Status, strings.Join(words, ", "))
}

// toAndFro reports whether an answer came back after another one: what changed for good,
// as where a session ended, is no decision by chance.
func toAndFro(answers []string) bool {
	last := len(answers) - 1
	for i := range answers[:max(last, 0)] {
		if answers[i] == answers[last] && slices.ContainsFunc(answers[i:last], func(a string) bool { return a != answers[last] }) {
			return true
		}
	}
	return false
}

// counted says how often each answer came.
func counted(answers []string) string {
	var list []string
	for i, a := range answers {
		if slices.Index(answers, a) != i {
			continue
		}
		n := 0
		for _, b := range answers {
			if a == b {
				n++
			}
		}
		list = append(list, fmt.Sprintf("%s (%d of %d times)", a, n, len(answers)))
	}
	return strings.Join(list, " and ")
}

// asked names a request by what a policy goes by.
func asked(q cors.Request) string {
	name := q.Method + " " + q.URL
	if origin, ok := q.Headers.Get(cors.HeaderOrigin); ok {
		name += " from " + origin
	}
	return name
}

// steady looks whether the target decides alike each time, and says so where it does not.
// The fault is for a run in which nothing else fails: a pass by chance is none.
func (x *Examination) steady(ctx context.Context) *Fault {
	s := x.session
	if s.tap == nil {
		return nil // nothing was asked
	}
	d, found := unsteady(ctx, s.tap, suspects(s.observed, s.plan.Target.URL))
	if !found {
		return nil
	}
	x.record.diagnose(d)
	x.session.mark(ctx, x.record.Results)
	if slices.ContainsFunc(x.record.Results, func(r Result) bool { return r.Fails && r.Judgement.Verdict == scenarios.Violates }) {
		return nil
	}
	return &Fault{Stage: StageSteady, Err: errors.New(d.Detail), Advice: d.Advice()}
}

// askedFinding is how often the request behind a finding is made again, and askedFindings
// how many requests that may come to.
const (
	askedFinding  = 6
	askedFindings = 300
)

// mark says of the proofs of violations that turn on a grant whether the target gives the
// answer each time. A rule that was inferred from what other origins were granted is none
// then: they may have been granted by chance.
func (s *session) mark(ctx context.Context, results []Result) {
	unsteady := map[string]bool{} // by what was decided by
	left := askedFindings
	for i := range results {
		r := &results[i]
		o := r.Proof()
		if r.Verdict() != scenarios.Violates || o == nil || !r.Scenario.TurnsOnGrant() {
			continue
		}
		for _, x := range o.Exchanges {
			if x.Response == nil || o.Attempt.Through != "" || !cors.IsSafeMethod(x.Request.Method) {
				continue
			}
			k := decidedBy(x.Request)
			known, asked := unsteady[k]
			if !asked {
				known = s.otherwise(ctx, x, &left)
				unsteady[k] = known
			}
			o.Unsteady = o.Unsteady || known
		}
		if rule := r.Judgement.Rule; rule != nil {
			r.Judgement.Reason = strings.Replace(r.Judgement.Reason, "; "+rule.String(), "", 1)
			r.Judgement.Rule = nil
		}
	}
}

// otherwise reports whether the target answers a request otherwise than it did.
func (s *session) otherwise(ctx context.Context, x cors.Exchange, left *int) bool {
	for range askedFinding {
		if *left == 0 || ctx.Err() != nil {
			return false
		}
		*left--
		again := s.tap.Ask(ctx, x.Request, bodyOfARefusal)
		if again.Response == nil || again.Failed() || again.Limited != (cors.Limited{}) {
			return false
		}
		if decisionOf(again.Response) != decisionOf(x.Response) {
			return true
		}
	}
	return false
}

// decisionOf is all that a policy decided of a request.
func decisionOf(r *cors.Response) string {
	words := []string{fmt.Sprint(r.Status)}
	for _, h := range r.Headers {
		if name := strings.ToLower(h.Name); strings.HasPrefix(name, "access-control-") {
			words = append(words, name+": "+h.Value)
		}
	}
	return strings.Join(words, "\n")
}
