package scenarios

import (
	"fmt"
	"net/http"

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
		return violates(Low, "the preflight of %s, which browsers send without credentials, was answered %s", origin, statusText(r))
	case r.Status == http.StatusForbidden && !granted && sameStatusAndBody(r, answer(bare)):
		return violates(Low, "the preflight of %s was answered 403 as any request without a login is", origin)
	case isSuccess(r) && granted:
		return conforms("the preflight of %s was answered %d without a login (%s)", origin, r.Status, grantText(r))
	case isSuccess(r):
		return cannotTell("the preflight of %s was answered %d with %s: no login is in its way, but the origin is not accepted", origin, r.Status, grantText(r))
	case !declared:
		return cannotTell("the preflight of %s for %s was answered %d, which may be about the header: declare the policy's headers, so that this can be told apart",
			origin, quote(consentAsked(asked)), r.Status)
	}
	return cannotTell("the preflight of %s was answered %d with %s, which does not say whether a login is in its way", origin, r.Status, grantText(r))
}

// needsLogin reports whether a preflight was answered as requests without a login
// are: with a challenge, or a redirect to the login page.
func needsLogin(preflight *cors.Exchange) bool {
	r := preflight.Response
	switch r.Status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return true
	}
	return r.Status >= 300 && r.Status <= 399
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
