package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/crossexam/crossexam/scenarios"
)

// diffVersion names the contract of what 'crossexam diff --json' prints.
const diffVersion = "crossexam/diff/v1"

// Diff is how the violations of one run compare with those of an earlier one.
type Diff struct {
	Schema string `json:"schema"`
	Then   Side   `json:"then"`
	Now    Side   `json:"now"`
	// Causes are those of the violations of either run, what asks for work first.
	Causes []CauseChange `json:"causes"`
	// Cases are those that changed, in the order of the later report; the rest is
	// counted.
	Cases     []CaseChange `json:"cases"`
	Unchanged int          `json:"unchanged"` // violations
	OnlyThen  int          `json:"only_then"` // cases that only one of the two judged,
	OnlyNow   int          `json:"only_now"`  // of whatever verdict
	ExitCode  int          `json:"exit_code"`
}

// Side is one of the two runs.
type Side struct {
	Run      string    `json:"run"`
	Started  time.Time `json:"started"`
	Target   string    `json:"target"`
	Tool     Tool      `json:"tool"`
	ExitCode int       `json:"exit_code"`
}

// Kind says how a case or a cause has changed.
type Kind string

// The kinds of change, in the order in which they ask for work.
const (
	KindNew       Kind = "new"
	KindGraver    Kind = "graver"
	KindDoubtful  Kind = "doubtful" // it was judged, and cannot be now
	KindGone      Kind = "gone"     // it violated, and was not examined now
	KindMilder    Kind = "milder"
	KindUnchanged Kind = "unchanged"
	KindFixed     Kind = "fixed"
	KindSettled   Kind = "settled" // it could not be judged, and conforms now
)

// Kinds are all of them, in that order.
func Kinds() []Kind {
	return []Kind{KindNew, KindGraver, KindDoubtful, KindGone, KindMilder, KindUnchanged, KindFixed, KindSettled}
}

// A CaseChange is a case that has changed. Then is nil where the earlier run did not
// examine it, Now where the later one did not.
type CaseChange struct {
	Kind Kind `json:"kind"`
	Case
	Fingerprint string  `json:"fingerprint"` // of the scenario and the subject, from run to run
	Title       string  `json:"title"`
	Cause       string  `json:"cause"` // of the violation, the later one's first
	Then        *Judged `json:"then"`
	Now         *Judged `json:"now"`

	fails bool
}

// A CauseChange is a cause in the two runs. In a report without causes each requirement
// is its own.
type CauseChange struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
	Rule string `json:"rule"`
	// Then and Now count the violations that fall with it, and have their gravest
	// severity.
	Then CauseSide `json:"then"`
	Now  CauseSide `json:"now"`
	// Requirements are those that fall with it in either run.
	Requirements []string `json:"requirements"`
	Fix          string   `json:"fix"`
}

// CauseSide is a cause in one of the two runs.
type CauseSide struct {
	Violations int                `json:"violations"`
	Severity   scenarios.Severity `json:"severity"`
}

// Compare compares a report with an earlier one. The error says why they cannot be
// compared.
func Compare(then, now Report) (Diff, error) {
	earlier, err := then.baselineOf(now.Target.TrustedOrigins)
	if err != nil {
		return Diff{}, fmt.Errorf("the earlier report: %w", err)
	}
	d := Diff{Schema: diffVersion, Then: then.side(), Now: now.side(), Causes: []CauseChange{}, Cases: []CaseChange{}}
	index := earlier.Index()
	found := map[int]bool{}
	kindOf := map[string][]Kind{} // by cause
	note := func(c CaseChange, cause string) {
		c.Fingerprint = Case{ID: c.ID, Subject: c.Subject}.key()
		c.Cause = cause
		if cause != "" {
			kindOf[cause] = append(kindOf[cause], c.Kind)
		}
		switch c.Kind {
		case "":
		case KindUnchanged:
			d.Unchanged++
		default:
			d.Cases = append(d.Cases, c)
		}
	}
	for _, c := range now.Results {
		if c.Verdict == scenarios.NotApplicable {
			continue
		}
		i := index.Find(c.ID, scenarios.Subject{Endpoint: c.Subject.Endpoint, Origin: c.Subject.Origin, Credential: c.Subject.Credential})
		if i < 0 {
			i = index.Find(c.ID, c.Subject.Open())
		}
		change := CaseChange{Case: Case{ID: c.ID, Subject: c.Subject}, Title: c.Title, Now: new(judgedIn(c)), fails: c.Fails}
		cause := causeOf(c)
		if i < 0 {
			d.OnlyNow++
			if c.Verdict == scenarios.Violates {
				change.Kind = KindNew
				note(change, cause)
			}
			continue
		}
		found[i] = true
		old := then.Results[i]
		change.Then = new(judgedIn(old))
		change.Kind = kind(*change.Then, *change.Now)
		note(change, cmp.Or(cause, causeOf(old)))
	}
	for i, c := range then.Results {
		switch {
		case c.Verdict == scenarios.NotApplicable, found[i]:
		case c.Verdict == scenarios.Violates:
			d.OnlyThen++
			note(CaseChange{Kind: KindGone, Case: Case{ID: c.ID, Subject: c.Subject}, Title: c.Title, Then: new(judgedIn(c))}, causeOf(c))
		default:
			d.OnlyThen++
		}
	}
	d.Causes = append(d.Causes, causeChanges(then, now, kindOf)...)
	d.ExitCode = d.exit(now.Fault != nil)
	return d, nil
}

