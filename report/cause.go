package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
)

// Cause is what the target does that is behind violations, and what mends them all. A
// result names the one that it falls with.
type Cause struct {
	// ID is the same in every run in which the target does the same: a word for what it
	// does, or the ID of the one requirement that falls.
	ID    string          `json:"id" redact:"-"`
	Rule  string          `json:"rule" redact:"words"` // in words, without a period
	Level scenarios.Level `json:"level" redact:"-"`    // the strictest of its results'
	// Severity is the gravest of its results'.
	Severity scenarios.Severity `json:"severity" redact:"-"`
	// Fails says that one of its results fails the run, and Accepted that all of them
	// are accepted.
	Fails    bool `json:"fails"`
	Accepted bool `json:"accepted"`
	// Change compares it with the baseline: new where none of its results was there.
	Change      engine.Change `json:"change" redact:"-"`
	Exfiltrated bool          `json:"exfiltrated"`
	// Worst is the result that lets most through.
	Worst Worst `json:"worst"`
	// Witnesses are origins for which it shows, the worst first; a few of them.
	Witnesses []string `json:"witnesses"`
	// Endpoints are where it shows, that of the worst result first.
	Endpoints []string `json:"endpoints"`
	// Classes are the policy classes whose endpoints all have it by their headers, those
	// that no result is about included; none where no headers were asked.
	Classes     []CauseClass           `json:"classes"`
	Credentials []scenarios.Credential `json:"credentials" redact:"-"`
	// Requirements are the IDs of the scenarios that fall with it, and Results how many
	// results those are.
	Requirements []string `json:"requirements" redact:"-"`
	Results      int      `json:"results"`
	Fix          string   `json:"fix" redact:"-"`
	// Snippet is the fix as the target's stack has it: nil where that is not known, or
	// where the cause is mended in another place than the CORS policy.
	Snippet *StackFix `json:"snippet"`
}

// CauseClass is a policy class that has a cause.
type CauseClass struct {
	ID        string `json:"id" redact:"-"`
	Endpoints int    `json:"endpoints"`
}

// StackFix is a fix as one stack has it.
type StackFix struct {
	Stack string `json:"stack" redact:"-"` // the ID of the [Snippet]
	Name  string `json:"name" redact:"-"`
	Text  string `json:"text"`
}

// Worst is the result of a cause that lets most through.
type Worst struct {
	ID      string  `json:"id" redact:"-"`
	Subject Subject `json:"subject"`
	Reason  string  `json:"reason" redact:"words"`
}

// trace finds the causes of a record's violations, and has each result name its own. What
// follows the fix of a scenario is fixFor's; after that of a judgement alone, which is about
// another mistake, it is the preset's.
func (r *Report) trace(found []scenarios.Cause, preset, fixFor func(id string) string) {
	// The same attempts show how headers and cookies are kept, which lets nobody read.
	lets := func(c Result) bool { return c.Exfiltrated && topicOf(c) != scenarios.Hygiene }
	let := slices.ContainsFunc(r.Results, lets)
	for _, f := range found {
		worst := r.Results[f.Worst]
		c := Cause{
			ID: f.ID, Rule: f.Rule, Level: f.Level, Severity: f.Severity, Accepted: true,
			Worst:     Worst{ID: worst.ID, Subject: worst.Subject, Reason: worst.Reason},
			Witnesses: f.Witnesses, Endpoints: []string{}, Classes: []CauseClass{}, Credentials: []scenarios.Credential{},
			Requirements: f.Requirements, Results: len(f.Findings), Fix: cmp.Or(f.Fix, worst.Fix),
		}
		if s, _ := scenarios.Find(f.Root); s.Fix != "" && strings.HasPrefix(c.Fix, s.Fix) {
			c.Fix = strings.TrimSpace(c.Fix + " " + fixFor(f.Root))
		} else if preset != nil {
			c.Fix = strings.TrimSpace(c.Fix + " " + preset(f.Root))
		}
		for _, i := range f.Findings {
			one := &r.Results[i]
			one.Cause = f.ID
			c.Fails = c.Fails || one.Fails
			c.Accepted = c.Accepted && one.Accepted
			c.Exfiltrated = c.Exfiltrated || lets(*one) || one.Exfiltrated && !let
			if c.Change != engine.Unchanged {
				c.Change = one.Change
			}
			if s := one.Subject.Endpoint; s != "" && !slices.Contains(c.Endpoints, s) {
				c.Endpoints = append(c.Endpoints, s)
			}
			if s := one.Subject.Credential; s != "" && !slices.Contains(c.Credentials, s) {
				c.Credentials = append(c.Credentials, s)
			}
		}
		slices.SortFunc(c.Endpoints, func(a, b string) int {
			first := func(e string) int { return map[bool]int{true: 0, false: 1}[e == worst.Subject.Endpoint] }
			return cmp.Or(first(a)-first(b), cmp.Compare(a, b))
		})
		slices.Sort(c.Credentials)
		r.Causes = append(r.Causes, c)
	}
}

