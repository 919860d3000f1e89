package engine

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// vouch says of each reply that the attempts of a group got at a private endpoint
// whether it was the private one. Where it was not, the victim's own read is asked for
// right away, with the cookies that the browser had by then: if that still gets the
// private reply, it was the attempt that the target refused. Otherwise the session has
// ended, or the target has changed, and those attempts prove nothing. The same goes for
// whatever a target failed to answer, and for preflights that it refused, where the victim
// does not get the private reply by now.
func (s *session) vouch(ctx context.Context, g *group) {
	type read struct {
		endpoint   string
		credential scenarios.Credential
		cookies    string // as header lines have them
	}
	known := map[read]string{} // why not, by the victim's read; empty where it is good
	lapsed := func(e scenarios.Endpoint, p scenarios.Premise, v *victim) string {
		asked := read{endpoint: e.String(), credential: p.Credential}
		if v != nil {
			asked.cookies, _ = v.headers().Get("Cookie")
		}
		why, ok := known[asked]
		if !ok {
			why = s.lapsed(ctx, e, p, v)
			known[asked] = why
		}
		return why
	}
	for _, a := range g.all() {
		o := s.observed[a.Key()]
		e, p, ok := s.plan.Target.AtStake(a)
		switch {
		case o.Fault != "":
			continue
		case ok && o.Response() != nil && a.Identity.Ambient() && !o.Credential.Sent:
			continue
		case ok && p.Witness.CarriedBy(o.Response()):
			o.Stake = scenarios.PrivateReply
		case ok && o.Response() != nil && o.Response().Unended:
			o.Fault = "the body of the target's answer did not end in time, and what came of it is not the private reply"
		case ok && o.Response() != nil:
			v, err := s.victims.of(a.Identity).by(ctx, o)
			if err != nil {
				o.Fault = err.Error()
			} else if why := lapsed(e, p, v); why != "" {
				o.Fault = why
			} else {
				o.Stake = scenarios.Refusal
			}
		case unserved(o) || refusedPreflight(o):
			if r, found := s.privateReads(); found {
				o.Fault = lapsed(r[0].endpoint, r[0].premise, r[0].victim)
				if x := o.Request(); ok && !a.Trusted && o.Fault == "" && x != nil && x.Closed {
					s.record.diagnose(Diagnosis{Kind: OriginCutOff, Detail: fmt.Sprintf(
						"the target closes the connection without an answer where the Origin is %s (%s), and answers the victim's own read right after", a.Page, e)})
				}
			}
		default:
			continue
		}
		s.observed[a.Key()] = o
	}
}

// unserved reports whether the target, or a gateway before it, failed to answer one of
// the requests: with an error of a server, or with no answer at all.
func unserved(o scenarios.Observation) bool {
	return slices.ContainsFunc(o.Exchanges, cors.Exchange.Failed)
}

// refusedPreflight reports whether a preflight was answered with an error of the client's,
// as by a login that is asked for before CORS, and by a filter that has shut this machine
// out.
func refusedPreflight(o scenarios.Observation) bool {
	x := o.Preflight()
	return x != nil && x.Response != nil && x.Response.Status >= 400 && x.Response.Status <= 499
}

