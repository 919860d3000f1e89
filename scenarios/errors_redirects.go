package scenarios

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

const (
	fixLoginRedirect = "Have the proxy answer requests of the API with 401 and the CORS headers instead of a redirect to the login " +
		"(oauth2-proxy: --api-route; nginx: error_page 401 with add_header ... always): fetch follows a redirect by itself, and a login page grants nobody."
	fixForwardedProto = "Tell the application that it is reached over https: have the proxy send X-Forwarded-Proto, and the application trust it " +
		"(uvicorn --proxy-headers --forwarded-allow-ips; Django SECURE_PROXY_SSL_HEADER; Express trust proxy). Until then its redirects lead to http://, which browsers block as mixed content."
)

func isRedirect(status int) bool { return status >= 300 && status <= 399 }

// judgeRedirectedError takes the front end's request where the target answers with a
// redirect in the place of an error.
func judgeRedirectedError(r ErrorRecipe, o Observation) Judgement {
	origin, first := o.Attempt.Origin(), firstReply(o)
	doubt := o.Doubt()
	switch {
	case o.Fault != "":
		return inDoubt(doubt)
	case first == nil && doubt != nil:
		return inDoubt(doubt)
	case first == nil:
		return unmet(r, unprovoked(r.Status, o))
	case first.Status != r.Status:
		return unmet(r, fmt.Sprintf("asked for %d, got %d", r.Status, first.Status))
	case o.Read():
		return conforms("%s followed the %s, and read the %d reply there", origin, statusText(first), o.Page.Status)
	case o.Blocked():
		j := violates(Low, "without the login the target answers %s with %s, which Chrome hid from it (%s; the last reply has %s), so that it cannot tell its user to log in",
			origin, statusText(first), o.Block.Reason, grantText(o.Response()))
		j.Fix = fixLoginRedirect
		return j
	}
	return unmet(r, fmt.Sprintf("the target answers %s with %s, which was not followed from here: %s", origin, statusText(first), doubt))
}

// forJSON is the request of a front end that says that it wants JSON, where the attempt does
// not say what it wants: many applications redirect to a login only who may be a browser's
// window.
func forJSON(a Attempt) (Attempt, bool) {
	if a.Headers.Has("Accept") {
		return a, false
	}
	a.Headers = append(slices.Clone(a.Headers), cors.Header{Name: "Accept", Value: "application/json"})
	return a, true
}

// onJSON is the judgement on a redirect to the login that a front end cannot read, where it
// can read the error that it gets when it says that it wants JSON.
func (j Judgement) onJSON(asked Observation) Judgement {
	if j.Verdict != Violates || !asked.Read() || asked.Page.Status < 400 {
		return j
	}
	j.Reason += fmt.Sprintf("; a front end that says Accept: application/json reads a %d in its place", asked.Page.Status)
	j.Fix = "Have the front end say Accept: application/json with each request, or the API answer 401 whatever is accepted: fetch says */*, and follows a redirect to a login page, which grants nobody."
	return j.binding(Should)
}

// firstReply is the target's answer to the request before any redirect, or nil.
func firstReply(o Observation) *cors.Response {
	for _, x := range o.Exchanges {
		if !x.Request.IsPreflight() {
			return x.Response
		}
	}
	return nil
}

// downgrade is the redirect from https to the same host over http that ended an attempt,
// or nil: the application does not know that it stands behind a proxy.
func downgrade(o Observation) *cors.Response {
	if o.Fault != "" || len(o.Exchanges) == 0 {
		return nil
	}
	last := o.Exchanges[len(o.Exchanges)-1]
	if last.Response == nil || !isRedirect(last.Response.Status) {
		return nil
	}
	to, _ := last.Response.Headers.Get("Location")
	from, err := url.Parse(last.Request.URL)
	if err != nil {
		return nil
	}
	dest, err := url.Parse(strings.TrimSpace(to))
	if err != nil || from.Scheme != "https" || dest.Scheme != "http" || !strings.EqualFold(from.Hostname(), dest.Hostname()) {
		return nil
	}
	return last.Response
}
