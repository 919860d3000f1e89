package report

import (
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// policySnippets are the stacks that were tried, the target's first, with the policy that
// its front end needs.
func (r Report) policySnippets() []Snippet { return ranked(snippetsFor(r.policy()), r.stacks()) }

// policy is what the front end needs: the trusted origins, the methods of the endpoints,
// and the request headers that browsers asked for on its behalf.
func (r Report) policy() CORSPolicy {
	p := CORSPolicy{
		Origins: r.Target.TrustedOrigins,
		Credentials: slices.ContainsFunc(r.Target.Credentials, func(c string) bool {
			return scenarios.Credential(c).Ambient() && scenarios.Credential(c) != scenarios.Network // which no grant is needed for
		}),
		Methods: []string{"GET", "POST"}, Headers: []string{"Content-Type"}, Exposed: r.Target.ExposedHeaders,
	}
	if len(p.Origins) == 0 {
		p.Origins = []string{"https://app.example.com"}
	}
	if slices.Contains(r.Target.Credentials, string(scenarios.Bearer)) || slices.Contains(r.Target.Credentials, string(scenarios.Basic)) {
		p.Headers = []string{"Authorization", "Content-Type"}
	}
	for _, e := range r.Target.Endpoints {
		if method, _, _ := strings.Cut(e, " "); !slices.Contains(p.Methods, method) && method != "HEAD" && method != "OPTIONS" {
			p.Methods = append(p.Methods, method)
		}
	}
	slices.Sort(p.Methods)
	for _, c := range r.Results {
		if c.Family != "TRU" {
			continue
		}
		for _, x := range c.Proof.Exchanges {
			if x.Preflight {
				p.Headers = appendMissing(p.Headers, listed(x.Request.Headers, cors.HeaderRequestHeaders))
			} else if x.Response != nil { // what is exposed now is read by someone
				p.Exposed = appendMissing(p.Exposed, listed(x.Response.Headers, cors.HeaderExposeHeaders))
			}
		}
	}
	return p
}

// listed are the names in the lists that a header has, as people write them.
func listed(lines []Header, header string) []string {
	var names []string
	for _, name := range wireHeaders(lines).List(header) {
		if name != "*" {
			names = append(names, http.CanonicalHeaderKey(name))
		}
	}
	return names
}

// appendMissing appends header names that are not there yet.
func appendMissing(list, more []string) []string {
	for _, item := range more {
		if !slices.ContainsFunc(list, func(name string) bool { return strings.EqualFold(name, item) }) {
			list = append(slices.Clip(list), item)
		}
	}
	return list
}

// fixInStack gives the causes that a policy mends the one for the stack that the target
// reveals, if it does.
func (r *Report) fixInStack() {
	s := r.policySnippets()[0]
	for i, c := range r.Causes {
		if s.Likely && scenarios.MendedByPolicy(c.ID) {
			r.Causes[i].Snippet = &StackFix{Stack: s.ID, Name: s.Name, Text: s.Text}
		}
	}
}
