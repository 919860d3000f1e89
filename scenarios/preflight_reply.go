package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
)

func planPreflightReply(t Target) ([]Case, string) {
	return planConsent(visit.read, judgePreflightReply)(t)
}

// judgePreflightReply takes a trusted origin's request with a preflight and the
// plain one. A handler that ran shows in the preflight's body, which is then the
// endpoint's own.
func judgePreflightReply(declared bool, asked, plain Observation) Judgement {
	origin, r := asked.Attempt.Origin(), preflightReply(asked)
	if asked.Fault != "" || r == nil {
		return inDoubt(whyUnknown(asked, "a preflight"))
	}
	if !isSuccess(r) {
		return judgeFailedPreflight(declared, asked, plain)
	}
	var known *cors.Response
	for _, o := range []Observation{asked, plain} {
		got := o.Response()
		// A reply that is no longer the endpoint's, as of a bot filter that answers everything
		// by now, is none to compare with.
		if o.Fault != "" || !isSuccess(got) || got.Body == "" {
			continue
		}
		known = got
		if got.Body == r.Body {
			return violates(Low, "the %d reply to the preflight of %s has the %d bytes of body that the endpoint itself answers with: its handler ran",
				r.Status, origin, len(r.Body)).withProof(o)
		}
	}
	if name := sessionSet(asked, r); name != "" { // what makes sessions ran, and not the endpoint
		return violates(Low, "the %d reply to the preflight of %s sets the cookie %s: sessions are made before the CORS layer answers, for every preflight", r.Status, origin, quote(name)).
			mendedBy(fixSessionBeforeCORS).binding(Should)
	}
	if r.Body != "" && known == nil {
		return cannotTell("the %d reply to the preflight of %s has a body of %d bytes, and there is no reply of the endpoint to compare it with", r.Status, origin, len(r.Body)).until(LacksSuccess)
	}
	return conforms("the preflight of %s was answered %d with %d bytes of body, which are not the endpoint's", origin, r.Status, len(r.Body))
}

// judgeFailedPreflight takes the same where the preflight was not answered with a 2xx. A
// refusal of the CORS layer's own is its answer to the origin, method or header, which the
// family TRU is about.
func judgeFailedPreflight(declared bool, asked, plain Observation) Judgement {
	origin, r := asked.Attempt.Origin(), preflightReply(asked)
	j := violates(Low, "the preflight of %s was answered %s, and browsers want a 2xx", origin, statusText(r))
	switch {
	case needsLogin(asked.Preflight()):
		j.FollowsFrom = "PRE-007"
		j.Fix = "See PRE-007: the preflight meets the login."
		if isRedirect(r.Status) {
			j.Fix = fixPreflightRedirect
		}
		return j
	case r.Status == http.StatusBadRequest || r.Status == http.StatusForbidden:
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight of %s for %s was refused with %d (%s); whether the front end needs it is what TRU-002, TRU-003 and TRU-005 are about.",
			origin, quote(consentAsked(asked)), r.Status, grantText(r))}
	case plain.Blocked() && grantTo(origin, r) == nothing && grantTo(origin, lastReply(plain)) == nothing:
		j.FollowsFrom = "TRU-001"
		j.Reason += "; the request itself is granted nothing either (see TRU-001)"
	case downgrade(asked) != nil:
		j.Fix = fixForwardedProto
	}
	if !declared {
		j.Reason += ", though nobody declared that the front end needs preflights"
		return j.binding(Should)
	}
	return j
}

const fixSessionBeforeCORS = "Run the CORS layer before the one that makes sessions: browsers send preflights without cookies, and keep none of theirs."