// worst is the result of a cause that lets most through, and nil in a report of which it
// was taken out.
func (r Report) worst(c Cause) *Result {
	for i, one := range r.Results {
		if one.Cause == c.ID && one.ID == c.Worst.ID && one.Subject == c.Worst.Subject {
			return &r.Results[i]
		}
	}
	return nil
}

// standing is how a cause stands in the run.
type standing int

const (
	asFailing  standing = iota // it fails the run
	asKnown                    // it would, and the baseline has it too
	asAdvice                   // it does not bind
	asAccepted                 // all of it is accepted
)

// standing is that of a cause by its results.
func (r Report) standing(c Cause) standing {
	known := slices.ContainsFunc(r.Results, func(one Result) bool { return one.Cause == c.ID && one.Excuse == engine.ExcusedKnown })
	switch {
	case c.Fails:
		return asFailing
	case c.Accepted:
		return asAccepted
	case known:
		return asKnown
	}
	return asAdvice
}

// causesAs are the causes that stand so, the gravest first.
func (r Report) causesAs(s standing) []Cause {
	var list []Cause
	for _, c := range r.Causes {
		if r.standing(c) == s {
			list = append(list, c)
		}
	}
	return list
}

// acceptances say of a cause why its results are accepted, those that are; each reason
// once.
func (r Report) acceptances(c Cause) string {
	var all []string
	for _, one := range r.Results {
		if a := acceptance(one); one.Cause == c.ID && a != "" && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return strings.Join(all, "; ")
}

// grade is level and severity in words, and whether the cause is new.
func (c Cause) grade() string { return graded(c.Level, c.Severity, c.Change) }

// inClasses has each cause know the policy classes that have it.
func (r *Report) inClasses(s *engine.Sweep) {
	if s == nil {
		return
	}
	for _, class := range s.Classes {
		for i := range r.Causes {
			c := &r.Causes[i]
			if slices.ContainsFunc(class.Granted, func(g sweep.Grant) bool { return g.Cause == c.ID && g.Method == "" }) {
				c.Classes = append(c.Classes, CauseClass{class.ID, class.Size})
			}
		}
	}
}

// Alike is at how many endpoints the cause shows, by a result or by the headers of their
// policy class.
func (c Cause) Alike() int {
	n := 0
	for _, class := range c.Classes {
		n += class.Endpoints
	}
	return max(n, len(c.Endpoints))
}

// AlikeIn says after a text in which policy classes the cause is, and at how many endpoints;
// nothing where the endpoints that results are about are all.
func (c Cause) AlikeIn(after string) string {
	if c.Alike() == len(c.Endpoints) {
		return ""
	}
	var ids []string
	for _, class := range c.Classes {
		ids = append(ids, class.ID)
	}
	classes := "policy class " + ids[0]
	if len(ids) > 1 {
		classes = "policy classes " + few(ids, 6)
	}
	return fmt.Sprintf("%sby their headers all %d endpoints of %s", after, c.Alike(), classes)
}

// where are the endpoints and credentials of a cause in a line, and the witnesses where
// they are wanted; a few of each.
func (c Cause) where(witnesses bool) string {
	const most = 2
	var parts []string
	if len(c.Endpoints) > 0 {
		parts = append(parts, few(c.Endpoints, most)+c.AlikeIn(", "))
	}
	if witnesses && len(c.Witnesses) > 0 {
		parts = append(parts, from(strings.Join(c.Witnesses[:min(len(c.Witnesses), most)], ", ")))
	}
	if len(c.Credentials) > 0 {
		var words []string
		for _, k := range c.Credentials {
			words = append(words, string(k))
		}
		parts = append(parts, "with "+strings.Join(words, " or "))
	}
	return visibleLine(strings.Join(parts, " "))
}
