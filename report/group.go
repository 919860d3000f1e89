package report

import (
	"cmp"
	"slices"

	"github.com/crossexam/crossexam/scenarios"
)

// A group is the results of one scenario. What they have in common is in any of
// them.
type group struct {
	Result           // the gravest
	Results []Result // gravest first
	Places  []int    // of each among the results of the report
}

// groups gathers the results by scenario, the gravest first, and those that are
// alike in the order of the catalogue: the cause before what follows from it.
func (r Report) groups() []group {
	var all []group
	at := map[string]int{}
	for i, c := range r.Results {
		n, there := at[c.ID]
		if !there {
			n = len(all)
			at[c.ID] = n
			all = append(all, group{})
		}
		all[n].Places = append(all[n].Places, i)
	}
	for i := range all {
		g := &all[i]
		slices.SortStableFunc(g.Places, func(a, b int) int { return r.Results[b].gravity() - r.Results[a].gravity() })
		for _, place := range g.Places {
			g.Results = append(g.Results, r.Results[place])
		}
		g.Result = g.Results[0]
	}
	order := map[string]int{}
	for i, s := range scenarios.Catalogue() {
		order[s.ID] = i
	}
	slices.SortStableFunc(all, func(a, b group) int {
		return cmp.Or(b.gravity()-a.gravity(), order[a.ID]-order[b.ID])
	})
	return all
}

// gravity orders results for a reader: what was stolen, what is violated, what
// could not be told, the rest.
func (c Result) gravity() int {
	level := slices.Index([]scenarios.Level{scenarios.Info, scenarios.Should, scenarios.Must}, c.Level)
	severity := slices.Index([]scenarios.Severity{scenarios.Low, scenarios.Medium, scenarios.High}, c.Severity)
	n := 0
	switch {
	case c.Verdict == scenarios.Violates && c.Accepted:
		n = 300
	case c.Verdict == scenarios.Violates:
		n = 500 + 10*severity
	case c.Verdict == scenarios.CannotTell:
		n = 400
	case c.Verdict == scenarios.Conforms:
		n = 200
	}
	if c.Exfiltrated && !c.Accepted {
		n += 200
	}
	// What binds comes before what only advises, a proven theft aside.
	if c.Verdict == scenarios.Violates && !c.Accepted && c.Level == scenarios.Must {
		n += 100
	}
	return n + level
}
