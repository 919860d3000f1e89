package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// grant is what a response lets an origin do, by its headers alone.
type grant int

const (
	nothing        grant = iota
	plainRead            // without credentials
	credentialRead       // with them
)

// grantTo runs the CORS check on a response.
func grantTo(origin cors.Origin, r *cors.Response) grant {
	switch {
	case r == nil:
		return nothing
	case cors.Check(origin.String(), true, r.Headers) == cors.Allowed:
		return credentialRead
	case cors.Check(origin.String(), false, r.Headers) == cors.Allowed:
		return plainRead
	}
	return nothing
}

// hasLine reports whether one of the header's lines has exactly this value.
func hasLine(r *cors.Response, name, value string) bool {
	return slices.Contains(r.Headers.Values(name), value)
}

// grantText shows the two headers of a grant as they came, in short.
func grantText(r *cors.Response) string {
	if r == nil {
		return "no reply"
	}
	var parts []string
	for _, name := range []string{cors.HeaderAllowOrigin, cors.HeaderAllowCredentials} {
		for _, v := range r.Headers.Values(name) {
			parts = append(parts, strings.TrimPrefix(name, "Access-Control-")+" "+quote(v))
		}
	}
	if len(parts) == 0 {
		return "no grant"
	}
	return strings.Join(parts, " and ")
}
