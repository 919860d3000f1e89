package scenarios

import (
	"fmt"
	"slices"

	"github.com/crossexam/crossexam/cors"
)

// credentials is the family CRD: what the browser adds to requests by itself.
func credentials() []Scenario {
	return []Scenario{
		{
			ID:       "CRD-001",
			Title:    "Session cookies are Secure, HttpOnly, and not SameSite=None unless a front end of another site needs them",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{asvs5("3.3.2"), hardeningStep("step 2")},
			Fix: "Set the cookie with Secure; HttpOnly; SameSite=Lax, or Strict. " +
				"If the front end is on another site and needs SameSite=None, declare that the target needs cross-site cookies.",
			Plan: ofIntention(planSessionCookies),
		},
		{
			ID:       "CRD-002",
			Title:    "A page on a sibling subdomain cannot read a private endpoint with the victim's cookie",
			Level:    Must,
			Topic:    Reading,
			Attacker: SubdomainPage,
			Guidance: []Guidance{asvs5("3.4.2"), hardeningStep("step 1"), cwe("942"), chen2018()},
			Fix: "List the exact origins of the front end instead of a pattern for the whole domain. SameSite cookies " +
				"do not help here: a page on a taken-over subdomain is the same site.",
			Plan: planSibling,
		},
		{
			ID:       "CRD-003",
			Title:    "Access-Control-Allow-Credentials is absent where the front end sends a token or key in a header",
			Level:    Must,
			Topic:    Reading,
			Guidance: []Guidance{hardeningStep("step 2"), fetchStandard("cors-protocol-and-credentials")},
			Fix: "Leave Access-Control-Allow-Credentials out, in the application and in the proxy: " +
				"what the front end sets in a header needs no credentials mode.",
			Plan: planBearerOnly,
		},
		{
			ID:    "CRD-004",
			Title: "An origin that is not trusted never gets Access-Control-Allow-Credentials: true",
			Level: Must,
			Topic: Reading,
			Guidance: []Guidance{
				hardeningStep("step 1"), hardeningStep("step 2"), fetchStandard("cors-protocol-and-credentials"), asvs5("3.4.2"),
			},
			Fix:  "Send Access-Control-Allow-Credentials only together with the Access-Control-Allow-Origin of a listed origin.",
			Plan: planUntrustedCredentials,
		},
		{
			ID:       "CRD-005",
			Title:    "Access-Control-Allow-Credentials is exactly true or absent",
			Level:    Must,
			Topic:    Reading,
			Guidance: []Guidance{fetchStandard("http-new-header-syntax"), fetchStandard("cors-check")},
			Fix: "Write the value as true, in lower case and on one line, or leave the header out: browsers compare it letter by letter. " +
				"If proxy and application both add it, let only one of them do so.",
			Plan: planCredentialsSyntax,
		},
	}
}

func planSibling(t Target) ([]Case, string) {
	page, ok := sibling(t)
	switch {
	case !t.Has(Cookie):
		return nil, "The victim has no cookie."
	case !ok:
		return nil, "The target's host has no registrable domain, so it has no sibling of the same site."
	}
	if t.Trusts(page) {
		return nil, "A page on a sibling subdomain is trusted, by the pattern that was declared."
	}
	cookies := slices.DeleteFunc(t.Ambient(), func(c Credential) bool { return !c.Includes(Cookie) })
	return thefts(visit{target: t, page: page}, cookies, Fetch)
}

func planBearerOnly(t Target) ([]Case, string) {
	switch {
	case t.Policy.Credentials == NoCredentials:
	case len(t.Ambient()) > 0:
		return nil, "The target takes a credential that the browser sends by itself, so its front end needs the header."
	case !slices.ContainsFunc(t.Credentials, Credential.OfFrontEnd):
		return nil, "The front end has no token or key of its own to send."
	}
	return planned(repliesToEveryone(t, func(obs Observations) Judgement { return judgeNoAllowCredentials(t.Trusted, obs) }), noReads)
}

func planCredentialsSyntax(t Target) ([]Case, string) {
	return planned(repliesToEveryone(t, judgeCredentialsSyntax), noReads)
}

// repliesToEveryone has a case for the attacker and for each trusted origin, with
// the answers to a request and to a preflight.
func repliesToEveryone(t Target, judge func(Observations) Judgement) []Case {
	var cases []Case
	for _, e := range t.Reads() {
		for _, v := range everyone(t) {
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: []Attempt{v.read(e), v.preflighted(e)},
				Judge:    judge,
			})
		}
	}
	return cases
}

