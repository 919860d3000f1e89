package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// errorResponses is the family ERR: replies that other layers make than those
// that make a success.
func errorResponses() []Scenario {
	return []Scenario{
		{
			ID:          "ERR-001",
			Title:       "A trusted origin can read the status and body of the application's errors",
			Level:       Must,
			Topic:       Errors,
			HidesErrors: true,
			Guidance:    []Guidance{hardeningStep("section on errors"), hardeningStep("section on placement"), fetchStandard("cors-check")},
			Fix: "Run CORS outside authentication and error handling, so that its headers are on every reply. " +
				"A gateway that refuses by itself needs them in its own replies (AWS API Gateway: the gateway responses DEFAULT_4XX and DEFAULT_5XX).",
			Plan: ofIntention(planReadableErrors),
		},
		{
			ID:       "ERR-002",
			Title:    "An arbitrary origin can read none of the application's errors",
			Level:    Must,
			Topic:    Errors,
			Attacker: AnySite,
			Guidance: []Guidance{hardeningStep("section on errors"), hardeningStep("step 1"), asvs5("3.4.2"), cwe("942")},
			Fix: "Let exception handlers and error pages use the same list of origins as successes do: " +
				"remove Access-Control-Allow-Origin headers that they add by hand.",
			Plan: planHiddenErrors,
		},
		{
			ID:       "ERR-003",
			Title:    "An error grants no more than a success does",
			Level:    Must,
			Topic:    Errors,
			Guidance: []Guidance{hardeningStep("section on errors"), hardeningStep("step 3"), fetchStandard("cors-protocol-and-credentials"), cwe("942")},
			Fix:      "Remove CORS headers from exception handlers, nginx error_page blocks and the like, and let the one CORS layer add them to every reply.",
			Plan:     planModestErrors,
		},
		{
			ID:          "ERR-004",
			Title:       "A trusted origin can read the error that an unhandled exception ends in",
			Level:       Should,
			Topic:       Errors,
			HidesErrors: true,
			Guidance:    []Guidance{hardeningStep("section on errors"), hardeningStep("section on placement"), fetchStandard("cors-check")},
			Fix:         "Catch every exception inside the CORS layer, and answer 500 there.",
			Plan:        ofIntention(planReadableCrashes),
		},
		{
			ID:          "ERR-005",
			Title:       "A trusted origin can read the errors that the reverse proxy makes, such as a 413",
			Level:       Should,
			Topic:       Errors,
			HidesErrors: true,
			Guidance:    []Guidance{hardeningStep("step 5"), hardeningStep("section on errors"), fetchStandard("cors-check")},
			Fix: "Have the proxy add the CORS headers to the errors it makes itself: in nginx an error_page for 413, 502 and 504 that leads to a location with add_header ... always and the origin from a map of the listed ones. " +
				"In HAProxy use http-after-response instead of http-response.",
			Plan: ofIntention(planReadableProxyErrors),
		},
		{
			ID:       "ERR-006",
			Title:    "An arbitrary origin can read none of the errors that the reverse proxy makes",
			Level:    Must,
			Topic:    Errors,
			Attacker: AnySite,
			Guidance: []Guidance{hardeningStep("step 5"), hardeningStep("step 1"), asvs5("3.4.2"), cwe("942")},
			Fix:      "Let the proxy's error pages answer from the same list of origins: in nginx a map of exact origins, and neither $http_origin itself nor \"*\" in the location of error_page.",
			Plan:     planHiddenProxyErrors,
		},
		{
			ID:       "ERR-007",
			Title:    "The proxy and the application do not both add CORS headers to one reply",
			Level:    Must,
			Topic:    Errors,
			Guidance: []Guidance{hardeningStep("step 5"), hardeningStep("section on placement"), fetchStandard("cors-check"), fetchStandard("http-new-header-syntax")},
			Fix: "Let one of the two add the headers: remove add_header Access-Control-* from the locations of nginx that pass on to the application, or hide the application's with proxy_hide_header. " +
				"Browsers take two Access-Control-Allow-Origin lines for none.",
			Plan: planOneLayer,
		},
	}
}

func planReadableErrors(t Target) ([]Case, string) {
	return readableErrors(t, handled, "an error of the application")
}

func planReadableCrashes(t Target) ([]Case, string) {
	return readableErrors(t, unhandled, "an error that the application does not handle")
}

func planReadableProxyErrors(t Target) ([]Case, string) {
	return readableErrors(t, ofTheProxy, "an error of the reverse proxy")
}

