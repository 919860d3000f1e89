package fleetreport

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/internal/look"
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

// arguments are those of the template of a row.
func arguments(r row, p page) map[string]any {
	return map[string]any{"Row": r, "Owners": len(p.Owners) > 0, "Trends": len(p.Trends) > 0}
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
