package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// Baseline is how the results compare with an earlier examination. What it has of
// each violation of this one is in [Result.Change].
type Baseline struct {
	Run     string    `json:"run" redact:"-"` // the earlier one
	Started time.Time `json:"started" redact:"-"`
	// OnlyNew says that only new violations fail the run.
	OnlyNew   bool `json:"only_new"`
	New       int  `json:"new"` // violations
	Unchanged int  `json:"unchanged"`
	// Fixed, CannotTell and NotExamined violated then: now they conform, could not be
	// judged, or have no verdict.
	Fixed       []Case `json:"fixed"`
	CannotTell  []Case `json:"cannot_tell"`
	NotExamined []Case `json:"not_examined"`
	// Unknown are among the new ones: the earlier examination does not say whether
	// they violated then.
	Unknown []Case `json:"unknown"`
	// OnlyThen and OnlyNow count the cases that only one of the two examined.
	OnlyThen int `json:"only_then"`
	OnlyNow  int `json:"only_now"`
}

// Case names a case.
type Case struct {
	ID string `json:"id" redact:"-"`
	// Cause is the ID of the cause that it falls with, or fell; empty where the report of
	// that run does not say.
	Cause   string  `json:"cause" redact:"-"`
	Subject Subject `json:"subject"`
}

func newBaseline(c engine.Comparison, results []Result) *Baseline {
	b := &Baseline{
		Run: c.Run, Started: c.Started.UTC(), OnlyNew: c.OnlyNew,
		Fixed: newCases(c.Fixed), CannotTell: newCases(c.CannotTell), NotExamined: newCases(c.NotExamined), Unknown: newCases(c.Unknown),
		OnlyThen: c.OnlyThen, OnlyNow: c.OnlyNow,
	}
	for _, r := range results {
		switch r.Change {
		case engine.New:
			b.New++
		case engine.Unchanged:
			b.Unchanged++
		}
	}
	return b
}

func newCases(list []engine.BaselineCase) []Case {
	cases := []Case{}
	for _, c := range list {
		cases = append(cases, Case{ID: c.ID, Cause: c.Cause, Subject: newSubject(c.Subject)})
	}
	return cases
}

func newSubject(s scenarios.Subject) Subject {
	return Subject{Endpoint: s.Endpoint, Origin: s.Origin, Credential: s.Credential}
}

// Counts is the comparison in one sentence.
func (b Baseline) Counts() string {
	s := fmt.Sprintf("%s, %d fixed, %d unchanged", plural(b.New, "new violation", "new violations"), len(b.Fixed), b.Unchanged)
	if n := len(b.CannotTell); n > 0 {
		s += fmt.Sprintf(", %d that could not be judged now", n)
	}
	if n := len(b.NotExamined); n > 0 {
		s += fmt.Sprintf(", %d that %s not examined now", n, map[bool]string{true: "was", false: "were"}[n == 1])
	}
	s += "."
	if n := len(b.Unknown); n > 0 {
		s += fmt.Sprintf(" For %d of the new ones the baseline has no verdict.", n)
	}
	if b.OnlyThen+b.OnlyNow > 0 {
		s += fmt.Sprintf(" Cases examined only then: %d, only now: %d.", b.OnlyThen, b.OnlyNow)
	}
	return s
}

// Title names the baseline.
func (b Baseline) Title() string {
	return "Compared with the run of " + b.Started.Format("2 January 2006, 15:04 MST")
}

// A changed is the cases that have changed in the same way.
type changed struct {
	Change engine.Change // as far as that says it; else empty
	Mark   string        // the mark of what they are now, see [mark]
	Word   string
	Cases  []Case
}

// changes lists what a reader of the comparison looks for, what asks for work
// first.
func (r Report) changes() []changed {
	b := r.Baseline
	if b == nil {
		return nil
	}
	var news, accepted, same, stay []Case
	for _, c := range r.Results {
		at := Case{ID: c.ID, Cause: c.Cause, Subject: c.Subject}
		switch {
		case c.Change == engine.New && c.Accepted:
			accepted = append(accepted, at)
		case c.Change == engine.New:
			news = append(news, at)
		case c.Change == engine.Unchanged && c.Accepted:
			stay = append(stay, at)
		case c.Change == engine.Unchanged:
			same = append(same, at)
		}
	}
	var all []changed
	for _, c := range []changed{
		{engine.New, "violates", "new", news},
		{engine.New, "accepted", "new, accepted", accepted},
		{"", "cannot-tell", "could not be judged now", b.CannotTell},
		{"", "not-applicable", "not examined now", b.NotExamined},
		{"", "conforms", "fixed", b.Fixed},
		{engine.Unchanged, "violates", "unchanged", same},
		{engine.Unchanged, "accepted", "unchanged, accepted", stay},
	} {
		if len(c.Cases) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// A changedCause is the cases of a cause, or of a scenario where the cause is not known,
// that have changed in the same way.
type changedCause struct {
	ID    string
	About string // the first subject, and how many more cases there are
}

// ByCause gathers the cases by cause.
func (c changed) ByCause() []changedCause {
	var lines []changedCause
	count := map[string]int{}
	for _, at := range c.Cases {
		id := cmp.Or(at.Cause, at.ID)
		if count[id]++; count[id] == 1 {
			lines = append(lines, changedCause{ID: id, About: at.Subject.String()})
		}
	}
	for i, line := range lines {
		if n := count[line.ID] - 1; n > 0 {
			lines[i].About = strings.TrimSpace(fmt.Sprintf("%s and %d more", line.About, n))
		}
	}
	return lines
}
