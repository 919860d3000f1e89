package fleetreport

import (
	"fmt"
	"strings"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/internal/escape"
)

// staticRows is how many targets the page has as HTML, the gravest: for who reads it
// without scripts, as artifact viewers show it. The script shows them all.
const staticRows = 100

type word struct{ Key, Word string }

// A row is a target in the table.
type row struct {
	Title  string
	URL    string // empty where the title is the URL
	Owner  string
	Link   string
	Mark   string
	Word   string // of the mark
	Worst  string // the worst cause, or why there is none to name
	Grave  string // its severity
	Stolen string
	Stage  Stage
	Trend  string
	Kinds  []string // of its changes
	Says   string   // the headline
	Causes []rowCause
	Notes  []string // diagnoses and faults
}

type rowCause struct {
	ID    string
	Text  string
	Fix   string
	Grade string
}

// mark is the word for a target that also names its shape and colour, as in report.html.
func (t target) mark() (mark, says string) {
	switch {
	case t.code == report.ExitViolates && t.Stage == Sweep:
		return "violates", "granted"
	case t.code == report.ExitViolates:
		return "violates", "violates"
	case t.code == report.ExitNoVerdict:
		return "cannot-tell", "could not judge"
	case t.code == report.ExitUsage:
		return "accepted", "configuration"
	case t.Stage == Sweep && t.Grant == Granted:
		return "not-applicable", "nothing private"
	case t.Stage == Sweep:
		return "not-applicable", "not granted"
	}
	return "conforms", "conforms"
}

func verdicts() []word {
	return []word{{"violates", "violates, or granted"}, {"cannot-tell", "could not judge"}, {"accepted", "configuration"}, {"conforms", "conforms"}, {"not-applicable", "not granted, or nothing private"}}
}

// trends are the words by which the table can be filtered.
func trends() []word {
	var all []word
	for _, k := range report.Kinds() {
		all = append(all, word{string(k), k.Word()})
	}
	return append(all, word{"first", "new in the fleet"})
}

func (f Fleet) row(t target) row {
	mark, says := t.mark()
	r := row{
		Title: escape.Line(t.Title()), Owner: escape.Line(t.Owner), Link: t.link(), Mark: mark, Word: says,
		Stage: t.Stage, Says: escape.Line(t.Headline), Stolen: t.stolen(), Kinds: []string{}, Causes: []rowCause{}, Notes: []string{},
	}
	if t.Name != "" {
		r.URL = escape.Line(t.Target)
	}
	changes := map[string]report.Kind{}
	for _, c := range t.trend.Changes {
		changes[c.Cause.Fingerprint] = c.Kind
	}
	for _, c := range t.Causes {
		one := rowCause{ID: c.ID, Text: escape.Line(c.Rule), Fix: escape.Line(c.Fix), Grade: fmt.Sprintf("%s, %s severity", c.Level, c.Severity)}
		if c.Endpoint != "" {
			one.Text += " at " + escape.Line(c.Endpoint)
		}
		if c.Endpoints > 1 {
			one.Text += " and " + count(c.Endpoints-1, "more endpoint", "more endpoints")
		}
		if k := changes[c.Fingerprint]; f.compared() && k != "" {
			one.Grade += ", " + k.Word()
		}
		if c.Accepted {
			one.Grade += ", accepted"
		}
		r.Causes = append(r.Causes, one)
	}
	for _, d := range t.Diagnoses {
		r.Notes = append(r.Notes, escape.Line(advised(d.Detail, d.Advice)))
	}
	if t.Fault != nil {
		r.Notes = append(r.Notes, escape.Line(advised(t.Fault.Error, t.Fault.Advice)))
	}
	switch {
	case t.worst != nil:
		r.Worst, r.Grave = escape.Line(t.worst.Rule), string(t.worst.Severity)
	case t.code == report.ExitNoVerdict:
		r.Worst = escape.Line(cut(t.trouble()))
	default:
		r.Worst = "none"
	}
	if f.compared() {
		r.Trend, r.Kinds = t.change()
	}
	return r
}

func advised(text, advice string) string {
	text = strings.TrimSuffix(text, ".") + "."
	if advice != "" {
		text += " What to do: " + strings.TrimSuffix(advice, ".") + "."
	}
	return text
}

// stolen says whether data left, as far as that was tried.
func (t target) stolen() string {
	switch {
	case t.Exfiltration == report.Proven:
		return "yes"
	case t.Exfiltration == report.NoneSeen:
		return "no"
	case t.Stage == Sweep && t.Grant != GrantUnknown:
		return "not tried"
	}
	return "unknown"
}

// change says in a few words what has changed, with the kinds of it.
func (t target) change() (string, []string) {
	var parts []string
	kinds := []string{}
	for _, k := range report.Kinds() {
		if n := t.trend.Count(k); n > 0 {
			parts = append(parts, number(n)+" "+k.Word())
			kinds = append(kinds, string(k))
		}
	}
	if len(parts) == 0 && t.trend.Kind != "" {
		parts, kinds = append(parts, t.trend.Kind.Word()), append(kinds, string(t.trend.Kind))
	}
	if t.trend.First {
		parts, kinds = append(parts, "new in the fleet"), append(kinds, "first")
	}
	if len(parts) == 0 {
		return "same", kinds
	}
	return strings.Join(parts, ", "), kinds
}

// packed are the rows for the script, the gravest first and with each text once: fixes and
// headlines are the same at thousands of targets. See the beginning of fleet.js.
type packed struct {
	Texts []string `json:"texts"`
	Rows  []any    `json:"rows"`
}

func pack(rows []row) packed {
	p := packed{Texts: []string{}, Rows: []any{}}
	at := map[string]int{}
	text := func(s string) int {
		i, known := at[s]
		if !known {
			i = len(p.Texts)
			at[s] = i
			p.Texts = append(p.Texts, s)
		}
		return i
	}
	texts := func(list []string) []int {
		all := []int{}
		for _, s := range list {
			all = append(all, text(s))
		}
		return all
	}
	for _, r := range rows {
		causes := []any{}
		for _, c := range r.Causes {
			causes = append(causes, []int{text(c.ID), text(c.Text), text(c.Fix), text(c.Grade)})
		}
		p.Rows = append(p.Rows, []any{
			r.Title, r.URL, r.Link, text(r.Owner), text(r.Mark), text(r.Word), text(r.Worst), text(r.Grave), text(r.Stolen), text(string(r.Stage)), text(r.Trend),
			text(r.Says), texts(r.Kinds), causes, texts(r.Notes),
		})
	}
	return p
}