func readableErrors(t Target, of kind, noun string) ([]Case, string) {
	if len(t.Trusted) == 0 {
		return nil, noTrusted
	}
	var cases []Case
	for _, p := range provocations(t, of) {
		for _, o := range t.Trusted {
			v := frontEnd(t, o, used(t)[0])
			provoked, read := v.provoke(p.ErrorRecipe), v.read(firstRead(t))
			attempts := []Attempt{provoked, read}
			known, ofKnown := errorOfKnownPath(t, v, p.ErrorRecipe)
			if ofKnown {
				attempts = append(attempts, known)
			}
			asJSON, negotiable := forJSON(provoked)
			negotiable = negotiable && isRedirect(p.Status)
			if negotiable {
				attempts = append(attempts, asJSON)
			}
			cases = append(cases, Case{
				Subject:  p.subject(v),
				Attempts: attempts,
				Judge: func(obs Observations) Judgement {
					j := judgeReadableError(p.ErrorRecipe, obs.Of(provoked), obs.Of(read))
					if ofKnown && j.FollowsFrom == "" {
						j = j.onUnknownPath(obs.Of(known))
					}
					if negotiable {
						j = j.onJSON(obs.Of(asJSON))
					}
					return j
				},
			})
		}
	}
	return planned(cases, noProvocations(t, of, noun))
}

// judgeReadableError takes the error that the front end provokes, and its read of what
// should be a success.
func judgeReadableError(r ErrorRecipe, o, read Observation) Judgement {
	origin := o.Attempt.Origin()
	switch {
	case r.Unhandled && isClosed(o):
		j := violates(Low, "the target closed the connection without a reply, so that %s can read no error", origin)
		j.Fix = "Catch every panic or exception inside the CORS layer, and answer 500: a recovery middleware belongs inside of the CORS middleware, not around it."
		return j
	case isRedirect(r.Status):
		return judgeRedirectedError(r, o)
	}
	if doubt := o.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	switch why := unprovoked(r.Status, o); {
	case o.Block.Reason.IsPreflight() && read.Blocked():
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("Chrome lets %s read no success either (%s), so that no error was provoked.", origin, read.Block.Reason)}
	case why != "":
		return unmet(r, why)
	case o.Blocked():
		j := violates(Low, "Chrome hid the %d reply from %s (%s; the reply has %s)", r.Status, origin, o.Block.Reason, grantText(o.Response()))
		if read.Blocked() && grantText(lastReply(read)) == grantText(o.Response()) {
			j.FollowsFrom = "TRU-001"
			j.Reason += ", as it hid a success with the same headers (see TRU-001)"
			j.Fix = "See TRU-001: the errors have the very headers that successes have."
		}
		return j
	case o.Page.Status != r.Status:
		return cannotTell("the page saw %d where the target answered %d", o.Page.Status, r.Status).until(LacksEvidence)
	}
	return conforms("%s read the %d reply, %d bytes of body", origin, r.Status, len(o.Page.Body))
}

// errorOfKnownPath is how a front end meets another error of the application, where the
// recipe is about a path that nothing knows, and that error is of one that something does.
func errorOfKnownPath(t Target, v visit, r ErrorRecipe) (Attempt, bool) {
	if !r.Guessed || r.Path != t.UnknownPath() {
		return Attempt{}, false
	}
	for _, other := range provocations(t, answeredAsErrors(handled)) {
		if other.Path != r.Path {
			return v.provoke(other.ErrorRecipe), true
		}
	}
	return Attempt{}, false
}

// onUnknownPath is the judgement on the error of a path that nothing knows, which no front
// end asks for, where the error of a known one could be read: CORS may be set for each
// route (such as cors(options) in a route of Express).
func (j Judgement) onUnknownPath(known Observation) Judgement {
	if r := known.Response(); j.Verdict != Violates || !known.Read() || r == nil || r.Status < 400 {
		return j
	}
	j.Reason += fmt.Sprintf("; nothing is at this path, and the %d of %s, which it knows, can be read", known.Response().Status, pathOf(known.Attempt.URL))
	j.Fix = "Where CORS is set for each route, what has no route has no headers. Set it for the application as a whole, if the front end should tell a wrong path from a dead server."
	return j.binding(Should)
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
	if home := sameSiteReasons(o); home != "" {
		why += ": the cookie stayed home (" + home + ")"
	}
	return why
}

func planHiddenErrors(t Target) ([]Case, string) {
	return hiddenErrors(t, ofTheApplication, "an error of the application")
}

func planHiddenProxyErrors(t Target) ([]Case, string) {
	return hiddenErrors(t, ofTheProxy, "an error of the reverse proxy")
}

func hiddenErrors(t Target, of kind, noun string) ([]Case, string) {
	var cases []Case
	of = answeredAsErrors(of)
	for _, p := range provocations(t, of) {
		for i, c := range exposed(t) {
			if p.Anonymous && i > 0 {
				continue // the same attempt
			}
			v := attack(t, c)
			ways := v.provokeInEveryWay(p.ErrorRecipe)
			cases = append(cases, Case{
				Subject:  p.subject(v),
				Attempts: ways,
				Judge:    func(obs Observations) Judgement { return judgeHiddenErrors(c, p.ErrorRecipe, obs.each(ways)) },
			})
		}
	}
	return planned(cases, noProvocations(t, of, noun))
}

