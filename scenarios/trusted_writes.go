package scenarios

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

func planTrustedWrites(t Target) ([]Case, string) {
	if len(t.Trusted) == 0 {
		return nil, noTrusted
	}
	var cases []Case
	for _, m := range frontEndMethods(t) {
		for _, o := range t.Trusted {
			v, e := frontEnd(t, o, used(t)[0]), endpointFor(t, m)
			a := v.write(e)
			if !a.needsPreflight() {
				continue // the front end needs no consent
			}
			ours := t.Policy.Headers == nil && e.Body == "" && len(e.Headers) == 0 && a.Headers.Has("Content-Type")
			cases = append(cases, single(v.subject(e), a, func(o Observation) Judgement { return judgeTrustedWrite(ours, o) }))
		}
	}
	if methods := frontEndMethods(t); len(methods) > 0 {
		return planned(cases, "Browsers do not ask for "+strings.Join(methods, ", ")+" without a header that needs consent, and by its policy the front end sets none.")
	}
	return planned(cases, noFrontEndMethods(t))
}

// judgeTrustedWrite judges as far as the tap let the request go. ours says that nobody
// declared the Content-Type for which the browser asks: a refusal may be about that.
func judgeTrustedWrite(ours bool, o Observation) Judgement {
	origin, method := o.Attempt.Origin(), o.Attempt.Method
	x, asked := o.Request(), o.Preflight()
	switch {
	case o.Fault != "":
		return inDoubt(o.Doubt())
	case o.Blocked() && ours && o.Block.Reason == cors.HeaderDisallowedByPreflightResponse:
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight of %s for %s was refused for %s (%s), which Crossexam added: declare the policy's headers, or the body of this write.",
			origin, method, quote(consentAsked(o)), o.Block.Reason)}
	case o.Blocked() && ours && mayBeTheHeader(o):
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight of %s for %s with %s was refused (%s), which may be about the header, and Crossexam added that: declare the policy's headers, or the body of this write. TRU-001 and PRE-006 say whether the origin is refused.",
			origin, method, quote(consentAsked(o)), o.Block.Reason)}
	case x != nil && failsWithoutGrant(o):
		return cannotTell("the preflight for %s from %s was approved, and the request was answered %d without a grant, as errors are where they are made outside of CORS (ERR-001): a success would tell; declare a body that is accepted",
			method, origin, x.Response.Status).until(LacksSuccess)
	case o.Blocked():
		return violates(Low, "Chrome blocked %s from %s at %s (%s; it has %s)", method, origin, blockedReply(o), o.Block.Reason, grantText(lastReply(o))).ifAtLogin(o)
	case x != nil && (asked == nil || asked.Response == nil):
		return cannotTell("%s from %s left the browser without a preflight, so that nothing shows what the target makes of it", method, origin).until(LacksEvidence)
	case x != nil && x.Withheld:
		return conforms("the preflight for %s from %s was approved (%s) and the request left the browser; it was withheld from the target, so its answer was not judged",
			method, origin, grantText(asked.Response))
	}
	if doubt := o.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	switch o.Page.Status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return cannotTell("the target does not know the method: it answered %s from %s with %d", method, origin, o.Page.Status).until(LacksMethod)
	}
	return conforms("the preflight for %s from %s was approved, and the page read the %d reply", method, origin, o.Page.Status)
}

// failsWithoutGrant reports whether the answer to a request that its preflight let
// through is an error without any grant, of which ERR-001 speaks: it does not tell what
// a success gets. Refusals and logins are answers about the origin or the credential.
func failsWithoutGrant(o Observation) bool {
	x := o.Request()
	if x == nil || x.Response == nil || x.Response.Headers.Has(cors.HeaderAllowOrigin) || !o.Blocked() || o.Block.Reason.IsPreflight() {
		return false
	}
	switch s := x.Response.Status; s {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return false
	default:
		return s >= 400
	}
}

// mayBeTheHeader reports whether a preflight may have been refused for the headers that
// it asks for: the target says so, or refuses without a word on the method or a login.
func mayBeTheHeader(o Observation) bool {
	switch o.Block.Reason {
	case cors.HeaderDisallowedByPreflightResponse:
		return true
	case cors.MethodDisallowedByPreflightResponse:
		return false
	}
	r := preflightReply(o)
	return o.Block.Reason.IsPreflight() && r != nil && r.Status < 500 && !needsLogin(o.Preflight()) && grantTo(o.Attempt.Origin(), r) == nothing
}
