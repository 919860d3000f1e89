package fleetreport

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/internal/escape"
)

// digestLines is how many targets each part of the digest names, and digestFixes how many
// causes it has the fix of: a digest is read in a minute, and fleet.html has them all. What
// is as before has fewer: it only says why the exit code is not 0.
const (
	digestLines = 10
	beforeLines = 3
	digestFixes = 3
)

// writeDigest writes digest.md: what is new since the last run, or what is gravest where
// there was none.
func (f Fleet) writeDigest(w io.Writer) error {
	var b strings.Builder
	title := "Crossexam fleet"
	if f.options.Name != "" {
		title += " " + f.options.Name
	}
	fmt.Fprintf(&b, "## %s: %s\n\n", escape.Markdown(title), escape.Markdown(f.Headline()))
	fmt.Fprintf(&b, "%s\n\nExit code %d: %s.\n", escape.Markdown(f.Counts()), f.ExitCode(), escape.Markdown(f.Meaning()))
	if f.compared() {
		fmt.Fprintf(&b, "\n%s\n", escape.Markdown(f.Changes()))
	}
	for _, s := range f.digest() {
		if len(s.items) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n", s.title)
		fixes := map[string]bool{}
		for i, item := range s.items {
			if i == s.most {
				fmt.Fprintf(&b, "- and %s, in fleet.html\n", count(len(s.items)-i, "more", "more"))
				break
			}
			fmt.Fprintf(&b, "- %s\n", item.line())
			if c := item.cause; s.fixes && c != nil && !fixes[c.ID] && len(fixes) < digestFixes {
				fixes[c.ID] = true
				fmt.Fprintf(&b, "  - Fix: %s\n", escape.Markdown(cut(c.Fix)))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// A digestPart is what asks for the same.
type digestPart struct {
	title string
	items []digestItem
	most  int // targets that are named
	fixes bool
}

// A digestItem is a target with a cause, or with why nothing is known of it.
type digestItem struct {
	of    Outcome
	word  string
	cause *Cause // or nil
	more  int    // causes of the same kind
}

// digest gathers what the digest has, what asks for work first.
func (f Fleet) digest() []digestPart {
	if !f.compared() {
		return []digestPart{{title: "The gravest", items: f.failing(nil), most: digestLines, fixes: true}}
	}
	parts := []digestPart{
		{title: "New or graver", items: f.changed(report.KindNew, report.KindGraver), most: digestLines, fixes: true},
		{title: "Cannot be judged any more, or not examined now", items: f.changed(report.KindDoubtful, report.KindGone), most: digestLines},
		{title: "Fixed or milder", items: f.changed(report.KindFixed, report.KindMilder), most: digestLines},
	}
	for _, t := range f.targets {
		if t.trend.First && t.code == report.ExitNoVerdict || t.trend.Kind == report.KindDoubtful && t.trend.Count(report.KindDoubtful) == 0 {
			parts[1].items = append(parts[1].items, digestItem{of: t.Outcome})
		}
	}
	gone := digestPart{title: "Not in the fleet any more", most: digestLines}
	for _, o := range f.gone {
		gone.items = append(gone.items, digestItem{of: o})
	}
	return append(parts, gone, digestPart{title: "As before", items: f.failing(parts), most: beforeLines})
}

// failing are the targets that fail or could not be judged and are in none of the parts.
func (f Fleet) failing(parts []digestPart) []digestItem {
	told := map[Key]bool{}
	for _, p := range parts {
		for _, i := range p.items {
			told[i.of.Key()] = true
		}
	}
	var all []digestItem
	for _, t := range f.targets {
		if t.code != report.ExitConforms && !told[t.Key()] {
			all = append(all, digestItem{of: t.Outcome, cause: t.worst, more: max(t.open()-1, 0)})
		}
	}
	return all
}

// changed are the targets with causes that have changed so, the gravest first.
func (f Fleet) changed(kinds ...report.Kind) []digestItem {
	var all []digestItem
	for _, t := range f.targets {
		item := digestItem{of: t.Outcome}
		for _, c := range t.trend.Changes {
			switch {
			case !slices.Contains(kinds, c.Kind):
			case item.cause == nil:
				item.word, item.cause = c.Kind.Word(), &c.Cause
			default:
				item.more++
			}
		}
		if item.cause != nil {
			all = append(all, item)
		}
	}
	return all
}

// open is how many causes of the target are not accepted.
func (t target) open() int {
	n := 0
	for _, c := range t.Causes {
		if !c.Accepted {
			n++
		}
	}
	return n
}

func (i digestItem) line() string {
	o := i.of
	s := fmt.Sprintf("**%s**", escape.Markdown(cut(o.Title())))
	if o.Owner != "" {
		s += fmt.Sprintf(" (%s)", escape.Markdown(cut(o.Owner)))
	}
	var says string
	switch {
	case i.cause != nil:
		says = fmt.Sprintf("%s severity, %s", i.cause.Severity, i.cause.Rule)
		if i.cause.Endpoint != "" {
			says += " at " + i.cause.Endpoint
		}
		if i.more > 0 {
			says += ", and " + count(i.more, "more cause", "more causes")
		}
	default:
		says = o.trouble()
	}
	if i.word != "" {
		says = i.word + ": " + says
	}
	s += ": " + escape.Markdown(cut(says))
	if link := o.link(); link != "" {
		s += fmt.Sprintf(" ([report](%s))", link)
	}
	return s
}

// trouble says why a target could not be judged, or what it came to.
func (o Outcome) trouble() string {
	switch {
	case len(o.Diagnoses) > 0:
		return o.Diagnoses[0].Detail
	case o.Fault != nil:
		return o.Fault.Error
	}
	return strings.TrimSuffix(o.Headline, ".")
}

// cut makes what a target or a manifest says fit into a digest.
func cut(s string) string {
	const most = 240
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
