package scenarios

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

const (
	noTrusted = "No origin but the API's own is trusted, which needs no CORS."
	noAsking  = "By its policy the front end sets no header for which browsers ask, so that its reads need no preflight."
)

// planConsent asks each trusted origin's preflight, beside another request of the
// same endpoint. The judge is told whether the operator declared the header that
// the preflight asks for.
func planConsent(beside func(visit, Endpoint) Attempt, judge func(declared bool, asked, beside Observation) Judgement) func(Target) ([]Case, string) {
	return func(t Target) ([]Case, string) {
		e := firstRead(t)
		var cases []Case
		for _, o := range t.Trusted {
			v := frontEnd(t, o, used(t)[0])
			_, declared := v.consentHeader()
			asked, other := v.preflighted(e), beside(v, e)
			if !asked.needsPreflight() {
				return nil, noAsking
			}
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: []Attempt{asked, other},
				Judge:    func(obs Observations) Judgement { return judge(declared, obs.Of(asked), obs.Of(other)) },
			})
		}
		return planned(cases, noTrusted)
	}
}

func planPreflightWithoutLogin(t Target) ([]Case, string) {
	withoutLogin := func(v visit, e Endpoint) Attempt { return bare(v.target, e) }
	return planConsent(withoutLogin, judgePreflightWithoutLogin)(t)
}

// judgePreflightWithoutLogin takes a trusted origin's request with a preflight,
// and a read without credential and without Origin. declared says that the
// operator declared the header that the preflight asks for.
func judgePreflightWithoutLogin(declared bool, asked, bare Observation) Judgement {
	origin, x := asked.Attempt.Origin(), asked.Preflight()
	switch {
	case asked.Fault != "":
		return inDoubt(asked.Doubt())
	case x == nil || x.Response == nil:
		return inDoubt(whyUnknown(asked, "a preflight"))
	}
	r := x.Response
	granted := grantTo(origin, r) > nothing
	switch {
	case needsLogin(x):
		j := violates(Low, "the preflight of %s, which browsers send without credentials, was answered %s", origin, statusText(r))
		if isRedirect(r.Status) {
			j.Fix = fixPreflightRedirect
		}
		return j
	case r.Status == http.StatusForbidden && !granted && sameStatusAndBody(r, answer(bare)):
		j := violates(Low, "the preflight of %s was answered 403 as any request without a login is", origin)
		j.Fix = fixPreflightForbidden
		return j
	case isSuccess(r) && granted:
		return conforms("the preflight of %s was answered %d without a login (%s)", origin, r.Status, grantText(r))
	case isSuccess(r):
		return conforms("the preflight of %s was answered %d without a login; that it has %s is another matter (TRU-001, TRU-003, TRU-005, PRE-006)", origin, r.Status, grantText(r))
	case granted:
		return conforms("the preflight of %s was answered %d without a login, by what knows the origin (%s)", origin, r.Status, grantText(r))
	case !declared:
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight of %s for %s was answered %s, which is no login, and nobody declared that the front end sends that header.",
			origin, quote(consentAsked(asked)), statusText(r))}
	}
	return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight of %s was answered %s with %s, which is no login; that it is refused is what TRU-003 and TRU-005 are about.", origin, statusText(r), grantText(r))}
}

const (
	fixPreflightRedirect = "Let OPTIONS through before the login: browsers send preflights without the cookie, and follow no redirect of one " +
		"(oauth2-proxy: --skip-auth-preflight; nginx auth_request: a location or an if for OPTIONS that returns before it)."
	fixPreflightForbidden = "Let OPTIONS through whatever answers 403 here to requests without a login: the login itself, or a filter in front (of bots, of addresses, a firewall for web applications). " +
		"Browsers send preflights without credentials."
)

// needsLogin reports whether a preflight was answered as requests without a login
// are: with a challenge, or a redirect to the login page.
func needsLogin(preflight *cors.Exchange) bool {
	r := preflight.Response
	switch r.Status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return true
	}
	return isRedirect(r.Status) && !isDetour(preflight)
}

// ifAtLogin says of a violation that shows at a preflight which met a login that PRE-007
// explains it.
func (j Judgement) ifAtLogin(o Observation) Judgement {
	if x := o.Preflight(); x != nil && x.Response != nil && o.Block.Reason.IsPreflight() && needsLogin(x) {
		j.FollowsFrom = "PRE-007"
	}
	return j
}

// isDetour reports whether a redirect leads to the same place by another scheme, or with or
// without a slash at its end.
func isDetour(x *cors.Exchange) bool {
	location, _ := x.Response.Headers.Get("Location")
	from, err := url.Parse(x.Request.URL)
	if err != nil {
		return false
	}
	to, err := from.Parse(strings.TrimSpace(location))
	return err == nil && location != "" && strings.EqualFold(to.Hostname(), from.Hostname()) && strings.TrimSuffix(to.Path, "/") == strings.TrimSuffix(from.Path, "/")
}

func statusText(r *cors.Response) string {
	if to, ok := r.Headers.Get("Location"); ok {
		return fmt.Sprintf("%d with a redirect to %s", r.Status, quote(to))
	}
	return fmt.Sprint(r.Status)
}

func sameStatusAndBody(a, b *cors.Response) bool {
	return a != nil && b != nil && a.Status == b.Status && a.Body == b.Body
}
