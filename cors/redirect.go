package cors

import (
	"fmt"
	"slices"
	"strings"
)

// location returns where a response sends the browser (Fetch standard,
// #concept-response-location-url); ok is false when it is no redirect. A
// redirect status without a Location is an ordinary response.
func (r Response) location() (url string, ok bool) {
	switch r.Status {
	case 301, 302, 303, 307, 308:
		for _, v := range r.Headers.Values("Location") {
			if v = trim(v); v != "" {
				return v, true
			}
		}
	}
	return "", false
}

// hop is one request on the way of a fetch through its redirects.
type hop struct {
	page        Origin // of the page; an opaque one equals no URL's
	credentials bool   // credentials mode "include"
	url         webURL // of scheme http or https
	method      string
	headers     Headers // set by the page
	cors        bool    // this hop, or one before it, is cross-origin
	tainted     bool    // the server no longer learns the page's origin
	count       int     // redirects so far
}

// maxRedirects is the number of redirects a browser follows (Fetch standard,
// #http-redirect-fetch).
const maxRedirects = 20

// follow returns the hop that a redirect leads to; ok is false when the response
// is none (Fetch standard, #http-redirect-fetch).
func (p hop) follow(r Response) (next hop, ok bool, err error) {
	location, ok := r.location()
	if !ok {
		return p, false, nil
	}
	to, err := p.url.resolve(location)
	switch {
	case err != nil:
		return p, true, err
	case to.origin.IsOpaque():
		return p, true, fmt.Errorf("the redirect to %q leaves http and https", location)
	case to.userinfo && (p.cors || to.origin != p.page):
		return p, true, refusal(RedirectContainsCredentials)
	}
	next = p
	next.url = to
	next.count++
	next.cors = p.cors || to.origin != p.page
	if to.origin != p.url.origin {
		// The target was chosen by a foreign origin, so it must not take the request
		// for the page's own wish.
		next.tainted = p.tainted || p.url.origin != p.page
		next.headers = without(next.headers, "Authorization")
	}
	if r.Status == 303 && p.method != "GET" && p.method != "HEAD" ||
		(r.Status == 301 || r.Status == 302) && p.method == "POST" {
		next.method = "GET"
		next.headers = without(next.headers, "Content-Encoding", "Content-Language", "Content-Location", "Content-Type")
	}
	return next, true, nil
}

// origin is the value of the Origin header of this hop (Fetch standard,
// #append-a-request-origin-header).
func (p hop) origin() string {
	if p.tainted {
		return Opaque.String()
	}
	return p.page.String()
}

func without(h Headers, names ...string) Headers {
	return slices.DeleteFunc(slices.Clone(h), func(l Header) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, l.Name) })
	})
}
