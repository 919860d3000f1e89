package suite

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"

	"github.com/crossexam/crossexam/engine"
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
	told.SpecReports = slices.Clone(told.SpecReports)
	for i := range told.SpecReports {
		s := &told.SpecReports[i]
		if !s.Failed() {
			continue
		}
		for _, line := range said[s.LeafNodeText] {
			s.Failure.Message += line
		}
	}
	return told
}