// balancersCookies are how the names begin of cookies that what stands before an
// application sets, of its own accord and with every reply: balancers, gateways and bot
// filters. They are among the victim's where all of a browser's cookies were given.
var balancersCookies = strings.Fields(`AWSALB __cf _cfuvid cf_ INGRESSCOOKIE BIGipServer TS01 ARRAffinity ApplicationGatewayAffinity
	GCLB GCILB SERVERID incap_ses_ visid_incap_ nlbi_ ak_bmsc bm_ _abck NSC_ citrix_ns_id datadome _lb_ ROUTEID`)

// sessionSet names a cookie of the victim's that the reply sets, or is empty.
func sessionSet(o Observation, r *cors.Response) string {
	for _, line := range r.Headers.Values("Set-Cookie") {
		name, _, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || slices.ContainsFunc(balancersCookies, func(b string) bool { return strings.HasPrefix(name, b) }) {
			continue
		}
		if slices.ContainsFunc(o.Cookies, func(a CookieAttributes) bool { return a.Name == name }) {
			return name
		}
	}
	return ""
}

// longestMaxAge is a day. Browsers keep an answer for two hours (Chrome) to a day
// (Firefox) at most; more shows that the value was not meant.
const longestMaxAge = 24 * time.Hour

func planMaxAge(t Target) ([]Case, string) {
	e := firstRead(t)
	var cases []Case
	for _, v := range everyone(t) {
		if a := v.preflighted(e); a.needsPreflight() {
			cases = append(cases, single(v.subject(e), a, judgeMaxAge))
		}
	}
	return cases, ""
}

func judgeMaxAge(asked Observation) Judgement {
	origin, r := asked.Attempt.Origin(), preflightReply(asked)
	if asked.Fault != "" || r == nil {
		return inDoubt(whyUnknown(asked, "a preflight"))
	}
	value, ok := r.Headers.Get(cors.HeaderMaxAge)
	if !ok {
		return conforms("the %d reply to the preflight of %s has no Access-Control-Max-Age: browsers keep it for seconds", r.Status, origin)
	}
	switch age, ok := cors.MaxAge(r.Headers); {
	case !ok:
		return violates(Low, "the %d reply to the preflight of %s has Access-Control-Max-Age: %s, which is no number of seconds", r.Status, origin, quote(value))
	case age > longestMaxAge:
		return violates(Low, "the %d reply to the preflight of %s has Access-Control-Max-Age: %s, more than the 86400 seconds of a day", r.Status, origin, quote(value))
	}
	return conforms("the %d reply to the preflight of %s has Access-Control-Max-Age: %s", r.Status, origin, quote(value))
}

func planUnknownRoutes(t Target) ([]Case, string) {
	e, unknown := firstRead(t), Endpoint{Method: "GET", Path: t.UnknownPath()}
	var cases []Case
	for _, v := range everyone(t) {
		there, here := v.preflighted(unknown), v.preflighted(e)
		if !there.needsPreflight() || !here.needsPreflight() {
			continue
		}
		cases = append(cases, Case{
			Subject:  v.subject(unknown),
			Attempts: []Attempt{there, here},
			Judge:    func(obs Observations) Judgement { return judgeUnknownRoute(obs.Of(there), obs.Of(here)) },
		})
	}
	return cases, ""
}

// judgeUnknownRoute takes the same preflight on an unknown route and a known one.
func judgeUnknownRoute(there, here Observation) Judgement {
	for _, o := range []Observation{there, here} {
		if o.Fault != "" || preflightReply(o) == nil {
			return inDoubt(whyUnknown(o, "a preflight"))
		}
	}
	origin, unknown, known := there.Attempt.Origin(), preflightReply(there), preflightReply(here)
	if extra := beyond(origin, unknown, known); len(extra) > 0 {
		return violates(Low, "the preflight of %s on a route that does not exist gets %s, which it does not get on a known one (%s)",
			origin, strings.Join(extra, ", "), grantText(known))
	}
	return conforms("the preflight of %s gets no more on a route that does not exist (%d, %s) than on a known one (%d, %s)",
		origin, unknown.Status, grantText(unknown), known.Status, grantText(known))
}
