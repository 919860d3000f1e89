package scenarios

import (
	"cmp"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A Judged is a case with its judgement, as far as causes are found by it.
type Judged struct {
	ID        string // of the scenario
	Subject   Subject
	Judgement Judgement
	Level     Level // of this finding, which may bind less than its scenario does
	// Place is that of the endpoint among those of the target, which has the most private
	// first; of findings that are alike otherwise the one at the first place is told.
	Place int
	// Answer is the reply that shows the judgement best, and nil where there was none;
	// Block is why the browser refused it, and empty where it did not.
	Answer *cors.Response
	Block  cors.Reason
	// Unsteady says that the target gives that reply now and then, and another otherwise.
	Unsteady bool
}

// A Cause is what the target does that is behind violations: one rule of its own, and
// one thing to change.
type Cause struct {
	// ID is the same in every run in which the target does the same: the kind of the
	// cause, such as "every-origin", or the ID of the one requirement that it violates.
	ID string
	// Rule says in a sentence without a period what the target does.
	Rule string
	// Level is the strictest of the findings', and Severity the gravest.
	Level    Level
	Severity Severity
	// Witnesses are origins for which it shows, at most five, the worst first.
	Witnesses []string
	// Requirements are the IDs of the scenarios that it violates, in the order of the
	// catalogue.
	Requirements []string
	// Root is the scenario that is about the cause, and Fix what mends it.
	Root string
	Fix  string
	// Findings are the places of the violations in the list that [Causes] was given, in
	// its order, and Worst is the one of them that lets most through.
	Findings []int
	Worst    int
}

// Causes traces violations to what the target does, the gravest cause first. Every
// violation has exactly one. It is pure, and the order of the findings changes nothing
// but their places.
func Causes(all []Judged) []Cause {
	order := newRanking()
	var violations []int
	for i, f := range all {
		if f.Judgement.Verdict == Violates {
			violations = append(violations, i)
		}
	}
	var causes []Cause
	left := violations
	kinds := causeKinds()
	for _, i := range violations {
		if id := all[i].ID; !order[id].known { // a scenario that is not of the catalogue
			kinds = append(kinds, causeKind{id: id, words: saying("the requirement is violated"), shows: anyOf(id)})
		}
	}
	for _, k := range kinds {
		var shown []Judged
		for _, i := range left {
			if k.shows(all[i]) {
				shown = append(shown, all[i])
			}
		}
		if len(shown) == 0 {
			continue
		}
		var its, others []int
		for _, i := range left {
			if k.shows(all[i]) || k.fells != nil && k.fells(all[i], shown) {
				its = append(its, i)
			} else {
				others = append(others, i)
			}
		}
		left = others
		causes = append(causes, k.cause(all, its, order))
	}
	slices.SortStableFunc(causes, func(a, b Cause) int {
		return cmp.Or(graver(all[a.Worst], all[b.Worst], order, nil), cmp.Compare(a.ID, b.ID))
	})
	return causes
}

// cause makes one of the findings that it is behind.
func (k causeKind) cause(all []Judged, its []int, order ranking) Cause {
	c := Cause{ID: k.id, Findings: its}
	ranked := slices.Clone(its)
	slices.SortStableFunc(ranked, func(i, j int) int { return graver(all[i], all[j], order, k.roots) })
	c.Worst = ranked[0]
	findings := make([]Judged, len(ranked))
	for n, i := range ranked {
		f := all[i]
		findings[n] = f
		if n == 0 || strictness(f.Level) > strictness(c.Level) {
			c.Level = f.Level
		}
		if f.Judgement.Severity.weight() > c.Severity.weight() {
			c.Severity = f.Judgement.Severity
		}
		if !slices.Contains(c.Requirements, f.ID) {
			c.Requirements = append(c.Requirements, f.ID)
		}
	}
	slices.SortFunc(c.Requirements, func(a, b string) int { return order[a].place - order[b].place })
	c.Witnesses = witnessed(findings)
	c.Rule = k.words(findings)
	c.Root = findings[0].ID
	if i := slices.IndexFunc(findings, notFollowing); i >= 0 { // what follows is mended by what it follows from
		c.Root = findings[i].ID
	}
	for _, id := range k.roots {
		if slices.ContainsFunc(findings, func(f Judged) bool { return f.ID == id && notFollowing(f) }) {
			c.Root = id
			break
		}
	}
	c.Fix = k.fix(c.Root, findings)
	return c
}

// notFollowing reports whether a violation follows from no other one: the fix of one that
// does may say no more than where to look.
func notFollowing(f Judged) bool { return f.Judgement.FollowsFrom == "" }

// fix is what mends the cause: what is its own, what the judge of its root says, or the
// scenario.
func (k causeKind) fix(root string, findings []Judged) string {
	if k.mends != "" {
		return k.mends
	}
	s, _ := Find(root)
	fix := s.Fix
	its := slices.DeleteFunc(slices.Clone(findings), func(f Judged) bool { return f.ID != root })
	if i := max(0, slices.IndexFunc(its, notFollowing)); i < len(its) {
		fix = cmp.Or(its[i].Judgement.Fix, fix)
	}
	for _, too := range k.too {
		if slices.ContainsFunc(findings, func(f Judged) bool { return slices.Contains(too.ids, f.ID) }) {
			fix += " " + too.fix
		}
	}
	return fix
}

// witnessed are the first origins of findings, no two of one requirement as long as there
// are others.
func witnessed(findings []Judged) []string {
	const most = 5
	origins, ids := []string{}, map[string]bool{}
	for _, again := range []bool{false, true} {
		for _, f := range findings {
			if o := f.Subject.Origin; len(origins) < most && o != "" && (again || !ids[f.ID]) && !slices.Contains(origins, o) {
				origins = append(origins, o)
				ids[f.ID] = true
			}
		}
	}
	return origins
}

// graver orders violations by what they let through: what was proved to leave, what
// binds, by severity, by whom, and the rest so that the order in which they were judged
// does not count. Of equal ones those of the roots of a cause come first.
func graver(a, b Judged, order ranking, roots []string) int {
	root := func(f Judged) int {
		if i := slices.Index(roots, f.ID); i >= 0 {
			return i
		}
		return len(roots)
	}
	flag := func(x, y bool) int {
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	}
	secure := func(f Judged) bool { return strings.HasPrefix(f.Subject.Origin, "https://") }
	return cmp.Or(
		flag(a.Judgement.Exfiltrated && a.Judgement.Severity != Low, b.Judgement.Exfiltrated && b.Judgement.Severity != Low),
		strictness(b.Level)-strictness(a.Level),
		b.Judgement.Severity.weight()-a.Judgement.Severity.weight(),
		flag(order[a.ID].anyone, order[b.ID].anyone),
		flag(secure(a), secure(b)),
		root(a)-root(b),
		order[a.ID].place-order[b.ID].place,
		a.Place-b.Place,
		cmp.Compare(a.Subject.Endpoint, b.Subject.Endpoint),
		cmp.Compare(a.Subject.Origin, b.Subject.Origin),
		cmp.Compare(a.Subject.Credential, b.Subject.Credential),
	)
}

func strictness(l Level) int { return slices.Index([]Level{Info, Should, Must}, l) }

// A ranking says of each scenario of the catalogue where it stands in it, and whether
// every page on the web is in the place of its attacker.
type ranking map[string]struct {
	place  int
	anyone bool
	known  bool
}

func newRanking() ranking {
	order := ranking{}
	for i, s := range Catalogue() {
		rank := order[s.ID]
		rank.place, rank.anyone, rank.known = i, s.Anyone, true
		order[s.ID] = rank
	}
	return order
}
