package engine

import (
	"slices"
	"time"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// CheckExpired says which of the accepted deviations of the plan's scenarios hold
// no more. Those of scenarios that were not selected are nobody's concern in this
// run. The error is [target.Problems].
func (p Plan) CheckExpired(a target.Accepted, today time.Time) error {
	var ps target.Problems
	for _, e := range p.concerning(a.Expired(today)) {
		ps = append(ps, e.Problem("it expired after %s: mend what it is about and remove the entry, or decide once more and write another day", e.Expires.Format(time.DateOnly)))
	}
	return orNil(ps)
}

// CheckMatches says which of the accepted deviations of the plan's scenarios are
// about no case of the target, selected or not. The error is [target.Problems].
func (p Plan) CheckMatches(a target.Accepted) error {
	var ps target.Problems
	for _, e := range p.concerning(a) {
		if len(p.cases(e)) == 0 {
			ps = append(ps, e.Problem("no case of this target is like it: remove the entry, or write its subject as the report has it"))
		}
	}
	return orNil(ps)
}

func orNil(ps target.Problems) error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// concerning are the entries about scenarios of the plan.
func (p Plan) concerning(a target.Accepted) target.Accepted {
	return slices.DeleteFunc(slices.Clone(a), func(e target.Acceptance) bool {
		return !slices.ContainsFunc(p.Items, func(i Item) bool { return i.Scenario.ID == e.ID })
	})
}

// cases are the subjects of the target that an entry is about, selected or not.
func (p Plan) cases(e target.Acceptance) []scenarios.Subject {
	var all []scenarios.Subject
	for _, i := range p.whole {
		if i.Case != nil && e.Meets(i.Scenario.ID, i.Case.Subject) {
			all = append(all, i.Case.Subject)
		}
	}
	return all
}

// stale gives the entries that accept nothing any more: every case of the target
// that they are about was examined, and conforms. A case that was not selected,
// not reached or could not be judged may still violate.
func stale(a target.Accepted, p Plan, results []Result) target.Accepted {
	return slices.DeleteFunc(p.concerning(a), func(e target.Acceptance) bool {
		cases := p.cases(e)
		return len(cases) == 0 || slices.ContainsFunc(cases, func(s scenarios.Subject) bool {
			i := slices.IndexFunc(results, func(r Result) bool { return r.Scenario.ID == e.ID && r.Subject == s })
			return i < 0 || results[i].Verdict() != scenarios.Conforms
		})
	})
}
