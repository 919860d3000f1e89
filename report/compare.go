package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
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

// Word is the kind in words.
func (k Kind) Word() string {
	return map[Kind]string{
		KindNew: "new", KindGraver: "graver", KindDoubtful: "cannot be judged any more", KindGone: "not examined now",
		KindMilder: "milder", KindUnchanged: "unchanged", KindFixed: "fixed", KindSettled: "can be judged now, and conforms",
	}[k]
}

// Meaning says what the exit code of the comparison means.
func (d Diff) Meaning() string {
	switch d.ExitCode {
	case ExitViolates:
		return "something that fails the later run is new, or graver"
	case ExitNoVerdict:
		return "the later run could not judge what the earlier one could, which is not a pass"
	}
	return "nothing that fails the later run is new or graver"
}

// Counts is the comparison in one sentence.
func (d Diff) Counts() string {
	count := map[Kind]int{}
	for _, c := range d.Cases {
		count[c.Kind]++
	}
	s := fmt.Sprintf("%s, %d fixed, %d unchanged", plural(count[KindNew], "new violation", "new violations"), count[KindFixed], d.Unchanged)
	for _, k := range []Kind{KindGraver, KindMilder, KindDoubtful, KindGone} {
		if n := count[k]; n > 0 {
			s += fmt.Sprintf(", %d %s", n, k.Word())
		}
	}
	s += "."
	if d.OnlyThen+d.OnlyNow > 0 {
		s += fmt.Sprintf(" Cases judged only then: %d, only now: %d.", d.OnlyThen, d.OnlyNow)
	}
	return s
}

// OfCause gives the cases that changed with a cause.
func (d Diff) OfCause(id string) []CaseChange {
	var list []CaseChange
	for _, c := range d.Cases {
		if c.Cause == id {
			list = append(list, c)
		}
	}
	return list
}

// Uncaused gives the changed cases that are about no violation.
func (d Diff) Uncaused() []CaseChange { return d.OfCause("") }

// Title names the runs.
func (d Diff) Title() string {
	const form = "2 January 2006, 15:04 MST"
	s := fmt.Sprintf("%s, %s, compared with %s", d.Now.Target, d.Now.Started.Format(form), d.Then.Started.Format(form))
	if d.Then.Target != d.Now.Target {
		s += " of " + d.Then.Target
	}
	return s
}

// How says how many violations the cause had and has, and how grave they are.
func (c CauseChange) How() string {
	side := func(s CauseSide) string {
		if s.Violations == 0 {
			return "none"
		}
		return fmt.Sprintf("%s, %s severity", plural(s.Violations, "violation", "violations"), s.Severity)
	}
	if c.Then == c.Now {
		return side(c.Now)
	}
	return side(c.Then) + " → " + side(c.Now)
}

// How says what the judgement was and is.
func (c CaseChange) How() string {
	say := func(j *Judged) string {
		if j == nil {
			return "not examined"
		}
		return j.String()
	}
	return say(c.Then) + " → " + say(c.Now)
}

// Word is the kind in words.
func (c CaseChange) Word() string { return c.Kind.Word() }

// Word is the kind in words.
func (c CauseChange) Word() string { return c.Kind.Word() }

// WriteJSON writes the comparison, indented.
func (d Diff) WriteJSON(w io.Writer) error { return EncodeJSON(w, d) }

// Text prints the comparison for a terminal of so many columns: all causes, and the
// first cases of each that changed.
func (d Diff) Text(w io.Writer, width int) error {
	const most = 3
	var b strings.Builder
	para := func(indent, format string, args ...any) {
		for _, l := range Wrap(visibleLine(fmt.Sprintf(format, args...)), width-len(indent)) {
			b.WriteString(indent + l + "\n")
		}
	}
	para("", "%s", d.Title())
	b.WriteString("\n")
	cases := func(list []CaseChange) {
		for i, c := range list {
			if i == most {
				para("    ", "and %d more", len(list)-most)
				break
			}
			para("    ", "%s: %s %s (%s)", c.Word(), c.ID, c.Subject, c.How())
		}
	}
	for _, c := range d.Causes {
		para("", "%s %s: %s (%s)", strings.ToUpper(c.Word()), c.ID, c.Rule, c.How())
		cases(d.OfCause(c.ID))
		if c.Kind == KindNew || c.Kind == KindGraver {
			para("    ", "Fix: %s", c.Fix)
		}
	}
	cases(d.Uncaused())
	if len(d.Causes)+len(d.Cases) > 0 {
		b.WriteString("\n")
	}
	para("", "%s", d.Counts())
	para("", "Exit code %d: %s.", d.ExitCode, d.Meaning())
	_, err := io.WriteString(w, b.String())
	return err
}
