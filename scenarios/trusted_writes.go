package scenarios

import (
	"fmt"
	"net/http"

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
			// Nobody said that this write has a body of JSON.
			added := e.Body == "" && !hasFold(t.Policy.Headers, "Content-Type") && v.write(e).Headers.Has("Content-Type")
			judge := func(o Observation) Judgement { return judgeTrustedWrite(added, o) }
			cases = append(cases, single(v.subject(e), v.write(e), judge))
		}
	}
	return planned(cases, noFrontEndMethods(t))
}

// judgeTrustedWrite judges as far as the tap let the request go. added says that the
// Content-Type of JSON, for which the preflight asks, is Crossexam's own.
func judgeTrustedWrite(added bool, o Observation) Judgement {
	origin, method := o.Attempt.Origin(), o.Attempt.Method
	x, asked := o.Request(), o.Preflight()
	switch {
	case o.Fault != "":
		return inDoubt(o.Doubt())
	case o.Blocked() && added && o.Block.Reason == cors.HeaderDisallowedByPreflightResponse:
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight of %s for %s was refused for a Content-Type of JSON (%s), which Crossexam added: declare the policy's headers, or the body of this write.",
			origin, method, headerText(lastReply(o), cors.HeaderAllowHeaders))}
	case o.Blocked():
		return violates(Low, "Chrome blocked %s from %s at %s (%s; it has %s)", method, origin, blockedReply(o), o.Block.Reason, grantText(lastReply(o))).ifAtLogin(o)
	case x != nil && (asked == nil || asked.Response == nil):
		return cannotTell("%s from %s left the browser without a preflight, so that nothing shows what the target makes of it", method, origin)
	case x != nil && x.Withheld:
		return conforms("the preflight for %s from %s was approved (%s) and the request left the browser; it was withheld from the target, so its answer was not judged",
			method, origin, grantText(asked.Response))
	}
	if doubt := o.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	switch o.Page.Status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return cannotTell("the target does not know the method: it answered %s from %s with %d", method, origin, o.Page.Status)
	}
	return conforms("the preflight for %s from %s was approved, and the page read the %d reply", method, origin, o.Page.Status)
}
