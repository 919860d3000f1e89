package engine

import (
	"strings"
	"time"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A Baseline is what an earlier examination came to.
type Baseline struct {
	Run     string // its name
	Started time.Time
	Cases   []BaselineCase
}

// A BaselineCase is the verdict of an earlier examination on one case.
type BaselineCase struct {
	ID string
	// Subject is as that examination told it: * stands for a secret in it.
	Subject scenarios.Subject
	Verdict scenarios.Verdict
	// Cause is the ID of what that examination found behind a violation, and empty where
	// it does not say.
	Cause string
}

// Change says how a violation compares with the baseline.
type Change string

// An unchanged violation is in the baseline too, and every other is new: also what
// the baseline did not examine or could not judge.
const (
	New       Change = "new"
	Unchanged Change = "unchanged"
)

// A Comparison says how the results compare with a baseline, besides what stands
// in [Result.Change]. Its lists are of cases that violated then.
type Comparison struct {
	Run     string // the baseline's
	Started time.Time
	// OnlyNew says that only new violations fail the run.
	OnlyNew bool
	// Fixed conform now, CannotTell could not be judged now, and NotExamined have no
	// verdict now, since they were not selected, do not apply or are gone.
	Fixed, CannotTell, NotExamined []BaselineCase
	// Unknown violate now, and the baseline does not say whether they did.
	Unknown []BaselineCase
	// OnlyThen and OnlyNow count the cases, of whatever verdict, on which only one of
	// the two has a verdict.
	OnlyThen, OnlyNow int
}

// compare holds the results against the baseline.
func compare(b Baseline, onlyNew bool, results []Result) Comparison {
	c := Comparison{Run: b.Run, Started: b.Started, OnlyNew: onlyNew}
	then := b.Index()
	now := map[int]scenarios.Verdict{} // by the case's place in the baseline
	for _, r := range results {
		if !examined(r.Verdict()) {
			continue
		}
		i := then.Find(r.Scenario.ID, r.Subject)
		if r.Verdict() == scenarios.Violates && (i < 0 || b.Cases[i].Verdict == scenarios.CannotTell) {
			c.Unknown = append(c.Unknown, BaselineCase{ID: r.Scenario.ID, Subject: r.Subject, Verdict: r.Verdict()})
		}
		if i < 0 {
			c.OnlyNow++
			continue
		}
		if now[i] != scenarios.Violates {
			now[i] = r.Verdict()
		}
	}
	for i, old := range b.Cases {
		if !examined(old.Verdict) {
			continue
		}
		if now[i] == "" {
			c.OnlyThen++
		}
		if old.Verdict != scenarios.Violates {
			continue
		}
		switch now[i] {
		case scenarios.Conforms:
			c.Fixed = append(c.Fixed, old)
		case scenarios.CannotTell:
			c.CannotTell = append(c.CannotTell, old)
		case "":
			c.NotExamined = append(c.NotExamined, old)
		}
	}
	return c
}

// change compares one result with the baseline. It is empty for what is no
// violation.
func (x BaselineIndex) change(r Result) Change {
	switch i := x.Find(r.Scenario.ID, r.Subject); {
	case r.Verdict() != scenarios.Violates:
		return ""
	case i >= 0 && x.cases[i].Verdict == scenarios.Violates:
		return Unchanged
	}
	return New
}

func examined(v scenarios.Verdict) bool { return v != "" && v != scenarios.NotApplicable }

// A BaselineIndex finds the cases of a baseline that were examined.
type BaselineIndex struct {
	cases []BaselineCase
	at    map[string]map[scenarios.Subject]int
	open  []int // of those with a secret in their subject
}

// Index makes the index of the cases that were examined.
func (b Baseline) Index() BaselineIndex {
	x := BaselineIndex{cases: b.Cases, at: map[string]map[scenarios.Subject]int{}}
	for i, c := range b.Cases {
		if !examined(c.Verdict) {
			continue
		}
		if x.at[c.ID] == nil {
			x.at[c.ID] = map[scenarios.Subject]int{}
		}
		if j, twice := x.at[c.ID][c.Subject]; twice && b.Cases[j].Verdict == scenarios.Violates {
			continue
		}
		x.at[c.ID][c.Subject] = i
		if strings.Contains(c.Subject.Endpoint+c.Subject.Origin, "*") {
			x.open = append(x.open, i)
		}
	}
	return x
}

// Find gives the place of a case among those of the baseline, or -1.
func (x BaselineIndex) Find(id string, s scenarios.Subject) int {
	if i, ok := x.at[id][s]; ok {
		return i
	}
	for _, i := range x.open {
		c := x.cases[i]
		p := target.SubjectPattern{Endpoint: c.Subject.Endpoint, Origin: c.Subject.Origin}
		if c.ID == id && c.Subject.Credential == s.Credential && p.Meets(s) {
			return i
		}
	}
	return -1
}
