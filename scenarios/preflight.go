package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// preflights is the family PRE: what the browser asks for before a request that
// no form could make.
func preflights() []Scenario {
	return []Scenario{
		{
			ID:       "PRE-001",
			Title:    "A preflight from an arbitrary origin is refused for every method beyond GET, HEAD and POST",
			Level:    Must,
			Topic:    Writing,
			Guidance: []Guidance{hardeningStep("step 1"), hardeningStep("step 3"), fetchStandard("cors-preflight-fetch"), asvs5("3.5.2")},
			Fix: "List the front end's origins instead of \"*\"; a preflight from any other origin must get no Access-Control-Allow-Origin. " +
				"Where nginx answers OPTIONS itself, its answer must follow the same list.",
			Plan: planAttackerMethods,
		},
		{
			ID:       "PRE-002",
			Title:    "A preflight from an arbitrary origin is refused for Authorization, a JSON body and any other header that needs one",
			Level:    Must,
			Topic:    Writing,
			Guidance: []Guidance{hardeningStep("step 1"), hardeningStep("step 3"), fetchStandard("cors-preflight-fetch"), asvs5("3.5.2")},
			Fix: "Answer preflights by the list of the front end's origins whatever headers they ask for: a rule that lets OPTIONS pass because a token or a JSON body comes with the request lets every page make that request. " +
				"Where nginx answers OPTIONS itself, its answer must follow the same list.",
			Plan: planAttackerHeaders,
		},
		{
			ID:       "PRE-003",
			Title:    "No state-changing request of an arbitrary origin leaves the browser",
			Level:    Must,
			Topic:    Writing,
			Attacker: AnySite,
			Guidance: []Guidance{asvs5("3.5.1"), asvs5("3.5.2"), asvs5("3.5.3"), fetchStandard("cors-preflight-fetch"), cwe("346")},
			Fix: "Approve preflights of the listed origins only: once a preflight is approved the write happens, " +
				"even if the page cannot read the answer.",
			Plan: planAttackerWrites,
		},
		{
			ID:       "PRE-004",
			Title:    "A preflight of a trusted origin is approved for the methods of the policy and no other",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{hardeningStep("step 3"), fetchStandard("cors-preflight-fetch"), fetchStandard("methods")},
			Fix:      "List in Access-Control-Allow-Methods the methods that the front end uses, and no others.",
			Plan:     ofIntention(planPolicyMethods),
		},
		{
			ID:       "PRE-005",
			Title:    "A preflight of a trusted origin is approved for the headers of the policy and no other",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{hardeningStep("step 3"), fetchStandard("cors-preflight-fetch"), fetchStandard("http-new-header-syntax")},
			Fix: "List in Access-Control-Allow-Headers the headers that the front end sends, and no others. " +
				"Write Authorization out: by the Fetch standard \"*\" does not cover it.",
			Plan: ofIntention(planPolicyHeaders),
		},
		{
			ID:       "PRE-006",
			Title:    "Preflight and request agree on which origins are accepted",
			Level:    Must,
			Topic:    Hygiene,
			Guidance: []Guidance{fetchStandard("cors-preflight-fetch"), fetchStandard("cors-check"), hardeningStep("step 1")},
			Fix:      "Let one place, the application or the proxy, answer both the OPTIONS request and the request itself from one list of origins.",
			Plan:     planAgreement,
		},
		{
			ID:              "PRE-007",
			Title:           "A preflight of a trusted origin is answered without a login",
			Level:           Must,
			Topic:           Hygiene,
			StopsPreflights: true,
			Guidance:        []Guidance{fetchStandard("cors-protocol-and-credentials"), fetchStandard("cors-preflight-fetch"), hardeningStep("section on placement")},
			Fix: "Run CORS before authentication, in the proxy too, and let the login skip OPTIONS. " +
				"Browsers send preflights without credentials.",
			Plan: ofIntention(planPreflightWithoutLogin),
		},
		{
			ID:              "PRE-008",
			Title:           "A preflight is answered with a 2xx and does not run the endpoint's handler",
			Level:           Must,
			Topic:           Hygiene,
			StopsPreflights: true,
			Guidance:        []Guidance{fetchStandard("cors-preflight-fetch"), hardeningStep("section on placement")},
			Fix: "Let the CORS layer answer preflights itself, before routing, redirects and handlers. " +
				"A catch-all route that serves OPTIONS like GET does the endpoint's work for anyone.",
			Plan: ofIntention(planPreflightReply),
		},
		{
			ID:       "PRE-009",
			Title:    "Access-Control-Max-Age is a number of seconds, at most a day",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{fetchStandard("cors-preflight-cache"), fetchStandard("http-new-header-syntax")},
			Fix: "Set Access-Control-Max-Age to a whole number of seconds such as 600: as long as browsers keep an answer, a policy that was mended does not reach them. " +
				"If proxy and application both add the header, let only one of them do so.",
			Plan: planMaxAge,
		},
		{
			ID:       "PRE-010",
			Title:    "A preflight on a route that does not exist is answered no more openly than on a known one",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{fetchStandard("cors-preflight-fetch"), hardeningStep("step 1"), hardeningStep("section on placement")},
			Fix: "Let one CORS layer answer preflights for every path from one list. A default server, a catch-all location or a 404 handler of its own " +
				"must not add Access-Control headers by hand.",
			Plan: planUnknownRoutes,
		},
	}
}

