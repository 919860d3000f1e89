package scenarios

import (
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// planAttackerHeaders asks for each kind of header that a form could not send. They
// are reads, so that nothing is changed where the answer is yes.
func planAttackerHeaders(t Target) ([]Case, string) {
	e := firstRead(t)
	var cases []Case
	for _, c := range exposed(t) {
		v := attack(t, c)
		authorization := v.with(e, cors.Header{Name: "Authorization", Value: "Bearer crossexam"})
		json := v.with(e, cors.Header{Name: "Content-Type", Value: "application/json"})
		invented := v.with(e, inventedHeader(t))
		cases = append(cases, Case{
			Subject:  v.subject(e),
			Attempts: []Attempt{authorization, json, invented},
			Judge: func(obs Observations) Judgement {
				j := judgeAttackerHeaders(obs.Of(authorization), obs.Of(json), obs.Of(invented))
				if !c.Ambient() && !c.ofPlace() {
					return j.binding(Should) // nothing of the victim's comes along
				}
				return j
			},
		})
	}
	return cases, ""
}

func judgeAttackerHeaders(authorization, json, invented Observation) Judgement {
	var js []Judgement
	var names []string
	for _, o := range []Observation{authorization, json, invented} {
		js = append(js, judgeAttackerHeader(o).withProof(o))
		names = append(names, o.Attempt.Headers[0].Name)
	}
	if j := worst(js...); j.Verdict != Conforms {
		return j
	}
	return conforms("the preflights of %s for %s were refused (%s)", authorization.Attempt.Origin(), strings.Join(names, ", "), authorization.Block.Reason)
}

func judgeAttackerHeader(o Observation) Judgement {
	origin, name, r := o.Attempt.Origin(), o.Attempt.Headers[0].Name, preflightReply(o)
	switch {
	case o.Fault != "":
		return inDoubt(o.Doubt())
	case o.Blocked() && o.Block.Reason.IsPreflight():
		return conforms("the preflight of %s for %s was refused (%s)", origin, name, o.Block.Reason)
	case o.Request() != nil && r != nil:
		return violates(Low, "the preflight of %s for %s was approved (%s), and the request left the browser with the header", origin, name, grantText(r))
	case o.Request() != nil:
		return cannotTell("the request of %s with %s left the browser without a preflight", origin, name).until(LacksEvidence)
	}
	return inDoubt(whyUnknown(o, "a preflight"))
}
