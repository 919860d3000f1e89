package report

import (
	"fmt"
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
			return r.Scenario.ID == "TRU-001" && r.Subject.Origin == c.Origin.String() &&
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

const originsLabel = "origins"

// A told class is an inferred policy in words.
type told struct {
	About string
	Lines []labelled
}

// Classes are the policies in words. One that grants as an earlier one does says so.
func (i Inferred) Classes() []told {
	var all []told
	for n, p := range i.Policies {
		lines := p.Lines()
		as := slices.IndexFunc(i.Policies[:n], func(q InferredPolicy) bool {
			return slices.Equal(p.Origins, q.Origins) && p.Matcher == q.Matcher && p.Credentials == q.Credentials && p.Credential.Ambient() == q.Credential.Ambient()
		})
		if as >= 0 && len(p.Origins) > 0 {
			lines = slices.DeleteFunc(lines, func(l labelled) bool { return l.Label == "matcher" || l.Label == "credentials" })
			lines[0].Text = "as for " + i.Policies[as].Endpoints[0] + ", with its matcher and credentials"
		}
		all = append(all, told{p.About(), lines})
	}
	return all
}

// A labelled text is a line about an inferred policy.
type labelled struct{ Label, Text string }

// Lines say in words what a class of endpoints allows.
func (p InferredPolicy) Lines() []labelled {
	list := func(items []string) string {
		if len(items) == 0 {
			return "none"
		}
		return strings.Join(items, ", ")
	}
	credentials := "not granted"
	switch {
	case p.Credentials:
		credentials = "granted (Access-Control-Allow-Credentials: true)"
	case p.Credential.Ambient():
		credentials += ", so that no page gets what they open"
	}
	if len(p.Origins) == 0 {
		return []labelled{{originsLabel, "none of those that were asked about"}}
	}
	lines := []labelled{{originsLabel, list(p.Origins)}, {"matcher", p.Matcher}}
	lines = append(lines, labelled{"credentials", credentials}, labelled{"methods", list(p.Methods) + unasked(p.Methods)}, labelled{"headers", list(p.Headers)}, labelled{"exposed", list(p.Exposed)})
	if p.MaxAge != nil {
		lines = append(lines, labelled{"max age", plural(*p.MaxAge, "second", "seconds")})
	}
	return lines
}

// unasked says which methods no preflight is asked for.
func unasked(methods []string) string {
	if len(methods) == 0 {
		return ""
	}
	return " (GET, HEAD and POST need no approval)"
}

// About names the endpoints of a class, and with what they were asked for.
func (p InferredPolicy) About() string {
	const most = 4
	s := strings.Join(p.Endpoints[:min(len(p.Endpoints), most)], ", ")
	if more := len(p.Endpoints) - most; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	switch {
	case p.Open:
		s += ", open to everybody"
	case p.Credential != scenarios.Anonymous:
		s += ", with " + string(p.Credential)
	}
	return s
}

// maybeMeant are the candidates that are granted, where not every origin is.
func (i Inferred) maybeMeant() []string {
	if i.everyone() {
		return nil
	}
	var all []string
	for _, c := range i.Candidates {
		if len(c.Granted) > 0 {
			all = append(all, c.Origin)
		}
	}
	return all
}

// everyone reports whether pages of every origin get something that is not open.
func (i Inferred) everyone() bool {
	private := slices.ContainsFunc(i.Policies, func(p InferredPolicy) bool { return !p.Open })
	return slices.ContainsFunc(i.Policies, func(p InferredPolicy) bool {
		return slices.Contains(p.Origins, "*") && (p.Credentials || !p.Credential.Ambient()) && !(p.Open && private)
	})
}

// Questions ask the owner about each candidate that is granted by itself, and about each
// rule that grants candidates.
func (i Inferred) Questions() []string {
	var all, rules []string
	meant := i.maybeMeant()
	for _, c := range i.Candidates {
		if !slices.Contains(meant, c.Origin) || c.Rule != "" && slices.Contains(rules, c.Rule) {
			continue
		}
		how := "by its headers"
		if c.Proved {
			how = "proved in the browser"
		}
		if c.Rule == "" {
			all = append(all, fmt.Sprintf("%s (%s) may read %s, %s: is it yours?", c.Origin, c.Why, strings.Join(c.Granted, ", "), how))
			continue
		}
		rules = append(rules, c.Rule)
		var like []string
		for _, other := range i.Candidates {
			if other.Rule == c.Rule && other.Origin != c.Origin && slices.Contains(meant, other.Origin) {
				like = append(like, other.Origin)
			}
		}
		others := ""
		if len(like) > 0 {
			others = ", as " + strings.Join(like, ", ") + " may"
		}
		all = append(all, fmt.Sprintf("%s may read %s, %s%s, because every origin is granted that %s: which of them are yours?", c.Origin, strings.Join(c.Granted, ", "), how, others, c.Rule))
	}
	return all
}

// Asked says how much was asked.
func (i Inferred) Asked() string {
	s := fmt.Sprintf("This run asked about %s that an owner may mean, and about near-misses of those that are let in.", plural(len(i.Candidates), "origin", "origins"))
	if i.Unanswered > 0 {
		s += fmt.Sprintf(" %s got no answer.", plural(i.Unanswered, "question", "questions"))
	}
	return s + " What it found is a guess until the owner says which origins are trusted: correct policy.yaml, in the folder of the report, and check it in."
}

// inferred prints what the target was seen to trust.
func (p *printer) inferred() {
	if p.r.Inferred == nil {
		return
	}
	p.line(p.style(bold, "WHAT THIS API TRUSTS, as far as this run saw"))
	for _, c := range p.r.Inferred.Classes() {
		p.text("  ", c.About+":")
		for _, l := range c.Lines {
			p.text("      ", l.Label+": "+l.Text)
		}
	}
	for _, q := range p.r.Inferred.Questions() {
		p.text("  ", q)
	}
	p.text("  ", p.r.Inferred.Asked())
	p.line("")
}

func (r Report) mdInferred(b *strings.Builder) {
	if r.Inferred == nil {
		return
	}
	b.WriteString("\n### What this API trusts, as far as this run saw\n\n")
	for _, c := range r.Inferred.Classes() {
		fmt.Fprintf(b, "- %s\n", mdCode(c.About))
		for _, l := range c.Lines {
			fmt.Fprintf(b, "  - %s: %s\n", l.Label, mdText(l.Text))
		}
	}
	for _, q := range r.Inferred.Questions() {
		fmt.Fprintf(b, "- %s\n", mdText(q))
	}
	fmt.Fprintf(b, "\n%s\n", mdText(r.Inferred.Asked()))
}
