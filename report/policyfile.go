package report

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// writePolicy writes what was inferred as a crossexam.yaml, with what is assumed
// marked. It writes nothing for a report that inferred nothing.
func (r Report) writePolicy(w io.Writer) error {
	if r.Inferred == nil {
		return nil
	}
	f := policyFile{Inferred: *r.Inferred}
	f.target(r.Target.URL)
	f.trusted()
	f.policy()
	f.reads()
	_, err := io.WriteString(w, f.text.String())
	return err
}

// A policyFile is a crossexam.yaml of what was inferred, as it is being written.
type policyFile struct {
	Inferred
	text strings.Builder
}

func (f *policyFile) line(format string, args ...any) { fmt.Fprintf(&f.text, format+"\n", args...) }

// note writes a comment.
func (f *policyFile) note(s string) { f.line("%s", wrapped(visibleLine(s), 78, "# ")) }

func (f *policyFile) target(url string) {
	f.note("What " + url + " was seen to allow. Nobody said what it should: whatever is marked as assumed is a question to its owner. " +
		"Correct it and add the credentials: it is a configuration for the next run.")
	f.line("target: %s", yamlQuoted(url))
	f.line("")
}

// trusted lists the candidates that are granted by themselves, and as a comment those that
// a rule lets in.
func (f *policyFile) trusted() {
	everyone := f.everyone()
	var listed, byRule []Candidate
	for _, c := range f.Candidates {
		switch {
		case len(c.Granted) == 0 || everyone:
		case c.Rule == "":
			listed = append(listed, c)
		default:
			byRule = append(byRule, c)
		}
	}
	for _, p := range f.Policies {
		f.note(p.About() + ": " + p.Matcher + ".")
	}
	if everyone {
		f.note("Every origin is granted, which no owner can mean: name those of your front end.")
	}
	if slices.ContainsFunc(f.Policies, func(p InferredPolicy) bool { return slices.Contains(p.Origins, "null") && !p.Open }) {
		f.note("null is granted, which is the origin of every sandboxed frame on the web.")
	}
	if len(byRule) > 0 {
		f.note("By a rule more origins are granted than anybody listed. Those of them that are yours belong under trusted:")
		for _, c := range byRule {
			f.line("#   - %s", yamlQuoted(c.Origin))
		}
	}
	if len(listed) == 0 {
		f.line("trusted: [] # assumed")
	} else {
		f.line("trusted:")
	}
	for _, c := range listed {
		f.line("  - %s # assumed: %s; is it yours?", yamlQuoted(c.Origin), visibleLine(c.Why))
	}
	f.line("")
}

// policy writes what preflights approve and replies grant.
func (f *policyFile) policy() {
	f.note("Assumed: what preflights approve, of what was asked about. What your front end does not need should not stand here.")
	f.line("policy:")
	credentials := "none"
	if slices.ContainsFunc(f.Policies, func(p InferredPolicy) bool { return p.Credentials }) {
		credentials = "include"
	}
	f.line("  credentials: %s", credentials)
	f.list("methods", func(p InferredPolicy) []string { return p.Methods })
	f.list("headers", func(p InferredPolicy) []string { return p.Headers })
	f.list("exposed", func(p InferredPolicy) []string { return p.Exposed })
	if i := slices.IndexFunc(f.Policies, func(p InferredPolicy) bool { return p.MaxAge != nil }); i >= 0 {
		f.line("  max_age: %d", *f.Policies[i].MaxAge)
	}
}

// list writes an entry of the policy: what any class of endpoints has of it.
func (f *policyFile) list(key string, of func(InferredPolicy) []string) {
	var items []string
	for _, p := range f.Policies {
		for _, s := range of(p) {
			if s == "*" {
				f.line("  # %s: every one is approved, invented ones too; name those that your front end needs", key)
				return
			}
			if q := yamlQuoted(s); !slices.Contains(items, q) {
				items = append(items, q)
			}
		}
	}
	if len(items) > 0 {
		f.line("  %s: [%s]", key, strings.Join(items, ", "))
	}
}

// reads writes the endpoints. Others than those that were examined were asked by header
// alone: a GET.
func (f *policyFile) reads() {
	type read struct {
		InferredRequest
		open bool
	}
	var private []string
	var others []read
	written := map[string]bool{} // an endpoint is in a class for each credential
	for _, p := range f.Policies {
		for _, e := range p.Endpoints {
			method, path, _ := strings.Cut(e, " ")
			q := InferredRequest{Method: method, Path: path}
			i := slices.IndexFunc(p.Requests, func(q InferredRequest) bool { return q.endpoint() == e })
			if i >= 0 {
				q = p.Requests[i]
			}
			switch {
			case written[e]:
			case i < 0 && method != http.MethodGet:
				f.note(e + " was asked too: it needs a group of its own under endpoints, with its method, headers and body.")
			case q.bare() && !p.Open:
				private = append(private, q.Path)
			default:
				others = append(others, read{q, p.Open})
			}
			written[e] = true
		}
	}
	if len(private) > 0 {
		f.line("")
		f.line("read:")
	}
	for _, path := range private {
		f.line("  - %s", yamlQuoted(path))
	}
	if len(others) > 0 {
		f.line("")
		f.line("endpoints:")
	}
	for _, q := range others {
		q.write(f.line, q.open)
	}
}

// wrapped is a text of lines that each begin with a prefix.
func wrapped(text string, width int, prefix string) string {
	return prefix + strings.Join(Wrap(text, width-len(prefix)), "\n"+prefix)
}

// yamlQuoted writes a string in double quotes, as YAML takes it.
func yamlQuoted(s string) string { return strconv.QuoteToASCII(s) }
