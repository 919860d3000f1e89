package engine

import (
	"fmt"
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

// A Plan is what a run will do: the items in the order of the catalogue, and
// the attempts they need, equal ones once.
type Plan struct {
	Target scenarios.Target
	Items  []Item
	groups []*group
}

// A group is what one page of one victim's browser does: one navigation, then
// all its attempts.
type group struct {
	identity scenarios.Credential
	page     cors.Origin
	trusted  bool
	probe    bool // no page: Crossexam sends these itself
	attempts []scenarios.Attempt
}

func (g *group) has(key string) bool {
	return slices.ContainsFunc(g.attempts, func(a scenarios.Attempt) bool { return a.Key() == key })
}

func (g *group) String() string {
	if g.probe {
		return "header probes"
	}
	who := string(g.identity)
	if who == "" {
		who = "no credential"
	}
	return fmt.Sprintf("%s (%s)", g.page, who)
}

// NewPlan asks each scenario which cases it has on the target.
func NewPlan(catalogue []scenarios.Scenario, t scenarios.Target) Plan {
	p := Plan{Target: t}
	for _, s := range catalogue {
		cases, reason := s.Plan(t)
		if len(cases) == 0 {
			p.Items = append(p.Items, Item{Scenario: s, NotApplicable: reason})
		}
		for _, c := range cases {
			p.Items = append(p.Items, Item{Scenario: s, Case: &c})
		}
	}
	p.group()
	return p
}

// Select gives the plan of the items that are wanted, and of the attempts they
// need.
func (p Plan) Select(wanted func(Item) bool) Plan {
	selected := Plan{Target: p.Target}
	for _, item := range p.Items {
		if wanted(item) {
			selected.Items = append(selected.Items, item)
		}
	}
	selected.group()
	return selected
}

// Attempts counts the attempts that the plan needs.
func (p Plan) Attempts() int {
	n := 0
	for _, g := range p.groups {
		n += len(g.attempts)
	}
	return n
}

// Pages are the navigations that the plan needs, each with the attempts that are
// made from there, by victim in the order they are made. Header probes are left
// out.
func (p Plan) Pages() []Page {
	var pages []Page
	for _, g := range p.groups {
		if !g.probe {
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

// A Page is one navigation of a victim's browser and what is done from there.
type Page struct {
	Identity scenarios.Credential
	Origin   cors.Origin
	Attempts []scenarios.Attempt
}

// group merges equal attempts and gathers them by page. An attempt without any
// credential can be made in whichever victim's browser has the page open anyway,
// because credentials mode "omit" keeps every credential home.
func (p *Plan) group() {
	seen := map[string]bool{}
	var anonymous []scenarios.Attempt
	add := func(a scenarios.Attempt, g group) {
		i := slices.IndexFunc(p.groups, func(h *group) bool {
			return h.page == g.page && h.trusted == g.trusted && h.identity == g.identity && h.probe == g.probe
		})
		if i < 0 {
			i = len(p.groups)
			p.groups = append(p.groups, &g)
		}
		p.groups[i].attempts = append(p.groups[i].attempts, a)
	}
	for _, item := range p.Items {
		if item.Case == nil {
			continue
		}
		for _, a := range item.Case.Attempts {
			if key := a.Key(); seen[key] {
				continue
			} else {
				seen[key] = true
			}
			switch {
			case a.Vector == scenarios.Probe:
				add(a, group{probe: true})
			case a.Identity == scenarios.Anonymous && a.Omit:
				anonymous = append(anonymous, a)
			default:
				add(a, group{identity: a.Identity, page: a.Page, trusted: a.Trusted})
			}
		}
	}
	for _, a := range anonymous {
		g := group{page: a.Page, trusted: a.Trusted}
		for _, h := range p.groups {
			if h.page == a.Page && h.trusted == a.Trusted && !h.probe {
				g.identity = h.identity
				break
			}
		}
		add(a, g)
	}
}
