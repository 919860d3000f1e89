package report

import (
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
)

// Inferred is what a target was seen to trust, where nobody said what it should. All
// of it is an assumption: what the operator wants is not in it.
type Inferred struct {
	Candidates []Candidate      `json:"candidates"`
	Policies   []InferredPolicy `json:"policies"`
	// Unanswered is how many questions got no answer of the target's.
	Unanswered int `json:"unanswered"`
}

// Candidate is an origin that an owner of the target may mean.
type Candidate struct {
	Origin  string   `json:"origin"`
	Why     string   `json:"why"`
	Granted []string `json:"granted"` // the endpoints that it may read, by their headers
	// Proved says that a page of it did so in the browser.
	Proved bool `json:"proved"`
	// Rule says by which rule it is granted, with others; empty where it is granted by
	// itself, or not at all.
	Rule string `json:"rule" redact:"words"`
}

// InferredPolicy is what the endpoints of one class allow.
type InferredPolicy struct {
	Endpoints   []string             `json:"endpoints"`
	Credential  scenarios.Credential `json:"credential" redact:"-"` // with which was asked
	Open        bool                 `json:"open"`                  // everybody gets the same as the victim
	Origins     []string             `json:"origins"`               // granted; * for every origin
	Matcher     string               `json:"matcher" redact:"words"`
	Credentials bool                 `json:"credentials"`
	// Methods and Headers are those that a preflight approves, of those that were asked
	// about; * stands for invented ones.
	Methods []string `json:"methods"`
	Headers []string `json:"headers"`
	Exposed []string `json:"exposed" redact:"wire"`
	MaxAge  *int     `json:"max_age"` // seconds; nil where no preflight says it
	// Requests are those of the endpoints, for what [Report.writePolicy] writes.
	Requests []InferredRequest `json:"-"`
}

// InferredRequest is how an endpoint was read.
type InferredRequest struct {
	Method  string
	Path    string
	Name    string
	Headers []Header
	Body    string
}

// endpoint names it as reports do.
func (q InferredRequest) endpoint() string {
	return scenarios.Endpoint{Method: q.Method, Path: q.Path, Name: q.Name}.String()
}

// bare reports whether it is a GET of which nothing is said but the path.
func (q InferredRequest) bare() bool {
	return q.Method == http.MethodGet && q.Name == "" && len(q.Headers) == 0
}

// write writes it as an entry of endpoints in a crossexam.yaml.
func (q InferredRequest) write(line func(format string, args ...any), open bool) {
	if q.bare() {
		line("  - {path: %s, open: %t}", yamlQuoted(q.Path), open)
		return
	}
	line("  - method: %s", q.Method)
	line("    path: %s", yamlQuoted(q.Path))
	if !(scenarios.Endpoint{Method: q.Method}).Safe() {
		line("    reads: true")
	}
	if len(q.Headers) > 0 {
		line("    headers:")
	}
	for _, h := range q.Headers {
		line("      %s: %s", yamlQuoted(h.Name), yamlQuoted(h.Value))
	}
	if q.Body != "" {
		line("    body: %s", yamlQuoted(q.Body))
	}
	if q.Name != "" {
		line("    name: %s", yamlQuoted(q.Name))
	}
	if open {
		line("    open: true")
	}
}

func newInferred(record engine.Record) *Inferred {
	seen := record.Inference
	if seen == nil {
		return nil
	}
	out := &Inferred{Candidates: []Candidate{}, Policies: []InferredPolicy{}, Unanswered: seen.Unanswered}
	private := slices.ContainsFunc(seen.Policies, func(p sweep.InferredPolicy) bool { return !p.Open })
	for _, c := range seen.Candidates {
		granted, rule := []string{}, ""
		for _, p := range seen.Policies {
			if p.Open && private || !p.Usable() || !p.Everyone && !slices.Contains(p.Granted, c.Origin) {
				continue
			}
			granted = append(granted, p.Endpoints...)
			if i := slices.IndexFunc(p.Rules, func(r scenarios.Rule) bool { return r.Covers(c.Origin) }); i >= 0 {
				rule = p.Rules[i].Brief()
			}
		}
		proved := slices.ContainsFunc(record.Results, func(r engine.Result) bool {
			return r.Scenario.Topic == scenarios.FrontEnd && r.Subject.Origin == c.Origin.String() &&
				slices.ContainsFunc(r.Observations, func(o scenarios.Observation) bool { return o.Attempt.Vector == scenarios.Fetch && o.Read() })
		})
		out.Candidates = append(out.Candidates, Candidate{Origin: c.Origin.String(), Why: c.Why, Granted: granted, Proved: proved, Rule: rule})
	}
	for _, p := range seen.Policies {
		policy := newInferredPolicy(p)
		for _, e := range record.Target.Endpoints {
			if slices.Contains(p.Endpoints, e.String()) {
				headers, _ := newHeaders(e.Headers)
				policy.Requests = append(policy.Requests, InferredRequest{Method: e.Method, Path: e.Path, Name: e.Name, Headers: headers, Body: e.Body})
			}
		}
		out.Policies = append(out.Policies, policy)
	}
	return out
}

func newInferredPolicy(p sweep.InferredPolicy) InferredPolicy {
	out := InferredPolicy{
		Endpoints: p.Endpoints, Credential: p.Credential, Open: p.Open, Origins: []string{}, Matcher: matcher(p), Credentials: p.Credentials,
		Methods: append([]string{}, p.Methods...), Headers: append([]string{}, p.Headers...), Exposed: append([]string{}, p.Exposed...), MaxAge: p.MaxAge,
	}
	if p.Everyone || p.WithoutCredentials {
		out.Origins = append(out.Origins, "*")
	}
	for _, o := range p.Granted {
		out.Origins = append(out.Origins, o.String())
	}
	if p.Null {
		out.Origins = append(out.Origins, "null")
	}
	if p.AnyMethod {
		out.Methods = append(out.Methods, "*")
	}
	if p.AnyHeader {
		out.Headers = append(out.Headers, "*")
	}
	return out
}

// matcher says in words how the endpoints tell which origins they grant.
func matcher(p sweep.InferredPolicy) string {
	var words []string
	if p.WithoutCredentials {
		words = append(words, "every origin is granted, without credentials")
	}
	for _, r := range p.Rules {
		words = append(words, r.String())
	}
	switch {
	case p.Everyone && !p.Credentials:
		return "every origin is granted, without credentials"
	case len(p.Granted) > 0 && len(p.Rules) == 0:
		words = append(words, "an exact list, as far as near-misses show")
	case p.Null && len(words) == 0:
		return "null alone is granted, of the origins that were asked about"
	case len(words) == 0:
		return "none of the origins that were asked about is granted"
	}
	return strings.Join(words, "; ")
}
