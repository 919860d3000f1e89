package report

import (
	"cmp"
	"slices"

	"github.com/crossexam/crossexam/scenarios"
)

// A family is the results of one family of scenarios.
type family struct {
	Code   string
	Title  string
	Groups []group
}

// A group is the results of one scenario. What they have in common is in any of
// them.
type group struct {
	Result           // the gravest
	Results []Result // gravest first
}

// families gathers the results, gravest families, scenarios and results first.
// Where they are alike, the order in which they were judged stays.
func (r Report) families() []family {
	var all []family
	for _, g := range r.groups() {
		i := slices.IndexFunc(all, func(f family) bool { return f.Code == g.Family })
		if i < 0 {
			i = len(all)
			all = append(all, family{Code: g.Family, Title: scenarios.FamilyTitle(g.Family)})
		}
		all[i].Groups = append(all[i].Groups, g)
	}
	return all
}

// groups gathers the results by scenario, the gravest first, and those that are
// alike in the order of the catalogue: the cause before what follows from it.
func (r Report) groups() []group {
	var all []group
	for _, c := range r.Results {
		i := slices.IndexFunc(all, func(g group) bool { return g.ID == c.ID })
		if i < 0 {
			i = len(all)
			all = append(all, group{Result: c})
		}
		all[i].Results = append(all[i].Results, c)
	}
	for i, g := range all {
		slices.SortStableFunc(g.Results, func(a, b Result) int { return b.gravity() - a.gravity() })
		all[i].Result = g.Results[0]
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

// Count returns how many results of the group have a verdict.
func (g group) Count(v scenarios.Verdict) int {
	n := 0
	for _, c := range g.Results {
		if c.Verdict == v {
			n++
		}
	}
	return n
}
