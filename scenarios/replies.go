package scenarios

import (
	"fmt"

	"github.com/crossexam/crossexam/cors"
)

// answer is the target's own answer to the request, and nil where the observation
// proves nothing.
func answer(o Observation) *cors.Response {
	if o.Fault != "" {
		return nil
	}
	return o.Response()
}

// replies are the target's answers in an observation, preflights included. There
// are none where the observation proves nothing.
func replies(o Observation) []*cors.Response {
	var rs []*cors.Response
	if o.Fault != "" {
		return nil
	}
	for _, x := range o.Exchanges {
		if x.Response != nil {
			rs = append(rs, x.Response)
		}
	}
	return rs
}

// lastReply is the answer on which the browser decided, or nil.
func lastReply(o Observation) *cors.Response {
	if rs := replies(o); len(rs) > 0 {
		return rs[len(rs)-1]
	}
	return nil
}

// blockedReply names it in a sentence.
func blockedReply(o Observation) string {
	switch r := lastReply(o); {
	case r == nil:
		return "the reply"
	case o.Block.Reason.IsPreflight():
		return fmt.Sprintf("the preflight's %d", r.Status)
	default:
		return fmt.Sprintf("the %d reply", r.Status)
	}
}

// silence says which attempt the target gave no answer to. What the browser made
// of the answers does not matter to judges who look at headers alone.
func silence(obs ...Observation) *Doubt {
	for _, o := range obs {
		if len(replies(o)) == 0 {
			return o.Doubt().or(o, "the target gave no answer")
		}
	}
	return nil
}

// judgeReplies judges headers alone: flaw says what is wrong with a reply, and is
// empty where nothing is. That is untidy, and no proof of harm.
func judgeReplies(obs Observations, clean string, flaw func(*cors.Response) string) Judgement {
	for _, o := range obs.All() {
		for _, x := range o.Exchanges {
			if x.Response == nil || o.Fault != "" {
				continue
			}
			if wrong := flaw(x.Response); wrong != "" {
				return violates(Low, "the %d reply to %s from %s %s",
					x.Response.Status, x.Request.Method, o.Attempt.Origin(), wrong).withProof(o)
			}
		}
	}
	if doubt := silence(obs.All()...); doubt != nil {
		return inDoubt(doubt)
	}
	var origin cors.Origin // of all of them
	seen := 0
	for _, o := range obs.All() {
		origin = o.Attempt.Origin()
		seen += len(replies(o))
	}
	return conforms("%s (replies to %s seen: %d)", clean, origin, seen)
}