// judgeHiddenErrors takes the ways in which the attacker asks for the error. The first is
// the recipe's own; the others count where they get further.
func judgeHiddenErrors(c Credential, r ErrorRecipe, ways []Observation) Judgement {
	var js []Judgement
	for i, o := range ways {
		if r.Unhandled && isClosed(o) {
			return noReply
		}
		with := c
		if !c.ofPlace() {
			with = o.Attempt.Identity
		}
		j := judgeHiddenError(with, r, o).withProof(o)
		if i == 0 || j.Verdict == Violates || j.Doubt != nil {
			js = append(js, j)
		}
	}
	return worst(js...)
}

func judgeHiddenError(c Credential, recipe ErrorRecipe, o Observation) Judgement {
	if doubt := o.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	origin, r := o.Attempt.Origin(), o.Response()
	switch why := unprovoked(recipe.Status, o); {
	case o.Blocked() && o.Block.Reason.IsPreflight():
		return conforms("the preflight of %s was refused, and nothing was sent (%s)", origin, o.Block.Reason)
	case o.Read() && r != nil && r.Status >= 400:
		return violates(Low, "%s read the %d reply (%s)", origin, r.Status, grantText(r)).binding(errorLevel(c, o))
	case o.Read():
		return unmet(recipe, fmt.Sprintf("%s read the reply, but it was no error: %s", origin, why))
	case why == "", sameSiteReasons(o) != "", r.Status == http.StatusForbidden, c == Anonymous && r.Status == http.StatusUnauthorized:
		// The attacker cannot get the error itself, and not what comes instead.
		return conforms("Chrome blocked the read of the %d reply (%s)", r.Status, reasons(o, why))
	default:
		return unmet(recipe, fmt.Sprintf("Chrome blocked the read (%s), but the error was not provoked: %s", o.Block.Reason, why))
	}
}

// errorLevel: a reply that was asked for without anything of the victim's has nothing of
// the victim's in it.
func errorLevel(c Credential, o Observation) Level {
	if c.ofPlace() || o.Credential.Sent {
		return Must
	}
	return Should
}

// reasons joins Chrome's reason and what else there is to say.
func reasons(o Observation, more string) string {
	if more == "" {
		return string(o.Block.Reason)
	}
	return string(o.Block.Reason) + "; " + more
}

// planOneLayer looks at all that a trusted origin gets, successes and errors.
func planOneLayer(t Target) ([]Case, string) {
	e := firstRead(t)
	var cases []Case
	for _, o := range t.Trusted {
		v := frontEnd(t, o, used(t)[0])
		attempts := []Attempt{v.read(e), v.preflighted(e)}
		var crashes []Attempt
		for _, p := range provocations(t, anyError) {
			attempts = append(attempts, v.provoke(p.ErrorRecipe))
			if p.Unhandled {
				crashes = append(crashes, v.provoke(p.ErrorRecipe))
			}
		}
		cases = append(cases, Case{
			Subject:  v.subject(e),
			Attempts: attempts,
			Judge:    func(obs Observations) Judgement { return judgeOneLayer(obs.withoutClosed(crashes)) },
		})
	}
	return planned(cases, noTrusted)
}

// judgeOneLayer: browsers take two values of the first headers for none, which locks the
// front end out. Two lists are one to them, and two lifetimes none, which costs preflights.
//
// Lines that name an origin each are as often one layer's, which sends all of its list.
func judgeOneLayer(obs Observations) Judgement {
	list := false
	judge := func(names ...string) Judgement {
		return judgeReplies(obs, "no reply has a CORS header twice", func(r *cors.Response) string {
			for _, name := range names {
				vs := r.Headers.Values(name)
				if list = name == cors.HeaderAllowOrigin && areOrigins(vs); list {
					return fmt.Sprintf("has %d lines of %s, an origin each (%s), which browsers take for none", len(vs), name, quote(strings.Join(vs, " | ")))
				}
				if len(vs) > 1 {
					return fmt.Sprintf("has %d lines of %s (%s), as if two layers added it", len(vs), name, quote(strings.Join(vs, " | ")))
				}
			}
			return ""
		})
	}
	if j := judge(cors.HeaderAllowOrigin, cors.HeaderAllowCredentials); j.Verdict == Violates {
		if list {
			j.Fix = listInLines
		}
		return j
	}
	return judge(cors.HeaderAllowMethods, cors.HeaderAllowHeaders, cors.HeaderMaxAge).binding(Should)
}

// listInLines mends a list of origins that is sent as so many lines.
const listInLines = "Answer with the one origin that asks, if it is on the list, in one line: a list is compared in the code or in a map, and not sent. " +
	"If the proxy and the application each add a line, let only one of them do so."

// areOrigins reports whether these are several origins, each another one.
func areOrigins(lines []string) bool {
	for i, line := range lines {
		if !isSerializedOrigin(line) || line == "null" || slices.Contains(lines[:i], line) {
			return false
		}
	}
	return len(lines) > 1
}
