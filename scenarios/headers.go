package scenarios

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/crossexam/crossexam/cors"
)

// headerSyntax is the family HDR: the headers' own form, and caches.
func headerSyntax() []Scenario {
	return []Scenario{
		{
			ID:       "HDR-001",
			Title:    "A response has at most one Access-Control-Allow-Origin, which is * or one origin",
			Level:    Must,
			Topic:    Hygiene,
			Guidance: []Guidance{fetchStandard("http-new-header-syntax"), fetchStandard("cors-check"), chen2018()},
			Fix: "Answer with the one origin that asked, without path or trailing slash, and never with a list or a pattern. " +
				"If proxy and application both add the header, let only one of them do so (in nginx proxy_hide_header Access-Control-Allow-Origin).",
			Plan: planAllowOriginSyntax,
		},
		{
			ID:       "HDR-002",
			Title:    "A response whose grant depends on the origin says Vary: Origin",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{fetchStandard("cors-protocol-and-http-caches"), rfc("9110", "12.5.5"), rfc("9111", "4.1")},
			Fix:      "Add Vary: Origin to every reply, those to refused origins and without an Origin too.",
			Plan:     planVary,
		},
		{
			ID:       "HDR-003",
			Title:    "A response whose grant depends on a cookie or an Authorization header names it in Vary",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{fetchStandard("cors-protocol-and-http-caches"), rfc("9110", "12.5.5"), rfc("9111", "4.1")},
			Fix: "Answer every request of one origin with the same Access-Control headers, whatever credential comes along: list the origins instead of \"*\". " +
				"Or add Cookie (Authorization) to Vary.",
			Plan: planVaryCredential,
		},
		{
			ID:       "HDR-004",
			Title:    "Access-Control-Expose-Headers names nothing secret, and is not * where credentials are allowed",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{fetchStandard("http-new-header-syntax"), fetchStandard("basic-safe-cors-protocol-setup"), hardeningStep("step 3")},
			Fix: "List in Access-Control-Expose-Headers the headers that the front end reads, and take out Authorization, Set-Cookie and tokens. " +
				"With credentials \"*\" exposes nothing, and without them everything.",
			Plan: planExposedSecrets,
		},
		{
			ID:       "HDR-005",
			Title:    "A line break in the Origin header survives in no response header",
			Level:    Must,
			Topic:    Hygiene,
			Guidance: []Guidance{fetchStandard("origin-header"), fetchStandard("http-new-header-syntax"), cwe("346")},
			Fix: "Compare the Origin header with the list of origins as it came, without decoding it, and answer with the entry of the list instead of a copy of the header. " +
				"In nginx take it from a map of exact origins, and put no decoded variable such as $uri or $arg into add_header.",
			Plan: planInjection,
		},
		{
			ID:       "HDR-006",
			Title:    "A shared cache in front cannot hand the grant of one origin to another",
			Level:    Must,
			Topic:    Hygiene,
			Needs:    SharedCache,
			Guidance: []Guidance{fetchStandard("cors-protocol-and-http-caches"), rfc("9111", "4.1"), rfc("9110", "12.5.5"), chen2018()},
			Fix: "Send Vary: Origin on every reply, those without an Origin too, or keep shared caches from storing it with Cache-Control: private. " +
				"Then empty the cache: what it holds stays until it expires.",
			Plan: planSharedCache,
		},
		{
			ID:       "HDR-007",
			Title:    "A private reply may not be stored by a shared cache",
			Level:    Should,
			Topic:    Hygiene,
			Guidance: []Guidance{asvs5("14.3.2"), rfc("9111", "4.1")},
			Fix: "Send Cache-Control: no-store, or private, with every reply that depends on the login. " +
				"Without it a cache may keep a reply to a request with a cookie and give it to someone else.",
			Plan: planPrivateReplies,
		},
		{
			ID:       "HDR-008",
			Title:    "Every hop of a redirect passes the CORS check for a trusted origin, and none lets another one read",
			Level:    Must,
			Topic:    Hygiene,
			Guidance: []Guidance{fetchStandard("cors-check"), fetchStandard("cors-protocol-and-credentials"), hardeningStep("section on placement")},
			Fix: "Let the CORS layer stand outside of what redirects: the router that adds a slash, the login, the proxy's rewrites. " +
				"Or have the front end ask for the final URL.",
			Plan: planRedirects,
		},
		{
			ID:       "HDR-009",
			Title:    "A private reply does not tell its timing to other origins, and says that its type is not to be guessed",
			Level:    Info,
			Topic:    Hygiene,
			Guidance: []Guidance{asvs5("3.5.8")},
			Fix: "Leave Timing-Allow-Origin out of private replies, and send X-Content-Type-Options: nosniff; " +
				"Cross-Origin-Resource-Policy: same-site keeps other sites from embedding them where the front end is on the API's own site.",
			Plan: planResourceHeaders,
		},
	}
}

func planAllowOriginSyntax(t Target) ([]Case, string) {
	judge := func(obs Observations) Judgement { return judgeAllowOriginSyntax(t.Trusted, obs) }
	cases := repliesToEveryone(t, judge)
	for _, p := range provocations(t, anyError) {
		for _, v := range everyone(t) {
			cases = append(cases, Case{
				Subject:  p.subject(v),
				Attempts: []Attempt{v.provoke(p.ErrorRecipe)},
				Judge: func(obs Observations) Judgement {
					if p.Unhandled && isClosed(obs.All()[0]) {
						return noReply
					}
					return judge(obs)
				},
			})
		}
	}
	return planned(cases, noReads)
}

// judgeAllowOriginSyntax: what browsers take for no grant locks the front end out, and
// harms nobody where it is not the front end who gets it.
func judgeAllowOriginSyntax(trusted []cors.Origin, obs Observations) Judgement {
	fix := ""
	j := judgeReplies(obs, "no reply has a malformed Access-Control-Allow-Origin or more than one", func(r *cors.Response) string {
		switch vs := r.Headers.Values(cors.HeaderAllowOrigin); {
		case len(vs) > 1:
			return fmt.Sprintf("has %d lines of Access-Control-Allow-Origin", len(vs))
		case len(vs) == 1 && !namesSomebody(vs[0]):
			why := ""
			if why, fix = misspelling(vs[0]); why == "" {
				why = "which is neither * nor one origin"
			}
			return "has Access-Control-Allow-Origin: " + quote(vs[0]) + ", " + why
		}
		return ""
	}).mendedBy(fix)
	if !slices.Contains(trusted, obs.All()[0].Attempt.Origin()) {
		return j.binding(Should)
	}
	return j
}

// namesSomebody reports whether a value of Access-Control-Allow-Origin is one that a
// browser can take for a grant to anybody.
func namesSomebody(value string) bool { return value == "*" || isSerializedOrigin(value) }

// isSerializedOrigin follows the Fetch standard, #http-new-header-syntax. Schemes
// other than http and https (extensions, apps) have no default port to leave out.
func isSerializedOrigin(s string) bool {
	if _, err := cors.ParseOrigin(s); err == nil {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "http" && u.Scheme != "https" && u.Host != "" && s == u.Scheme+"://"+u.Host
}
