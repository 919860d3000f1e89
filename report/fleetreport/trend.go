package fleetreport

import (
	"cmp"
	"slices"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// A CauseChange is what became of a cause since the last run. Cause is as it is now, and
// as it was where it is not seen any more.
type CauseChange struct {
	Kind  report.Kind
	Cause Cause
}

// A Trend is what became of a target since the last run.
type Trend struct {
	// Kind is the one of its changes that asks for most work: new, graver, doubtful, gone,
	// milder, unchanged, fixed or settled. It is empty where there was nothing to find in
	// either run.
	Kind report.Kind
	// Changes are those of its causes, what is accepted apart.
	Changes []CauseChange
	// First says that the last run did not have the target.
	First bool
}

// Count is how many causes have changed in that way.
func (t Trend) Count(k report.Kind) int {
	n := 0
	for _, c := range t.Changes {
		if c.Kind == k {
			n++
		}
	}
	return n
}

// trendOf compares a target with what was known of it; then is nil where the last run did
// not have it.
func trendOf(then *Outcome, now Outcome) Trend {
	t := Trend{First: then == nil}
	if then == nil {
		then = &Outcome{}
	}
	accepted := map[string]bool{}
	seen := map[string]bool{}
	for _, c := range now.Causes {
		if c.Accepted {
			accepted[c.Fingerprint] = true
			continue
		}
		seen[c.Fingerprint] = true
		kind := report.KindNew
		if i := slices.IndexFunc(then.Causes, func(old Cause) bool { return old.Fingerprint == c.Fingerprint }); i >= 0 {
			kind = compared(then.Causes[i], c)
		}
		t.Changes = append(t.Changes, CauseChange{kind, c})
	}
	for _, old := range then.Causes {
		if !old.Accepted && !seen[old.Fingerprint] && !accepted[old.Fingerprint] {
			t.Changes = append(t.Changes, CauseChange{vanished(*then, now, old), old})
		}
	}
	slices.SortStableFunc(t.Changes, func(a, b CauseChange) int {
		return cmp.Compare(slices.Index(report.Kinds(), a.Kind), slices.Index(report.Kinds(), b.Kind))
	})
	t.Kind = t.kind(*then, now)
	return t
}

// compared says how a cause has changed that both runs have.
func compared(then, now Cause) report.Kind {
	levels := []scenarios.Level{scenarios.Info, scenarios.Should, scenarios.Must}
	binds := slices.Index(levels, now.Level) - slices.Index(levels, then.Level)
	switch {
	case then.Accepted, now.Severity.Graver(then.Severity), now.Severity == then.Severity && binds > 0:
		return report.KindGraver
	case then.Severity.Graver(now.Severity), binds < 0:
		return report.KindMilder
	}
	return report.KindUnchanged
}

// vanished says what became of a cause that is not seen any more: it is fixed where that
// was seen, and no sooner. A sweep knows by headers alone that what was granted is not.
func vanished(then, now Outcome, old Cause) report.Kind {
	is := func(list []string) bool {
		return slices.ContainsFunc(old.Requirements, func(id string) bool { return slices.Contains(list, id) })
	}
	switch {
	case now.Fault != nil, now.Grant == GrantUnknown, is(now.Doubted):
		return report.KindDoubtful
	case now.Stage == Proof && is(now.Conforms),
		now.Stage == Sweep && then.Stage == Sweep,
		now.Stage == Sweep && now.Grant == Ungranted && old.Exfiltrated:
		return report.KindFixed
	}
	return report.KindGone
}

// kind is that of the whole target.
func (t Trend) kind(then, now Outcome) report.Kind {
	for _, k := range []report.Kind{report.KindNew, report.KindGraver, report.KindDoubtful, report.KindGone} {
		if t.Count(k) > 0 {
			return k
		}
	}
	fixed := t.Count(report.KindFixed)
	lost := now.ExitCode == report.ExitNoVerdict && then.Schema != "" && then.ExitCode != report.ExitNoVerdict
	switch {
	case lost:
		return report.KindDoubtful
	case fixed > 0 && fixed == len(t.Changes):
		return report.KindFixed
	case fixed+t.Count(report.KindMilder) > 0:
		return report.KindMilder
	case len(t.Changes) > 0:
		return report.KindUnchanged
	case then.ExitCode == report.ExitNoVerdict && now.ExitCode != report.ExitNoVerdict:
		return report.KindSettled
	}
	return ""
}
