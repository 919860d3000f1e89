package scenarios

import (
	"fmt"

	"github.com/crossexam/crossexam/cors"
)

// planAgreement asks for each read, once without and once with a header for which
// the browser asks, and for each write that the operator lets through. What the
// browser asks for in any case is sent by hand for the first of the two.
func planAgreement(t Target) ([]Case, string) {
	reads := t.Reads()
	if len(reads) == 0 {
		reads = []Endpoint{firstRead(t)}
	}
	var cases []Case
	plan := func(v visit, e Endpoint, request, asked, bare Attempt) {
		_, declared := v.consentHeader()
		cases = append(cases, Case{
			Subject:  v.subject(e),
			Attempts: []Attempt{request, asked, bare},
			Judge: func(obs Observations) Judgement {
				return judgeAgreement(declared, obs.Of(request), obs.Of(asked), obs.Of(bare))
			},
		})
	}
	for _, v := range everyone(t) {
		simple := v
		if v.cred.inHeader() { // which always needs a preflight
			simple.cred = v.cred.OfBrowser()
		}
		for _, e := range reads {
			if simple.asks(e) {
				plan(v, e, byHand(v.read(e), v.cred, originHeader(v.page)), v.read(e), bare(t, e))
				continue
			}
			if asked := v.preflighted(e); asked.needsPreflight() {
				plan(v, e, simple.read(e), asked, bare(t, e))
			}
		}
		for _, e := range t.SafeWrites() {
			asked := v.write(e)
			plan(v, e, byHand(asked, v.cred, originHeader(v.page)), asked, bareOf(asked))
		}
	}
	return cases, ""
}

// stance is what one of the two says of an origin.
type stance int

const (
	unknown stance = iota
	refused
	accepted
)

func (s stance) String() string { return [...]string{"says nothing of", "refuses", "accepts"}[s] }

// judgeAgreement takes the simple request, the one with a preflight, and one
// without credential and without Origin. declared says that the operator declared
// the header that the preflight asks for.
func judgeAgreement(declared bool, answered, asked, bare Observation) Judgement {
	if asked.Request() != nil {
		answered = asked
	}
	origin := asked.Attempt.Origin()
	preflight, request := preflightStance(asked), requestStance(answered)
	switch {
	case asked.Fault == "" && asked.Block.Reason == cors.PreflightDisallowedRedirect && asked.Blocked():
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight of %s was answered %s before anything looked at the origin, which PRE-007 and PRE-008 are about.",
			origin, statusText(preflightReply(asked)))}
	case preflight == unknown:
		return inDoubt(whyUnknown(asked, "the preflight"))
	case request == unknown:
		return inDoubt(whyUnknown(answered, "the request"))
	case preflight == request:
		return conforms("the preflight %s %s, and so does the answer to the request", preflight, origin)
	case preflight == refused && needsLogin(asked.Preflight()):
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight of %s met a login (%s) before anything looked at the origin, which PRE-007 is about.",
			origin, statusText(asked.Preflight().Response))}
	case sameFailure(answered, bare):
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight %s %s, and the answer to the request is the %d of a request without a login, which is no answer about the origin.",
			preflight, origin, answered.Response().Status)}
	case preflight == accepted && failsWithoutGrant(asked):
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight accepts %s, and the answer to the request is a %d without a grant, as errors are where they are made outside of CORS (ERR-001): it does not tell what a success gets.",
			origin, asked.Request().Response.Status)}
	case preflight == refused && !declared && (!asked.Attempt.Trusted || !isSuccess(preflightReply(asked))):
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The answer to a request accepts %s; its preflight for %s was refused with %s, which may be about that header, and nobody declared that the front end sends it: declare the policy's headers, so that this can be told apart.",
			origin, quote(consentAsked(asked)), statusText(preflightReply(asked)))}
	case preflight == refused && !declared:
		return violates(Low, "the answer to a request accepts %s, but its preflight for %s is answered %d with %s: a front end that sends JSON or a token cannot work (if it sends no such header, declare the policy's headers)",
			origin, quote(consentAsked(asked)), preflightReply(asked).Status, grantText(preflightReply(asked))).withProof(asked).binding(Should)
	}
	j := violates(Low, "the preflight %s %s (%s), but the answer to the request %s it (%s)", preflight, origin,
		grantText(asked.Preflight().Response), request, grantText(answered.Response())).withProof(asked)
	if preflight == accepted && asked.Attempt.Trusted { // which is then locked out, and no other let in
		j.FollowsFrom = "TRU-001"
	}
	return j
}

func consentAsked(o Observation) string {
	asked, _ := o.Preflight().Request.Headers.Get(cors.HeaderRequestHeaders)
	return asked
}

// preflightStance counts refusals of the method, a header or the status as
// accepting the origin: Chrome looks at the origin first.
func preflightStance(o Observation) stance {
	if o.Fault != "" || o.Preflight() == nil || o.Preflight().Response == nil {
		return unknown
	}
	switch o.Block.Reason {
	case cors.MethodDisallowedByPreflightResponse, cors.HeaderDisallowedByPreflightResponse,
		cors.InvalidAllowMethodsPreflightResponse, cors.InvalidAllowHeadersPreflightResponse, cors.PreflightInvalidStatus:
		return accepted
	case cors.PreflightDisallowedRedirect: // before the origin
		return unknown
	}
	switch {
	case o.Request() != nil:
		return accepted
	case o.Blocked() && o.Block.Reason.IsPreflight():
		return refused
	}
	return unknown
}

func requestStance(o Observation) stance {
	switch {
	case o.Attempt.Vector == Probe:
		return byHandStance(o)
	case o.Doubt() != nil || o.Block.Reason.IsPreflight():
		return unknown
	case o.Read():
		return accepted
	}
	return refused
}

// byHandStance goes by the headers of the answer. What a browser adds by itself
// needs a grant with credentials, as it did for the preflight.
func byHandStance(o Observation) stance {
	want := plainRead
	if o.Attempt.Identity.Ambient() {
		want = credentialRead
	}
	switch r := answer(o); {
	case r == nil:
		return unknown
	case grantTo(o.Attempt.Origin(), r) >= want:
		return accepted
	}
	return refused
}

func whyUnknown(o Observation, what string) *Doubt {
	if o.Block.Reason != "" {
		return o.Doubt().or(o, fmt.Sprintf("%s does not show what it makes of the origin (%s)", what, o.Block.Reason))
	}
	return o.Doubt().or(o, what+" was not seen")
}
