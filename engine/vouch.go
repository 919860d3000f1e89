package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// vouch says of each reply that the attempts of a group got at a private endpoint
// whether it was the private one. Where it was not, the victim's own read is asked for
// right away: if that still gets the private reply, it was the attempt that the target
// refused. Otherwise the session has ended, or the target has changed, and those
// attempts prove nothing.
func (s *session) vouch(ctx context.Context, g *group) {
	type read struct {
		endpoint string
		identity scenarios.Credential
	}
	good := map[read]string{} // why not, by the victim's read; empty where it is good
	for _, a := range g.all() {
		o := s.observed[a.Key()]
		e, p, ok := s.plan.Target.AtStake(a)
		switch {
		case !ok, o.Fault != "", o.Response() == nil, a.Identity.Ambient() && !o.Credential.Sent:
			continue
		case p.Witness.CarriedBy(o.Response()):
			o.Stake = scenarios.PrivateReply
			s.observed[a.Key()] = o
			continue
		}
		asked := read{e.String(), a.Identity}
		why, known := good[asked]
		if !known {
			why = s.lapsed(ctx, e, p, s.of(a.Identity))
			good[asked] = why
		}
		if why == "" {
			o.Stake = scenarios.Refusal
		} else {
			o.Fault = why
		}
		s.observed[a.Key()] = o
	}
}

// lapsed asks for the victim's own read, and returns why it no longer gets the private
// reply; it is empty where it does.
func (s *session) lapsed(ctx context.Context, e scenarios.Endpoint, p scenarios.Premise, v *victim) string {
	q := cors.Request{Method: e.Method, URL: s.plan.Target.At(e.Path), Body: e.Body, ClientCertificate: p.Credential.Includes(scenarios.ClientCert)}
	q.Headers = slices.Concat(e.Headers, s.deployment.Credentials.FrontEnd(p.Credential))
	if v != nil {
		q.Headers = append(q.Headers, v.headers()...)
	}
	x := s.tap.Probe(ctx, q)
	switch r := x.Response; {
	case p.Witness.CarriedBy(r):
		return ""
	case r == nil:
		return fmt.Sprintf("the victim's own read of %s got no answer any more (%s)", e, x.Fault)
	case r.Status == 401 || r.Status == 403 || r.Status >= 300 && r.Status <= 399:
		after := time.Since(s.record.Started).Round(time.Second)
		s.record.diagnose(Diagnosis{
			Kind: SessionEnded, Number: after.Seconds(),
			Detail: fmt.Sprintf("the victim's session ended within %s: %s, which was private at first, now answers the victim %d", after, e, r.Status),
		})
		return fmt.Sprintf("the victim's session has ended: %s now answers the victim %d", e, r.Status)
	default:
		return fmt.Sprintf("%s now answers the victim %d with something else than the private reply", e, r.Status)
	}
}

// lookBack asks, after the last attempt, for one private reply of each victim once more:
// a session that has ended by then is told, with the time it lasted.
func (s *session) lookBack(ctx context.Context) {
	seen := map[scenarios.Credential]bool{}
	for _, p := range s.plan.Target.Premises {
		identity := p.Credential
		if identity == scenarios.Network {
			identity = scenarios.Anonymous
		}
		v, logged := s.victims[identity]
		if !p.Holds() || seen[p.Credential] || !logged || v.fault != "" || v.unavailable != "" {
			continue
		}
		for _, e := range s.plan.Target.Endpoints {
			if e.String() == p.Endpoint && e.Private {
				seen[p.Credential] = true
				_ = s.lapsed(ctx, e, p, v) // which tells of it
				break
			}
		}
	}
}
