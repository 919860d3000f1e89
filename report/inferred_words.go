package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

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