func planAttackerMethods(t Target) ([]Case, string) {
	methods := without(usedMethods(t), "POST")
	if len(methods) == 0 {
		methods = []string{"PUT", "DELETE", "PATCH"}
	}
	return attackerWrites(t, methods, judgeAttackerMethod), ""
}

func planAttackerWrites(t Target) ([]Case, string) {
	if c := exposed(t)[0]; !c.Ambient() && !c.ofPlace() {
		return nil, "The victim has nothing that the browser sends by itself: what a page can send, any program can send."
	}
	methods := usedMethods(t)
	if len(methods) == 0 {
		methods = []string{"POST", "PUT", "DELETE", "PATCH"}
	}
	return attackerWrites(t, methods, judgeAttackerWrite), ""
}

type writeJudge func(c Credential, reach Severity, o Observation) Judgement

func attackerWrites(t Target, methods []string, judge writeJudge) []Case {
	var cases []Case
	for _, m := range methods {
		for _, c := range exposed(t) {
			v, e := attack(t, c), endpointFor(t, m)
			judge := func(o Observation) Judgement { return judge(c, reach(t, v.page), o).withoutToken(t.tokenHeader(), o) }
			cases = append(cases, single(v.subject(e), v.write(e), judge))
		}
	}
	return cases
}

// tokenHeader is the header with which the front end proves that a request is its own,
// as far as its name tells (OWASP CSRF Prevention, custom request headers), or because what
// the browser adds opens nothing without it, as WordPress has it with X-WP-Nonce; empty for
// none.
func (t Target) tokenHeader() string {
	i := slices.IndexFunc(t.CredentialHeaders, func(name string) bool {
		name = strings.ToLower(name)
		return strings.Contains(name, "csrf") || strings.Contains(name, "xsrf")
	})
	together := len(t.Credentials) > 0 && !slices.ContainsFunc(t.Credentials, func(c Credential) bool { return !c.Includes(Header) || c.OfBrowser() == Anonymous })
	switch {
	case i >= 0:
		return t.CredentialHeaders[i]
	case together && len(t.CredentialHeaders) > 0:
		return t.CredentialHeaders[0]
	}
	return ""
}

// withoutToken has a write that Crossexam withheld bind less where it lacked the front
// end's token: what the target would have answered is not known, and no page of another
// origin has the token unless it can read the API, which other requirements are about.
func (j Judgement) withoutToken(header string, o Observation) Judgement {
	if x := o.Request(); header == "" || j.Verdict != Violates || x == nil || !x.Withheld {
		return j
	}
	j.Severity = Medium.atMost(j.Severity)
	j.Reason += "; it lacked the front end's " + header + ", which a page of another origin does not know"
	return j.binding(Should)
}

func judgeAttackerMethod(c Credential, reach Severity, o Observation) Judgement {
	return judgeWrite(c, reach, o, "the preflight for %s from %s was approved, and the request followed: %s")
}

func judgeAttackerWrite(c Credential, reach Severity, o Observation) Judgement {
	return judgeWrite(c, reach, o, "%s from %s left the browser: %s")
}

// judgeWrite judges what an attacker's request shows once it is out, or that it
// stayed in. accusation takes the method, the origin and the circumstances.
func judgeWrite(c Credential, reach Severity, o Observation, accusation string) Judgement {
	if o.Fault != "" {
		return inDoubt(o.Doubt())
	}
	origin, method := o.Attempt.Origin(), o.Attempt.Method
	if o.Blocked() && o.Block.Reason.IsPreflight() {
		return conforms("the preflight for %s from %s was refused (%s), and nothing was sent", method, origin, o.Block.Reason)
	}
	x := o.Request()
	if x == nil {
		return inDoubt(o.Doubt())
	}
	severity, circumstances := writeGravity(c, reach, o)
	switch {
	case x.Withheld:
		circumstances += ", and Crossexam withheld it from the target"
	case x.Response != nil:
		circumstances += fmt.Sprintf(", and the target answered %d", x.Response.Status)
	}
	j := violates(severity, accusation, method, origin, circumstances)
	switch {
	case !c.Ambient() && !c.ofPlace():
		return j.binding(Should) // the page sends what any program could
	case refusesWrite(x.Response):
		j.Severity = Low
		return j.binding(Should)
	}
	return j
}

// refusesWrite reports whether the target refused a write for want of a right or of
// something to write to.
func refusesWrite(r *cors.Response) bool {
	return r != nil && (r.Status == 401 || r.Status == 403 || r.Status == 404 || r.Status == 405)
}

// writeGravity says what a request that left the browser could have done.
func writeGravity(c Credential, reach Severity, o Observation) (Severity, string) {
	home := sameSiteReasons(o)
	switch {
	case c.ofPlace():
		return reach, "the victim's place in the network is all it needs"
	case !c.Ambient():
		return Low, "it had no credential of the victim with it"
	case o.Credential.Sent:
		return reach, "it had the victim's " + c.noun() + " with it"
	case home != "":
		return Medium.atMost(reach), "only " + keeper(home) + " kept the cookie home (" + home + ")"
	}
	return Low, notInPlay(c, o)
}
