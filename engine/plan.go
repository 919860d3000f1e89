package engine

import (
	"slices"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// An Item is one case of one scenario on the target, or one scenario that does
// not apply to it.
type Item struct {
	Scenario scenarios.Scenario
	// Case is nil where the scenario does not apply; NotApplicable then says why.
	Case          *scenarios.Case
	NotApplicable string
}

// Subject is the case's, and empty where the scenario does not apply.
func (i Item) Subject() scenarios.Subject {
	if i.Case == nil {
		return scenarios.Subject{}
	}
	return i.Case.Subject
}

// Labels are what items can be selected by: the ID and the family of the
// scenario, its level, and the credential of the case.
func (i Item) Labels() []string {
	ls := []string{i.Scenario.ID, i.Scenario.Family(), string(i.Scenario.Level)}
	if c := i.Subject().Credential; c != scenarios.Anonymous {
		ls = append(ls, string(c))
	}
	return ls
}

// A Plan is what a run will do: the items in the order of the catalogue, and
// the attempts they need, equal ones once.
type Plan struct {
	Target scenarios.Target
	Items  []Item
	whole  []Item // before a selection
	groups []*group
}

// NewPlan asks each scenario which cases it has on the target.
func NewPlan(catalogue []scenarios.Scenario, t scenarios.Target) Plan {
	p := Plan{Target: t}
	for _, s := range catalogue {
		p.Items = append(p.Items, itemsOf(s, t)...)
	}
	p.whole = p.Items
	p.groups = grouped(p.Target, p.attempts())
	return p
}

// itemsOf are the cases that a scenario has on a target, or that it does not apply.
func itemsOf(s scenarios.Scenario, t scenarios.Target) []Item {
	cases, reason := s.Plan(t)
	if len(cases) == 0 {
		return []Item{{Scenario: s, NotApplicable: reason}}
	}
	items := make([]Item, len(cases))
	for i := range cases {
		items[i] = Item{Scenario: s, Case: &cases[i]}
	}
	// Those that differ in the origin alone are one spec, and stand together.
	type spec struct {
		endpoint   string
		credential scenarios.Credential
	}
	of := func(i Item) spec { return spec{i.Subject().Endpoint, i.Subject().Credential} }
	first := map[spec]int{}
	for at, i := range items {
		if _, known := first[of(i)]; !known {
			first[of(i)] = at
		}
	}
	slices.SortStableFunc(items, func(a, b Item) int { return first[of(a)] - first[of(b)] })
	return items
}

// Select gives the plan of the items that are wanted, and of the attempts they
// need.
func (p Plan) Select(wanted func(Item) bool) Plan {
	selected := Plan{Target: p.Target, whole: p.whole}
	for _, item := range p.Items {
		if wanted(item) {
			selected.Items = append(selected.Items, item)
		}
	}
	selected.groups = grouped(selected.Target, selected.attempts())
	return selected
}

// attempts are those of all cases, as often as they are asked for.
func (p Plan) attempts() []scenarios.Attempt {
	var all []scenarios.Attempt
	for _, item := range p.Items {
		if item.Case != nil {
			all = append(all, item.Case.Attempts...)
		}
	}
	return all
}

// Attempts counts the attempts that the plan needs. What the first observations
// call for (scenarios.Case.More) comes on top.
func (p Plan) Attempts() int { return count(p.groups) }

// Pages are the pages that the plan needs, each with the attempts that are made
// from there. Header probes are left out.
func (p Plan) Pages() []Page {
	var pages []Page
	for _, g := range p.groups {
		switch {
		case g.probe:
		case len(g.frames) > 0:
			for _, f := range g.frames {
				pages = append(pages, Page{Identity: f.identity, Origin: f.page, Attempts: slices.Clone(f.attempts), Framed: true})
			}
		default:
			pages = append(pages, Page{Identity: g.identity, Origin: g.page, Attempts: slices.Clone(g.attempts)})
		}
	}
	return pages
}

// Probes are the attempts that no page makes: Crossexam sends them itself.
func (p Plan) Probes() []scenarios.Attempt {
	var probes []scenarios.Attempt
	for _, g := range p.groups {
		if g.probe {
			probes = append(probes, g.attempts...)
		}
	}
	return probes
}

// A Page is one page in a victim's browser and what is done from there.
type Page struct {
	Identity scenarios.Credential
	Origin   cors.Origin
	Attempts []scenarios.Attempt
	// Framed says that the page is a frame of the host page, and no navigation of
	// its own.
	Framed bool
}
