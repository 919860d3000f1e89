package suite

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// withCauses gives a report in which each spec that failed by violations says what the
// target does that is behind them, and how many requirements fall with it. Only the
// whole record tells.
func withCauses(told Report, record engine.Record) Report {
	said := map[string][]string{} // by the names of specs
	for _, c := range record.Causes() {
		for _, i := range c.Findings {
			r := record.Results[i]
			name := nameOf(r.Scenario, r.Subject)
			line := fmt.Sprintf("\n  cause:     %s: %s", c.ID, c.Rule)
			if n := len(c.Requirements); n > 1 {
				line += fmt.Sprintf("; %d requirements fall with it", n)
			}
			if r.Fails && !slices.Contains(said[name], line) {
				said[name] = append(said[name], line)
			}
		}
	}
	return withLines(told, said, SpecReport.Failed)
}

// withWhatWouldTell gives a report in which each spec that could not be judged says what
// would tell.
func withWhatWouldTell(told Report, record engine.Record) Report {
	said := map[string][]string{}
	for _, r := range record.Results {
		if r.Verdict() != scenarios.CannotTell {
			continue
		}
		name, what := nameOf(r.Scenario, r.Subject), r.Judgement.Lack.WouldTell()
		if line := "\n  would tell: " + what; what != "" && !slices.Contains(said[name], line) {
			said[name] = append(said[name], line)
		}
	}
	return withLines(told, said, func(s SpecReport) bool { return s.Failed() || s.State.Is(types.SpecStateSkipped) })
}

// withLines gives a report with lines below the messages of those specs that are meant,
// by their names.
func withLines(told Report, said map[string][]string, meant func(SpecReport) bool) Report {
	told.SpecReports = slices.Clone(told.SpecReports)
	for i := range told.SpecReports {
		s := &told.SpecReports[i]
		if !meant(*s) {
			continue
		}
		for _, line := range said[s.LeafNodeText] {
			s.Failure.Message += line
		}
	}
	return told
}
