package scenarios

import "net/http"

func planTrustedWrites(t Target) ([]Case, string) {
	if len(t.Trusted) == 0 {
		return nil, noTrusted
	}
	var cases []Case
	for _, m := range frontEndMethods(t) {
		for _, o := range t.Trusted {
			v, e := frontEnd(t, o, used(t)[0]), endpointFor(t, m)
			cases = append(cases, single(v.subject(e), v.write(e), judgeTrustedWrite))
		}
	}
	return planned(cases, noFrontEndMethods(t))
}

// judgeTrustedWrite judges as far as the tap let the request go.
func judgeTrustedWrite(o Observation) Judgement {
	origin, method := o.Attempt.Origin(), o.Attempt.Method
	x, asked := o.Request(), o.Preflight()
	switch {
	case o.Fault != "":
		return inDoubt(o.Doubt())
	case o.Blocked():
		return violates(Low, "Chrome blocked %s from %s at %s (%s; it has %s)", method, origin, blockedReply(o), o.Block.Reason, grantText(lastReply(o)))
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
