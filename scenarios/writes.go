package scenarios

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// AllowsWrite reports whether a request that may change something at the target
// reaches it: one to an endpoint, or of an error recipe, that the operator declared
// safe to write to, and the victim's login. It is the one rule of the tap, which
// withholds every other write, and of whoever has to know what is withheld. For GET,
// HEAD and OPTIONS, which always pass and write nothing, it is false.
//
// rawURL is the request's; which of the target's names its host is does not matter.
// Paths are compared as RFC 3986, section 6.2.2 normalises them.
func (t Target) AllowsWrite(method, rawURL string) bool {
	if cors.IsSafeMethod(method) {
		return false
	}
	path, ok := normalPath(rawURL)
	if !ok {
		return false
	}
	is := func(m, p string) bool {
		declared, ok := normalPath(t.At(p))
		return ok && m == method && declared == path
	}
	return t.Login != "" && is(http.MethodPost, t.Login) ||
		slices.ContainsFunc(t.Endpoints, func(e Endpoint) bool { return e.SafeToWrite && is(e.Method, e.Path) }) ||
		slices.ContainsFunc(t.Errors, func(r ErrorRecipe) bool { return r.SafeToWrite && is(r.Method, r.Path) })
}

// MayChange reports whether a request that reaches the target may change something
// there: not one of an endpoint that is declared to read, whatever its method, unless
// another of this method and path writes.
func (t Target) MayChange(method, rawURL string) bool {
	path, ok := normalPath(rawURL)
	declared := func(is func(Endpoint) bool) bool {
		return slices.ContainsFunc(t.Endpoints, func(e Endpoint) bool {
			its, ok := normalPath(t.At(e.Path))
			return ok && is(e) && e.Method == method && its == path
		})
	}
	return t.AllowsWrite(method, rawURL) && ok && (declared(Endpoint.Writes) || !declared(func(e Endpoint) bool { return e.Reads }))
}

// ExpectsError reports whether an error recipe is there to be answered with this
// status.
func (t Target) ExpectsError(method, rawURL string, status int) bool {
	path, ok := normalPath(rawURL)
	_, query, _ := strings.Cut(rawURL, "?")
	return ok && slices.ContainsFunc(t.Errors, func(r ErrorRecipe) bool {
		declared, ok := normalPath(t.At(r.Path))
		_, its, _ := strings.Cut(r.Path, "?")
		return ok && r.Status == status && r.Method == method && declared == path && its == query
	})
}

// SafeWrites are the endpoints with writes that the operator lets through.
func (t Target) SafeWrites() []Endpoint {
	return slices.DeleteFunc(slices.Clone(t.Endpoints), func(e Endpoint) bool { return !e.Writes() || !t.AllowsWrite(e.Method, t.At(e.Path)) })
}

// normalPath is the path of an absolute URL with its dot segments resolved and one
// way to write each character. An escaped slash stays escaped: to a server it is
// none.
func normalPath(rawURL string) (string, bool) {
	_, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return "", false
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	var segments []string
	parts := strings.Split(path, "/")
	for i, part := range parts {
		text, err := url.PathUnescape(part)
		if err != nil {
			return "", false
		}
		switch text {
		case "..":
			segments = segments[:max(0, len(segments)-1)]
		case ".":
		default:
			segments = append(segments, url.PathEscape(text))
			continue
		}
		if i == len(parts)-1 {
			segments = append(segments, "")
		}
	}
	return "/" + strings.Join(segments, "/"), true
}
