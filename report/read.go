package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
	"github.com/crossexam/crossexam/target/bounded"
)

// readLimits bound what is read of a report, and maxResults how many results it may
// have. The largest of ours have some megabytes, and some thousand results.
var readLimits = bounded.Limits{Bytes: 64 << 20, Depth: 64, Values: 1_200_000}

const maxResults = 20_000

// Read reads a report.json of this version, as this program or an earlier one wrote
// it. The error says what the file is instead.
func Read(in io.Reader) (Report, error) {
	data, err := bounded.Read(in, readLimits.Bytes)
	if err != nil {
		return Report{}, err
	}
	if err := bounded.JSON(data, readLimits); err != nil {
		return Report{}, fmt.Errorf("it is no report.json: %w", err)
	}
	var named struct {
		Schema  string            `json:"schema"`
		Results []json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(data, &named); err != nil {
		return Report{}, fmt.Errorf("it is no report.json: %w", err)
	}
	switch {
	case named.Schema == "":
		return Report{}, fmt.Errorf(`it is no report.json: "schema": %q is missing`, Version)
	case named.Schema != Version:
		return Report{}, fmt.Errorf("it has the version %q, and this Crossexam reads %q: make it again with this Crossexam", visibleLine(named.Schema), Version)
	}
	if len(named.Results) > maxResults {
		return Report{}, fmt.Errorf("it is no report.json: it has more than %d results", maxResults)
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return Report{}, fmt.Errorf("it is no report.json: %w", err)
	}
	for i, c := range r.Results {
		if c.ID == "" || !slices.Contains([]scenarios.Verdict{scenarios.Conforms, scenarios.Violates, scenarios.CannotTell, scenarios.NotApplicable}, c.Verdict) {
			return Report{}, fmt.Errorf("it is no report.json: result %d has the ID %q and the verdict %q", i+1, c.ID, c.Verdict)
		}
	}
	return r, nil
}

// BaselineFor makes a baseline of an earlier report for an examination of a
// target. The error says why the two cannot be compared.
func (r Report) BaselineFor(t scenarios.Target) (*engine.Baseline, error) {
	return r.baselineOf(t.DeclaredTrust())
}

// baselineOf is BaselineFor for a target that trusts these origins.
func (r Report) baselineOf(trusted []string) (*engine.Baseline, error) {
	if !slices.ContainsFunc(r.Results, func(c Result) bool { return c.Verdict != scenarios.NotApplicable }) {
		return nil, errors.New("it judged nothing: give the report of a run that came to verdicts")
	}
	has := func(o string) bool {
		return slices.ContainsFunc(r.Target.TrustedOrigins, func(old string) bool {
			return target.SubjectPattern{Origin: open(old)}.Meets(scenarios.Subject{Origin: o})
		})
	}
	if len(r.Target.TrustedOrigins) != len(trusted) || slices.ContainsFunc(trusted, func(o string) bool { return !has(o) }) {
		return nil, fmt.Errorf("it is about other trusted origins (%s), and this run about %s: the two have no cases in common",
			visibleLine(strings.Join(r.Target.TrustedOrigins, ", ")), strings.Join(trusted, ", "))
	}
	b := &engine.Baseline{Run: r.Run.Name, Started: r.Run.Started}
	for _, c := range r.Results {
		b.Cases = append(b.Cases, engine.BaselineCase{ID: c.ID, Subject: c.Subject.Open(), Verdict: c.Verdict, Cause: c.Cause})
	}
	return b, nil
}

// Open is the subject as it can be found again: * stands where a secret was.
func (s Subject) Open() scenarios.Subject {
	return scenarios.Subject{Endpoint: open(s.Endpoint), Origin: open(s.Origin), Credential: s.Credential}
}

func open(s string) string { return strings.ReplaceAll(s, target.Redacted, "*") }
