package target

import (
	"net/http"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// graphQLPaths are where servers have their GraphQL endpoint.
var graphQLPaths = []string{"/graphql", "/api/graphql", "/query"}

// graphQL looks for a GraphQL endpoint and says how to have it read. Like all of
// discovery it sends GET alone, and a query that every schema answers.
func (f *finder) graphQL(nothing *cors.Response) {
	for _, path := range graphQLPaths {
		if excluded(path, f.config.Exclude) != "" {
			continue
		}
		r := f.get(f.deployment.Facts.At(path+"?query=%7B__typename%7D"), false)
		if r == nil || nothing != nil && r.Status == nothing.Status && r.Body == nothing.Body || !speaksGraphQL(path, r) {
			continue
		}
		f.note("There seems to be a GraphQL endpoint at %s, which is read by POST: name %s as `graphql`, with a query for what only the victim gets.", path, path)
		return
	}
}

// speaksGraphQL reports whether a reply to a query by GET is a GraphQL server's: an
// answer or an error of the protocol, or a refusal of every method but POST.
func speaksGraphQL(path string, r *cors.Response) bool {
	body := strings.Join(strings.Fields(r.Body), "")
	switch {
	case strings.Contains(body, `"data":{"__typename":`):
		return true
	case r.Status == http.StatusMethodNotAllowed:
		return strings.HasSuffix(path, "/graphql") && r.Headers.ListHas("Allow", "POST")
	}
	// So do the errors that the specification has of a request (GraphQL, section 7.1.2).
	return hasJSON(r.Headers) && strings.Contains(body, `"errors":[{`) && strings.Contains(body, `"message":`) && r.Status != http.StatusNotFound
}