func (r Report) side() Side {
	return Side{Run: r.Run.Name, Started: r.Run.Started, Target: r.Target.URL, Tool: r.Tool, ExitCode: r.ExitCode()}
}

// kind says how a case has changed; it is empty where neither is a violation and nothing
// is known less or more.
func kind(then, now Judged) Kind {
	violated, violates := then.Verdict == scenarios.Violates, now.Verdict == scenarios.Violates
	switch {
	case violates && !violated:
		return KindNew
	case violates:
		return graver(then, now)
	case now.Verdict == scenarios.CannotTell && then.Verdict != scenarios.CannotTell:
		return KindDoubtful
	case violated:
		return KindFixed
	case then.Verdict == scenarios.CannotTell && now.Verdict == scenarios.Conforms:
		return KindSettled
	}
	return ""
}

// graver compares two violations of one case: by severity, and then by how much they
// bind.
func graver(then, now Judged) Kind {
	levels := []scenarios.Level{scenarios.Info, scenarios.Should, scenarios.Must}
	binds := cmp.Compare(slices.Index(levels, now.Level), slices.Index(levels, then.Level))
	switch {
	case now.Severity.Graver(then.Severity), now.Severity == then.Severity && binds > 0:
		return KindGraver
	case then.Severity.Graver(now.Severity), binds < 0:
		return KindMilder
	}
	return KindUnchanged
}

// causeOf names the cause of a violation; it is empty for what is none.
func causeOf(c Result) string {
	if c.Verdict != scenarios.Violates {
		return ""
	}
	return cmp.Or(c.Cause, c.ID)
}

// causeChanges says of each cause how it has changed, by what became of its cases.
func causeChanges(then, now Report, kindOf map[string][]Kind) []CauseChange {
	var all []CauseChange
	at := map[string]int{}
	gather := func(r Report, side func(*CauseChange) *CauseSide) {
		for _, c := range r.Results {
			id := causeOf(c)
			if id == "" {
				continue
			}
			i, known := at[id]
			if !known {
				i = len(all)
				at[id] = i
				all = append(all, CauseChange{ID: id, Rule: c.Title, Fix: c.Fix})
				if k := slices.IndexFunc(r.Causes, func(known Cause) bool { return known.ID == id }); k >= 0 {
					all[i].Rule, all[i].Fix = r.Causes[k].Rule, r.Causes[k].Fix
				}
			}
			s := side(&all[i])
			s.Violations++
			if c.Severity.Graver(s.Severity) {
				s.Severity = c.Severity
			}
			if !slices.Contains(all[i].Requirements, c.ID) {
				all[i].Requirements = append(all[i].Requirements, c.ID)
			}
		}
	}
	gather(now, func(c *CauseChange) *CauseSide { return &c.Now })
	gather(then, func(c *CauseChange) *CauseSide { return &c.Then })
	for i := range all {
		c := &all[i]
		slices.Sort(c.Requirements)
		has := func(k Kind) bool { return slices.Contains(kindOf[c.ID], k) }
		switch {
		case c.Now.Violations == 0 && has(KindDoubtful):
			c.Kind = KindDoubtful
		case c.Now.Violations == 0 && has(KindGone):
			c.Kind = KindGone
		case c.Now.Violations == 0:
			c.Kind = KindFixed
		case c.Then.Violations == 0:
			c.Kind = KindNew
		case c.Now.Severity.Graver(c.Then.Severity), has(KindNew), has(KindGraver):
			c.Kind = KindGraver
		case c.Then.Severity.Graver(c.Now.Severity), c.Now.Violations < c.Then.Violations:
			c.Kind = KindMilder
		default:
			c.Kind = KindUnchanged
		}
	}
	slices.SortStableFunc(all, func(a, b CauseChange) int {
		return cmp.Or(cmp.Compare(slices.Index(Kinds(), a.Kind), slices.Index(Kinds(), b.Kind)), gravestFirst(a, b))
	})
	return all
}

func gravestFirst(a, b CauseChange) int {
	worst := func(c CauseChange) scenarios.Severity {
		if c.Now.Severity != "" {
			return c.Now.Severity
		}
		return c.Then.Severity
	}
	switch {
	case worst(a).Graver(worst(b)):
		return -1
	case worst(b).Graver(worst(a)):
		return 1
	}
	return 0
}

// exit is 3 where the later run broke off, else 1 where what is new or has become graver
// fails that run, else 3 where what cannot be judged any more does, else 0.
func (d Diff) exit(broke bool) int {
	if broke {
		return ExitNoVerdict
	}
	code := ExitConforms
	for _, c := range d.Cases {
		switch {
		case !c.fails:
		case c.Kind == KindNew || c.Kind == KindGraver:
			return ExitViolates
		case c.Kind == KindDoubtful:
			code = ExitNoVerdict
		}
	}
	return code
}
