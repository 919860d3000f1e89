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
)

// readLimit bounds what is read of a report, in bytes. The largest of ours have
// some megabytes.
const readLimit = 256 << 20

// Read reads a report.json of this version, as this program or an earlier one wrote
// it. The error says what the file is instead.
func Read(in io.Reader) (Report, error) {
	data, err := io.ReadAll(io.LimitReader(in, readLimit+1))
	switch {
	case err != nil:
		return Report{}, err
	case len(data) > readLimit:
		return Report{}, fmt.Errorf("it is larger than %d bytes", readLimit)
	}
	var named struct {
		Schema string `json:"schema"`
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
	if !slices.ContainsFunc(r.Results, func(c Result) bool { return c.Verdict != scenarios.NotApplicable }) {
		return nil, errors.New("it judged nothing: give the report of a run that came to verdicts")
	}
	trusted := make([]string, len(t.Trusted))
	for i, o := range t.Trusted {
		trusted[i] = o.String()
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
		b.Cases = append(b.Cases, engine.BaselineCase{ID: c.ID, Subject: c.Subject.Open(), Verdict: c.Verdict})
	}
	return b, nil
}

// Open is the subject as it can be found again: * stands where a secret was.
func (s Subject) Open() scenarios.Subject {
	return scenarios.Subject{Endpoint: open(s.Endpoint), Origin: open(s.Origin), Credential: s.Credential}
}

func open(s string) string { return strings.ReplaceAll(s, redacted, "*") }
