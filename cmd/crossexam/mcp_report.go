package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

type readArguments struct {
	Report  string `json:"report,omitempty" jsonschema:"name of a report that examine gave; left out, the newest"`
	File    string `json:"file,omitempty" jsonschema:"instead, the path of a report.json below the folder in which the server runs, such as crossexam-report/report.json"`
	ID      string `json:"id,omitempty" jsonschema:"only results of this requirement, such as WLD-001, or of this family, such as ORG"`
	Verdict string `json:"verdict,omitempty" jsonschema:"only results with this verdict: violates, cannot-tell, conforms or not-applicable"`
	Skip    int    `json:"skip,omitempty" jsonschema:"how many of the selected results to skip; next says it"`
}

// part is what is read of a report at once.
type part struct {
	Report   string          `json:"report"`
	Selected int             `json:"selected"` // results
	Next     int             `json:"next,omitempty"`
	Results  []report.Result `json:"results"`
}

func (a *assistant) readReport(_ context.Context, _ *mcp.CallToolRequest, in readArguments) (*mcp.CallToolResult, any, error) {
	r, err := a.find(in)
	if err != nil {
		return nil, nil, a.refusal(err)
	}
	if in.ID == "" && in.Verdict == "" {
		return said(summaryText(r)), nil, nil
	}
	p, err := selected(r, in)
	if err != nil {
		return nil, nil, a.refusal(err)
	}
	text, err := report.JSONLine(p)
	if err != nil {
		return nil, nil, err
	}
	return said(string(text)), nil, nil
}

// find is the report that is meant, without the victim's data.
func (a *assistant) find(in readArguments) (report.Report, error) {
	if in.File != "" {
		if in.Report != "" {
			return report.Report{}, errors.New("`report` and `file` are about the same: give only one of them")
		}
		return readBelow(".", in.File)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.reports) == 0 {
		return report.Report{}, errors.New("nothing was examined yet: call examine first, or give the `file` of a report")
	}
	if in.Report == "" {
		return a.reports[len(a.reports)-1], nil
	}
	var names []string
	for _, r := range a.reports {
		if r.Run.Name == in.Report {
			return r, nil
		}
		names = append(names, r.Run.Name)
	}
	return report.Report{}, fmt.Errorf("there is no report %q; there are %s", clip(in.Report, 100), strings.Join(names, ", "))
}

// readBelow reads a report.json that is below a folder, wherever links lead.
func readBelow(folder, path string) (report.Report, error) {
	refuse := func(err error) (report.Report, error) {
		return report.Report{}, fmt.Errorf("%q cannot be read as a report: %w", clip(path, 200), err)
	}
	base, err := filepath.Abs(folder)
	if err != nil {
		return refuse(err)
	}
	if filepath.IsAbs(path) {
		if path, err = filepath.Rel(base, path); err != nil {
			return refuse(err)
		}
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return refuse(err)
	}
	defer root.Close()
	info, err := root.Stat(path)
	switch {
	case err != nil && !filepath.IsLocal(path):
		return refuse(fmt.Errorf("only files below %s are read", base))
	case err != nil:
		return refuse(err)
	case !info.Mode().IsRegular():
		return refuse(errors.New("it is no file"))
	}
	f, err := root.Open(path)
	if err != nil {
		return refuse(err)
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		return refuse(err)
	}
	return r.WithoutData(), nil
}

// selected are the results that were asked for, as many as fit.
func selected(r report.Report, in readArguments) (part, error) {
	verdicts := []scenarios.Verdict{scenarios.Violates, scenarios.CannotTell, scenarios.Conforms, scenarios.NotApplicable}
	if in.Verdict != "" && !slices.Contains(verdicts, scenarios.Verdict(in.Verdict)) {
		return part{}, fmt.Errorf("there is no verdict %q; there are %v", clip(in.Verdict, 100), verdicts)
	}
	id := strings.ToUpper(in.ID)
	p := part{Report: r.Run.Name, Results: []report.Result{}}
	room := maxText - 1<<10
	for _, c := range r.Results {
		if id != "" && c.ID != id && c.Family != id || in.Verdict != "" && c.Verdict != scenarios.Verdict(in.Verdict) {
			continue
		}
		p.Selected++
		if p.Selected <= in.Skip || p.Next > 0 {
			continue
		}
		size := len(encoded(c))
		for size > room && len(p.Results) == 0 && len(c.Proof.Exchanges) > 0 { // one that is too large by itself
			c.Proof.Exchanges = c.Proof.Exchanges[:len(c.Proof.Exchanges)-1]
			c.Proof.ExchangesLeftOut++
			size = len(encoded(c))
		}
		if size > room {
			p.Next = p.Selected - 1
			continue
		}
		room -= size
		p.Results = append(p.Results, c)
	}
	switch {
	case p.Selected == 0:
		return p, fmt.Errorf("the report has no such result: it has %s", r.Counts())
	case len(p.Results) == 0 && p.Next == 0:
		return p, fmt.Errorf("there are %d such results: `skip` is too large", p.Selected)
	}
	return p, nil
}

// encoded is a result as JSON; all that it holds can be encoded.
func encoded(c report.Result) []byte {
	text, _ := report.JSONLine(c)
	return text
}
