package fleetreport

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/internal/escape"
	"github.com/crossexam/crossexam/report/internal/look"
	"github.com/crossexam/crossexam/scenarios"
)

//go:embed fleet.html.tmpl
var pageSource string

//go:embed fleet.css
var styleSource string

//go:embed fleet.js
var scriptSource string

var (
	pageStyle    = look.Style + styleSource
	pagePolicy   = look.Policy(scriptSource, pageStyle)
	pageTemplate = template.Must(look.Template("fleet").Funcs(template.FuncMap{"count": count, "number": number, "arguments": arguments}).Parse(pageSource))
)

// staticRows is how many targets the page has as HTML, the gravest: for who reads it
// without scripts, as artifact viewers show it. The script shows them all.
const staticRows = 100

// writeHTML writes fleet.html: one file that needs nothing else, and leads to the reports
// beside it.
func (f Fleet) writeHTML(w io.Writer) error {
	p, err := f.page()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return fmt.Errorf("making the fleet's page: %w", err)
	}
	_, err = b.WriteTo(w)
	return err
}

// page is what the template shows.
type page struct {
	Policy   string
	Style    template.CSS
	Script   template.JS
	Name     string
	Headline string
	Mark     string
	Counts   string
	Code     int
	Meaning  string
	Changes  string
	When     string
	Tiles    []tile
	Causes   []shared
	Owners   []owned
	Rows     []row // the first ones
	Empty    row   // of which the script makes rows
	All      int
	Trends   []word
	Verdicts []word
	Data     template.JS // JSON, in which <, > and & are escaped
	Tool     report.Tool
}

type tile struct {
	Mark, Word string
	Count      int
}

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

// A shared cause is one that targets have in common.
type shared struct {
	ID, Rule, Severity, Fix string
	Targets, Stolen, New    int
}

// An owned part of the fleet is what one owner has to mend.
type owned struct {
	Name                             string
	Targets, Violate, Unjudged, News int
}

// arguments are those of the template of a row.
func arguments(r row, p page) map[string]any {
	return map[string]any{"Row": r, "Owners": len(p.Owners) > 0, "Trends": len(p.Trends) > 0}
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

func (f Fleet) page() (page, error) {
	c := f.census()
	p := page{
		Policy: pagePolicy, Style: template.CSS(pageStyle), Script: template.JS(scriptSource),
		Name: f.options.Name, Headline: f.Headline(), Counts: f.Counts(), Code: f.ExitCode(), Meaning: f.Meaning(), Changes: f.Changes(),
		Mark: map[int]string{report.ExitConforms: "conforms", report.ExitViolates: "violates", report.ExitUsage: "accepted", report.ExitNoVerdict: "cannot-tell"}[f.ExitCode()],
		Tiles: []tile{
			{"violates", "could be read", c.stolen},
			{"violates", verb(c.violate, "violates a must", "violate a must"), c.violate},
			{"cannot-tell", "could not be judged", c.unjudged},
			{"conforms", verb(c.conform, "conforms", "conform"), c.conform},
			{"not-applicable", verb(c.ungranted+c.public, "grants nothing private by its headers", "grant nothing private by their headers"), c.ungranted + c.public},
		},
		Causes: f.shared(), Owners: f.owned(), All: len(f.targets), Verdicts: verdicts(), Tool: f.options.Tool, When: f.when(),
	}
	if f.compared() {
		p.Trends = trends()
	}
	rows := make([]row, 0, len(f.targets))
	for _, t := range f.targets {
		rows = append(rows, f.row(t))
	}
	p.Rows = rows[:min(len(rows), staticRows)]
	data, err := json.Marshal(pack(rows))
	if err != nil {
		return page{}, err
	}
	p.Data = template.JS(data) // json.Marshal escapes <, > and &, and line separators
	return p, nil
}

// when is from the first to the last examination.
func (f Fleet) when() string {
	if len(f.targets) == 0 {
		return ""
	}
	first, last := f.targets[0].Started, f.targets[0].Started
	for _, t := range f.targets {
		if t.Started.Before(first) {
			first = t.Started
		}
		if t.Started.After(last) {
			last = t.Started
		}
	}
	const form = "2 January 2006, 15:04 MST"
	a, b := first.UTC().Format(form), last.UTC().Format(form)
	if a == b {
		return a
	}
	return a + " to " + b
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

// shared are the causes of the fleet, what most targets suffer from first among the
// gravest.
func (f Fleet) shared() []shared {
	var all []shared
	at := map[string]int{}
	for _, t := range f.targets {
		for _, c := range t.Causes {
			if c.Accepted {
				continue
			}
			i, known := at[c.ID]
			if !known {
				i = len(all)
				at[c.ID] = i
				all = append(all, shared{ID: c.ID, Rule: escape.Line(c.Rule), Severity: string(c.Severity), Fix: escape.Line(c.Fix)})
			}
			s := &all[i]
			s.Targets++
			if c.Exfiltrated {
				s.Stolen++
			}
			if c.Severity.Graver(scenarios.Severity(s.Severity)) {
				s.Severity = string(c.Severity)
			}
			if slices.ContainsFunc(t.trend.Changes, func(change CauseChange) bool {
				return change.Kind == report.KindNew && change.Cause.Fingerprint == c.Fingerprint
			}) {
				s.New++
			}
		}
	}
	slices.SortStableFunc(all, func(a, b shared) int {
		rank := func(s shared) int {
			return slices.Index([]string{string(scenarios.High), string(scenarios.Medium), string(scenarios.Low)}, s.Severity)
		}
		return cmp.Or(b.Stolen-a.Stolen, rank(a)-rank(b), b.Targets-a.Targets, cmp.Compare(a.ID, b.ID))
	})
	return all
}

// owned are the parts of the owners, who has most to mend first; none where nobody is
// named.
func (f Fleet) owned() []owned {
	var all []owned
	at := map[string]int{}
	for _, t := range f.targets {
		if t.Owner == "" {
			continue
		}
		i, known := at[t.Owner]
		if !known {
			i = len(all)
			at[t.Owner] = i
			all = append(all, owned{Name: escape.Line(t.Owner)})
		}
		o := &all[i]
		o.Targets++
		switch t.code {
		case report.ExitViolates:
			o.Violate++
		case report.ExitNoVerdict:
			o.Unjudged++
		}
		o.News += t.trend.Count(report.KindNew) + t.trend.Count(report.KindGraver)
	}
	slices.SortStableFunc(all, func(a, b owned) int {
		return cmp.Or(b.Violate-a.Violate, b.Unjudged-a.Unjudged, b.Targets-a.Targets, cmp.Compare(a.Name, b.Name))
	})
	return all
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
