package fleetreport

import (
	"cmp"
	"slices"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/internal/escape"
	"github.com/crossexam/crossexam/scenarios"
)

// A shared cause is one that targets have in common.
type shared struct {
	ID, Rule, Severity, Fix string
	Targets, Stolen, New    int
}

// An owned part of the fleet is what one owner has to mend.
type owned struct {
	Name                             string
	Targets, Violate, Unjudged, News int
}

// shared are the causes of the fleet, what most targets suffer from first among the
// gravest.
func (f Fleet) shared() []shared {
	var all []shared
	at := map[string]int{}
	for _, t := range f.targets {
		for _, c := range t.Causes {
			if c.Accepted {
				continue
			}
			i, known := at[c.ID]
			if !known {
				i = len(all)
				at[c.ID] = i
				all = append(all, shared{ID: c.ID, Rule: escape.Line(c.Rule), Severity: string(c.Severity), Fix: escape.Line(c.Fix)})
			}
			s := &all[i]
			s.Targets++
			if c.Exfiltrated {
				s.Stolen++
			}
			if c.Severity.Graver(scenarios.Severity(s.Severity)) {
				s.Severity = string(c.Severity)
			}
			if slices.ContainsFunc(t.trend.Changes, func(change CauseChange) bool {
				return change.Kind == report.KindNew && change.Cause.Fingerprint == c.Fingerprint
			}) {
				s.New++
			}
		}
	}
	slices.SortStableFunc(all, func(a, b shared) int {
		rank := func(s shared) int {
			return slices.Index([]string{string(scenarios.High), string(scenarios.Medium), string(scenarios.Low)}, s.Severity)
		}
		return cmp.Or(b.Stolen-a.Stolen, rank(a)-rank(b), b.Targets-a.Targets, cmp.Compare(a.ID, b.ID))
	})
	return all
}

// owned are the parts of the owners, who has most to mend first; none where nobody is
// named.
func (f Fleet) owned() []owned {
	var all []owned
	at := map[string]int{}
	for _, t := range f.targets {
		if t.Owner == "" {
			continue
		}
		i, known := at[t.Owner]
		if !known {
			i = len(all)
			at[t.Owner] = i
			all = append(all, owned{Name: escape.Line(t.Owner)})
		}
		o := &all[i]
		o.Targets++
		switch t.code {
		case report.ExitViolates:
			o.Violate++
		case report.ExitNoVerdict:
			o.Unjudged++
		}
		o.News += t.trend.Count(report.KindNew) + t.trend.Count(report.KindGraver)
	}
	slices.SortStableFunc(all, func(a, b owned) int {
		return cmp.Or(b.Violate-a.Violate, b.Unjudged-a.Unjudged, b.Targets-a.Targets, cmp.Compare(a.Name, b.Name))
	})
	return all
}