// judgeNoAllowCredentials: the header grants something only beside an origin, and to
// those that are listed no more than the operator wants to give them.
func judgeNoAllowCredentials(trusted []cors.Origin, obs Observations) Judgement {
	judge := func(harmful bool) Judgement {
		return judgeReplies(obs, "no reply has the header", func(r *cors.Response) string {
			if r.Headers.Has(cors.HeaderAllowCredentials) && (!harmful || !grantsNobodyElse(trusted, r)) {
				return "has " + grantText(r)
			}
			return ""
		})
	}
	if j := judge(true); j.Verdict == Violates {
		return j
	}
	return judge(false).binding(Should)
}

func judgeCredentialsSyntax(obs Observations) Judgement {
	// To browsers any other value is none (Fetch standard, #cors-check): it grants nobody
	// anything, and a front end that needs it is told so by TRU-001.
	return judgeReplies(obs, "the header is true or absent in each reply", func(r *cors.Response) string {
		switch vs := r.Headers.Values(cors.HeaderAllowCredentials); {
		case len(vs) > 1:
			return fmt.Sprintf("has %d lines of Access-Control-Allow-Credentials", len(vs))
		case len(vs) == 1 && vs[0] != "true":
			return "has Access-Control-Allow-Credentials: " + quote(vs[0])
		}
		return ""
	}).binding(Should)
}

func planUntrustedCredentials(t Target) ([]Case, string) {
	var cases []Case
	for _, e := range t.Reads() {
		for _, c := range exposed(t) {
			v := attack(t, c)
			read, controls := v.read(e), v.controls(v.page, e)
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: controls.after(read),
				Judge: func(obs Observations) Judgement {
					return judgeUntrustedCredentials(controls.of(c, reach(t, v.page), obs.Of(read), obs), frontEnds(t))
				},
			})
		}
	}
	return planned(cases, noReads)
}

// refusesOrigin reports whether a reply to a victim may be the policy's own refusal of the
// Origin: of this request, and neither for want of a login nor a limiter's.
func refusesOrigin(r *cors.Response) bool {
	return r != nil && r.Status/100 == 4 && r.Status != 401 && r.Status != 407 && !r.IsLimited()
}

// grantsNobodyElse reports whether a reply with Access-Control-Allow-Credentials grants
// what it says to none but trusted origins: browsers take one line with one origin, and
// with credentials neither "*" nor a list (Fetch standard, #cors-check).
func grantsNobodyElse(trusted []cors.Origin, r *cors.Response) bool {
	named := r.Headers.Values(cors.HeaderAllowOrigin)
	if len(named) != 1 {
		return true
	}
	o, _ := cors.ParseOrigin(named[0])
	return !isSerializedOrigin(named[0]) || slices.Contains(trusted, o)
}

// judgeUntrustedCredentials takes the attacker's read and the controls. It looks at
// the read alone: preflights are the family PRE, and what comes for want of a
// credential is ERR.
//
// Alone, or beside a trusted origin that stands there for everybody, the header
// grants nothing: common servers (Starlette, Express's cors) send it so with a right
// list, where their users cannot mend it, so that it is only advised against. Nor does
// it beside "*", which WLD-004 is about; what a front end lacks then is TRU's to say.
func judgeUntrustedCredentials(ev evidence, trusted []cors.Origin) Judgement {
	read := ev.read
	if doubt := silence(read); doubt != nil {
		return inDoubt(doubt)
	}
	origin, r := read.Attempt.Origin(), read.Response()
	if byHand := answer(ev.byHand); r == nil && read.Block.Reason.IsPreflight() && (isSuccess(byHand) || refusesOrigin(byHand)) {
		r = byHand // which got there all the same
	}
	switch {
	case r == nil:
		return cannotTell("the target did not answer the request itself").until(LacksAnswer)
	case !hasLine(r, cors.HeaderAllowCredentials, "true"):
		return conforms("the %d reply to %s has no Access-Control-Allow-Credentials: true", r.Status, origin)
	case grantsNobodyElse(trusted, r):
		j := violates(Low, "the %d reply to %s has %s, which grants it nothing and does no harm by itself", r.Status, origin, grantText(r))
		j.Level = Should
		return j
	case hasLine(r, cors.HeaderAllowOrigin, "null"): // as a word for nobody
		j := violates(Low, "the %d reply to %s has %s, which is a grant to the pages of origin null (see NUL-001)", r.Status, origin, grantText(r))
		j.FollowsFrom = "NUL-001"
		return j
	case grantTo(origin, r) < credentialRead: // and so to another origin that is not trusted
		return violates(Low, "the %d reply to %s has %s, which browsers do not take for a grant to it", r.Status, origin, grantText(r))
	}
	if !ev.cred.Ambient() && !ev.cred.ofPlace() {
		return violates(ev.gravity(), "the %d reply to %s has %s; no page has the token that opens the API today, and each page reads the API as soon as a cookie or the login of a proxy opens it as well",
			r.Status, origin, grantText(r))
	}
	return violates(ev.gravity(), "the %d reply to %s has %s", r.Status, origin, grantText(r))
}