// lapsed asks for the victim's own read, and returns why it no longer gets the private
// reply; it is empty where it does.
func (s *session) lapsed(ctx context.Context, e scenarios.Endpoint, p scenarios.Premise, v *victim) string {
	x := s.victimsOwn(ctx, privateRead{e, p, v})
	after := time.Since(s.record.Started).Round(time.Second)
	tell := func(kind DiagnosisKind, format string, args ...any) {
		s.record.diagnose(Diagnosis{Kind: kind, Number: after.Seconds(), Detail: fmt.Sprintf(format, args...)})
	}
	switch r := x.Response; {
	case p.Witness.CarriedBy(r) && s.deployment.Direct && len(p.Witness.Parts) > 0 && isCoded(r):
		return fmt.Sprintf("%s comes compressed though nobody asked for that: what the browser got decoded (`direct`) cannot be compared with the private reply", e)
	case p.Witness.CarriedBy(r):
		return ""
	case ctx.Err() != nil:
		return "the run was interrupted"
	case r == nil && x.Failed():
		tell(TargetFails, "the target stopped answering within %s: %s, which was private at first, now gets no answer (%s)", after, e, x.Fault)
		return fmt.Sprintf("the victim's own read of %s got no answer any more (%s)", e, x.Fault)
	case r == nil: // a time-out has a diagnosis of its own
		return fmt.Sprintf("the victim's own read of %s got no answer any more (%s)", e, x.Fault)
	case x.Limited != (cors.Limited{}): // and so has a limiter
		return fmt.Sprintf("the victim's own read of %s was answered %d by a limiter", e, r.Status)
	case r.Status == 403 && rateWords.MatchString(r.Body):
		s.record.diagnose(Diagnosis{Kind: RateLimited, Detail: fmt.Sprintf(
			"the target limits the rate of requests: within %s %s, which was private at first, answered the victim 403 with a word on it", after, e)})
		return fmt.Sprintf("a limiter refuses the victim: %s now answers 403 with a word on the rate of requests", e)
	case r.Status == 403 && p.Stranger.Status != 403 && s.refusesStrangers(ctx, e, p):
		tell(ShutOut, "the target shut this machine out within %s: %s, which was private at first, now answers everybody 403", after, e)
		return fmt.Sprintf("the target has shut this machine out: %s now answers everybody 403", e)
	case (r.Status == 401 || r.Status == 403) && v != s.victims.of(p.Credential):
		tell(SessionEnded, "the target replaced the victim's cookies within %s: %s, which was private at first, answers %d with those that the browser has now", after, e, r.Status)
		return fmt.Sprintf("the target replaced the victim's cookies: %s answers %d with those that the browser has now", e, r.Status)
	case r.Status == 401 || r.Status == 403 || r.Status >= 300 && r.Status <= 399:
		tell(SessionEnded, "the victim's session ended within %s: %s, which was private at first, now answers the victim %d", after, e, r.Status)
		return fmt.Sprintf("the victim's session has ended: %s now answers the victim %d", e, r.Status)
	case r.Status >= 500:
		tell(TargetFails, "the target began to fail within %s: %s, which was private at first, now answers the victim %d", after, e, r.Status)
		return fmt.Sprintf("the target fails: %s now answers the victim %d", e, r.Status)
	default:
		tell(ReplyChanged, "the private reply was given no longer than %s: %s now answers the victim %d with something else, as where a session has ended or a limiter answers", after, e, r.Status)
		return fmt.Sprintf("%s now answers the victim %d with something else than the private reply", e, r.Status)
	}
}

// isCoded reports whether the body of a reply is in a content coding (RFC 9110, section
// 8.4), which a browser undoes and a record does not.
func isCoded(r *cors.Response) bool {
	coding, ok := r.Headers.Get("Content-Encoding")
	return ok && !strings.EqualFold(strings.TrimSpace(coding), "identity")
}

// victimsOwn asks for what a victim was seen to get, as the victim does on the API's own
// pages.
func (s *session) victimsOwn(ctx context.Context, r privateRead) cors.Exchange {
	e, c := r.endpoint, r.premise.Credential
	q := cors.Request{Method: e.Method, URL: s.deployment.Credentials.At(s.plan.Target.At(e.Path), c), Body: e.Body, ClientCertificate: c.Includes(scenarios.ClientCert)}
	q.Headers = slices.Concat(cors.OriginLine(r.premise.Origin), e.Headers, s.deployment.Credentials.FrontEnd(c))
	if r.victim != nil {
		q.Headers = append(q.Headers, r.victim.headers()...)
	}
	return s.tap.Probe(ctx, q)
}

// refusesStrangers reports whether the target answers 403 to whoever has no credential.
func (s *session) refusesStrangers(ctx context.Context, e scenarios.Endpoint, p scenarios.Premise) bool {
	path, _, _ := e.WithoutSecrets()
	x := s.tap.Probe(ctx, cors.Request{Method: e.Method, URL: s.plan.Target.At(path), Body: e.Body, Headers: append(cors.OriginLine(p.Origin), e.Headers...)})
	return x.Response != nil && x.Response.Status == 403
}

// rateWords are in the body of a 403 that is about the rate of requests and not about
// who asks.
var rateWords = regexp.MustCompile(`(?i)rate.?limit|too many requests|throttl|quota exceeded`)

// A privateRead is what a victim who is logged in was seen to get.
type privateRead struct {
	endpoint scenarios.Endpoint
	premise  scenarios.Premise
	victim   *victim
}

// privateReads are one for each victim who is logged in; found is false for none.
func (s *session) privateReads() (list []privateRead, found bool) {
	seen := map[scenarios.Credential]bool{}
	for _, p := range s.plan.Target.Premises {
		v := s.victims.of(p.Credential)
		if !p.Holds() || seen[p.Credential] || v == nil || v.fault != "" || v.unavailable != "" {
			continue
		}
		i := slices.IndexFunc(s.plan.Target.Endpoints, func(e scenarios.Endpoint) bool { return e.String() == p.Endpoint && e.Private })
		if i >= 0 {
			seen[p.Credential] = true
			list = append(list, privateRead{s.plan.Target.Endpoints[i], p, v})
		}
	}
	return list, len(list) > 0
}

// lookBack asks, after the last attempt, for one private reply of each victim once more:
// a session that has ended by then is told, with the time it lasted.
func (s *session) lookBack(ctx context.Context) {
	list, _ := s.privateReads()
	for _, r := range list {
		_ = s.lapsed(ctx, r.endpoint, r.premise, r.victim) // which tells of it
	}
}
