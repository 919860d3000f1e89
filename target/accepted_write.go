package target

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/crossexam/crossexam/scenarios"
)

const acceptedHead = `# yaml-language-server: $schema=https://raw.githubusercontent.com/crossexam/crossexam/main/target/accepted.schema.json
#
# Violations that are accepted, each until a day. They are examined all the same.
# Every key is described in docs/configuration.md.

`

// AppendAccepted gives the text of an accepted.yaml with more entries at its end.
// What is there stays as it is, comments included. The error is [Problems] where
// the file is not as [loadAccepted] takes it, with the new entries or without.
func AppendAccepted(name string, text []byte, more Accepted, today time.Time) ([]byte, error) {
	if _, err := parseAccepted(name, text, today); err != nil {
		return nil, err
	}
	body, from, err := readYAML(name, text, acceptedSchema)
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(slices.Clone(text))
	indent := ""
	switch list, _ := body.(*ast.SequenceNode); {
	case len(text) == 0:
		out.WriteString(acceptedHead)
	case list != nil && list.IsFlowStyle:
		return nil, Problems{from.problem("", errors.New("this list is in brackets, to which nothing can be added: write a line that begins with '- ' for each entry, or none at all"))}
	case list != nil:
		indent = strings.Repeat(" ", max(placeOf(list).column-1, 0))
	}
	if !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
		out.WriteString("\n")
	}
	for _, a := range more {
		out.WriteString(a.yaml(indent))
	}
	// What was written is what will be read.
	all, err := parseAccepted(name, out.Bytes(), today)
	if err != nil {
		return nil, err
	}
	for i, a := range all[max(len(all)-len(more), 0):] {
		a.at = more[i].at
		if a != more[i] {
			return nil, Problems{{file: name, err: fmt.Errorf("the entry for %s cannot be added to this file: write it by hand:\n%s", more[i], more[i].yaml(""))}}
		}
	}
	return out.Bytes(), nil
}

// yaml writes the entry as an item of a list. JSON strings are YAML too.
func (a Acceptance) yaml(indent string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s- id: %s\n", indent, a.ID)
	if a.Subject != (SubjectPattern{}) {
		fmt.Fprintf(&b, "%s  subject:\n", indent)
		for _, part := range []struct{ key, value string }{
			{"endpoint", quoted(a.Subject.Endpoint)}, {"origin", quoted(a.Subject.Origin)}, {"credential", a.Subject.Credential},
		} {
			if part.value != "" && part.value != `""` {
				fmt.Fprintf(&b, "%s    %s: %s\n", indent, part.key, part.value)
			}
		}
	}
	if a.Severity != "" {
		fmt.Fprintf(&b, "%s  severity: %s\n", indent, a.Severity)
	}
	fmt.Fprintf(&b, "%s  reason: %s\n%s  owner: %s\n%s  expires: %s\n", indent, quoted(a.Reason), indent, quoted(a.Owner), indent, a.Expires.Format(time.DateOnly))
	return b.String()
}

// Cover gives few patterns that meet all of the wanted subjects and none of the
// others, each as narrow as it can be: a part that all subjects of a pattern have
// in common stands in it. The error names a subject that cannot be told apart from
// another one.
func Cover(wanted, others []scenarios.Subject) ([]SubjectPattern, error) {
	var cover []SubjectPattern
	for left := slices.Clone(wanted); len(left) > 0; {
		best, most := SubjectPattern{}, 0
		for _, p := range widened(left) {
			if slices.ContainsFunc(others, p.Meets) {
				continue
			}
			if n := len(met(p, left)); n > most {
				best, most = p, n
			}
		}
		if most == 0 {
			return nil, fmt.Errorf("%s cannot be told apart from a case that does not violate", exactly(left[0]))
		}
		cover = append(cover, common(met(best, wanted)))
		left = slices.DeleteFunc(left, best.Meets)
	}
	return cover, nil
}

// widened are the patterns that are like a subject in some of its parts.
func widened(subjects []scenarios.Subject) []SubjectPattern {
	var all []SubjectPattern
	for _, s := range subjects {
		for parts := range 8 {
			p := exactly(s)
			if parts&1 != 0 {
				p.Endpoint = ""
			}
			if parts&2 != 0 {
				p.Origin = ""
			}
			if parts&4 != 0 {
				p.Credential = ""
			}
			all = append(all, p)
		}
	}
	return all
}

func exactly(s scenarios.Subject) SubjectPattern {
	return SubjectPattern{Endpoint: s.Endpoint, Origin: s.Origin, Credential: credentialWord(s.Credential)}
}

func met(p SubjectPattern, subjects []scenarios.Subject) []scenarios.Subject {
	return slices.DeleteFunc(slices.Clone(subjects), func(s scenarios.Subject) bool { return !p.Meets(s) })
}

// common is the pattern of what the subjects have in common.
func common(subjects []scenarios.Subject) SubjectPattern {
	p := exactly(subjects[0])
	for _, s := range subjects[1:] {
		q := exactly(s)
		if q.Endpoint != p.Endpoint {
			p.Endpoint = ""
		}
		if q.Origin != p.Origin {
			p.Origin = ""
		}
		if q.Credential != p.Credential {
			p.Credential = ""
		}
	}
	return p
}
