package report

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// policySnippets are the stacks that were tried, the target's first. They name its
// trusted origins.
func (r Report) policySnippets() []Snippet {
	origins := r.Target.TrustedOrigins
	if len(origins) == 0 {
		origins = []string{"https://app.example.com"}
	}
	credentials := slices.ContainsFunc(r.Target.Credentials, func(c string) bool { return scenarios.Credential(c).Ambient() })
	var answers []cors.Headers
	for _, c := range r.Results {
		for _, x := range c.Proof.Exchanges {
			if x.Response == nil {
				continue
			}
			var lines cors.Headers
			for _, h := range x.Response.Headers {
				lines = append(lines, cors.Header{Name: h.Name, Value: h.Value})
			}
			answers = append(answers, lines)
		}
	}
	// The application's document comes first: what answers in front of it is not where its list is.
	likely := stack(answers)
	if s := r.Target.Stack; s != "" {
		likely = append([]string{s}, likely...)
	}
	return ranked(snippetsFor(CORSPolicy{Origins: origins, Credentials: credentials, Methods: []string{"GET", "POST"}, Headers: []string{"Authorization", "Content-Type"}}), likely)
}

// stack names the snippets that fit what a server's replies say of themselves, the
// likeliest first.
func stack(answers []cors.Headers) []string {
	signs := []struct{ id, header, says string }{
		{"fastapi", "server", "uvicorn"}, {"fastapi", "server", "hypercorn"}, {"django", "server", "wsgiserver"}, {"flask", "server", "werkzeug"},
		{"express", "x-powered-by", "express"}, {"nginx", "server", "nginx"}, {"nginx", "server", "openresty"}, {"caddy", "server", "caddy"}, {"caddy", "via", "caddy"},
	}
	var found []string
	for _, h := range answers {
		for _, s := range signs {
			if value, ok := h.Get(s.header); ok && strings.Contains(strings.ToLower(value), s.says) && !slices.Contains(found, s.id) {
				found = append(found, s.id)
			}
		}
	}
	slices.SortFunc(found, func(a, b string) int {
		place := func(id string) int {
			return slices.IndexFunc(signs, func(s struct{ id, header, says string }) bool { return s.id == id })
		}
		return place(a) - place(b)
	})
	return found
}

// mendedByPolicy reports whether a list of origins, with its methods and headers, is what
// mends a cause.
func (c Cause) mendedByPolicy() bool {
	if strings.HasPrefix(c.ID, "ORG-") {
		return true
	}
	return slices.Contains([]string{
		"every-origin", "null-origin", "front-end-refused", "lists", "preflights-for-everyone",
		string(scenarios.Contains), string(scenarios.BeginsWith), string(scenarios.BeginsWithDot), string(scenarios.SiteOn), string(scenarios.EndsWith),
		string(scenarios.SubdomainOf), string(scenarios.LabelBelow), string(scenarios.UnescapedDot), string(scenarios.SameHost),
	}, c.ID)
}
