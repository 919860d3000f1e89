package scenarios

import (
	"fmt"
	"net/http"
)

// errorResponses is the family ERR: replies that other layers make than those
// that make a success.
func errorResponses() []Scenario {
	return []Scenario{
		{
			ID:       "ERR-001",
			Title:    "A trusted origin can read the status and body of the application's errors",
			Level:    Must,
			Guidance: []Guidance{hardeningStep("section on errors"), hardeningStep("section on placement"), fetchStandard("cors-check")},
			Fix: "Run CORS outside authentication and error handling: add CORSMiddleware last, so that it is outermost. " +
				"In nginx, write add_header with always, or errors lose the headers.",
			Plan: planReadableErrors,
		},
		{
			ID:       "ERR-002",
			Title:    "An arbitrary origin can read none of the application's errors",
			Level:    Must,
			Guidance: []Guidance{hardeningStep("section on errors"), hardeningStep("step 1"), asvs5("3.4.2"), cwe("942")},
			Fix: "Let exception handlers and error pages use the same list of origins as successes do: " +
				"remove Access-Control-Allow-Origin headers that they add by hand.",
			Plan: planHiddenErrors,
		},
		{
			ID:       "ERR-003",
			Title:    "An error grants no more than a success does",
			Level:    Must,
			Guidance: []Guidance{hardeningStep("section on errors"), hardeningStep("step 3"), fetchStandard("cors-protocol-and-credentials"), cwe("942")},
			Fix:      "Remove CORS headers from exception handlers, nginx error_page blocks and the like, and let the one CORS layer add them to every reply.",
			Plan:     planModestErrors,
		},
	}
}

func planReadableErrors(t Target) ([]Case, string) {
	var cases []Case
	for _, p := range provocations(t) {
		for _, o := range t.Trusted {
			if p.Unhandled {
				continue // ERR-004 is about those
			}
			v := frontEnd(t, o, used(t)[0])
			cases = append(cases, Case{
				Subject:  p.subject(v),
				Attempts: []Attempt{v.provoke(p.ErrorRecipe)},
				Judge:    func(obs []Observation) Judgement { return judgeReadableError(p.Status, obs[0]) },
			})
		}
	}
	if len(t.Trusted) == 0 {
		return nil, noTrusted
	}
	return planned(cases, noProvocations(t))
}

func judgeReadableError(want int, o Observation) Judgement {
	if why := o.Inconclusive(); why != "" {
		return cannotTell("%s", why)
	}
	if why := unprovoked(want, o); why != "" {
		return cannotTell("%s", why)
	}
	origin := o.Attempt.Origin()
	switch {
	case o.Blocked():
		return violates(Low, "Chrome hid the %d reply from %s (%s; the reply has %s)", want, origin, o.Block.Reason, grantText(o.Response()))
	case o.Page.Status != want:
		return cannotTell("the page saw %d where the target answered %d", o.Page.Status, want)
	}
	return conforms("%s read the %d reply, %d bytes of body", origin, want, len(o.Page.Body))
}

// unprovoked says why the reply is not the error that was asked for.
func unprovoked(want int, o Observation) string {
	r := o.Response()
	if r == nil {
		return fmt.Sprintf("the browser did not send the request (%s), so that no error was provoked", o.Block.Reason)
	}
	if r.Status == want {
		return ""
	}
	why := fmt.Sprintf("asked for %d, got %d", want, r.Status)
	if home := keptHome(o); home != "" {
		why += ": the cookie stayed home (" + home + ")"
	}
	return why
}

func planHiddenErrors(t Target) ([]Case, string) {
	var cases []Case
	for _, p := range provocations(t) {
		for _, c := range exposed(t) {
			if p.Anonymous && c != exposed(t)[0] {
				continue // the same attempt
			}
			v := attack(t, c)
			cases = append(cases, Case{
				Subject:  p.subject(v),
				Attempts: []Attempt{v.provoke(p.ErrorRecipe)},
				Judge:    func(obs []Observation) Judgement { return judgeHiddenError(c, p.Status, obs[0]) },
			})
		}
	}
	return planned(cases, noProvocations(t))
}

func judgeHiddenError(c Credential, want int, o Observation) Judgement {
	if why := o.Inconclusive(); why != "" {
		return cannotTell("%s", why)
	}
	origin, r := o.Attempt.Origin(), o.Response()
	switch why := unprovoked(want, o); {
	case o.Blocked() && o.Block.Reason.IsPreflight():
		return conforms("the preflight of %s was refused, and nothing was sent (%s)", origin, o.Block.Reason)
	case o.Read() && r != nil && r.Status >= 400:
		return violates(Low, "%s read the %d reply (%s)", origin, r.Status, grantText(r))
	case o.Read():
		return cannotTell("%s read the reply, but it was no error: %s", origin, why)
	case why == "", keptHome(o) != "", r.Status == http.StatusForbidden, c == Anonymous && r.Status == http.StatusUnauthorized:
		// The attacker cannot get the error itself, and not what comes instead.
		return conforms("Chrome blocked the read of the %d reply (%s)", r.Status, reasons(o, why))
	default:
		return cannotTell("Chrome blocked the read (%s), but the error was not provoked: %s", o.Block.Reason, why)
	}
}

// reasons joins Chrome's reason and what else there is to say.
func reasons(o Observation, more string) string {
	if more == "" {
		return string(o.Block.Reason)
	}
	return string(o.Block.Reason) + "; " + more
}
