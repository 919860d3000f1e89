package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// rejudgedVersion names the contract of what 'crossexam judge --json' prints.
const rejudgedVersion = "crossexam/rejudged/v1"

// Rejudged is how the verdicts of a run compare with those of other judges on what it
// recorded.
type Rejudged struct {
	Schema string `json:"schema"`
	Run    string `json:"run"`
	Then   Tool   `json:"then"` // that made the report
	Now    Tool   `json:"now"`  // that judged again
	// Same counts the cases with the verdict, severity and level that they had then.
	Same int `json:"same"`
	// Differ are the cases with another.
	Differ []Differing `json:"differ"`
	// Unjudged are the cases that cannot be judged from the recording. Each counts as
	// cannot-tell.
	Unjudged []Unjudged `json:"unjudged"`
	// Gone are the cases for which these judges have no requirement any more.
	Gone []Case `json:"gone"`
	// More are verdicts on cases that the run did not have, by requirements that are new
	// or that were not selected. They do not count.
	More []Differing `json:"more"`
	// ExitCode is that of the run with these verdicts.
	ExitCode int `json:"exit_code"`
}

// A Differing is a case with two judgements. Then is nil where the run had none.
type Differing struct {
	Case
	Title string  `json:"title"`
	Then  *Judged `json:"then"`
	Now   Judged  `json:"now"`
}

// Judged is a judgement in a comparison.
type Judged struct {
	Verdict  scenarios.Verdict  `json:"verdict"`
	Level    scenarios.Level    `json:"level"`
	Severity scenarios.Severity `json:"severity"` // of a violation, else empty
	Reason   string             `json:"reason"`
}

// Unjudged is a case that cannot be judged again.
type Unjudged struct {
	Case
	Then Judged `json:"then"`
	Why  string `json:"why"`
}

func judgedIn(c Result) Judged {
	return Judged{Verdict: c.Verdict, Level: c.Level, Severity: c.Severity, Reason: c.Reason}
}

func judgedBy(r engine.Result) Judged {
	return Judged{Verdict: r.Verdict(), Level: r.Level(), Severity: r.Judgement.Severity, Reason: r.Judgement.Reason}
}

const dependsOnSecret = "its verdict depends on what the recording leaves out: a secret, or what was too long"

// Rejudge has today's judges judge what a run recorded. The error says why the two
// files do not belong together.
func (r Report) Rejudge(recording Recording, now Tool) (Rejudged, error) {
	return r.rejudge(scenarios.Catalogue(), recording, now)
}

func (r Report) rejudge(catalogue []scenarios.Scenario, recording Recording, now Tool) (Rejudged, error) {
	if recording.Run != r.Run.Name {
		return Rejudged{}, fmt.Errorf("the recording is of the run %s, and the report of %s: give the two files of one run", visibleLine(recording.Run), visibleLine(r.Run.Name))
	}
	if len(recording.Observations) == 0 && len(recording.Unsure) == 0 {
		return Rejudged{}, errors.New("nothing was observed in that run, so that there is nothing to judge")
	}
	out := Rejudged{
		Schema: rejudgedVersion, Run: r.Run.Name, Then: r.Tool, Now: now,
		Differ: []Differing{}, Unjudged: []Unjudged{}, Gone: []Case{}, More: []Differing{},
	}
	unsure := map[string]bool{}
	for _, c := range recording.Unsure {
		unsure[c.key()] = true
	}
	judged := map[string]engine.Rejudgement{}
	inapplicable := map[string]engine.Rejudgement{} // by scenario
	list, otherwise := engine.Rejudge(catalogue, recording.Recording), engine.Rejudge(catalogue, recording.disguised().Recording)
	for i, j := range list {
		if i < len(otherwise) && j.Unjudged == "" && !sameVerdict(j.Result, otherwise[i].Result) {
			list[i].Unjudged = dependsOnSecret
		}
		judged[caseOf(j.Result).key()] = list[i]
		if j.Unjudged == "" && j.Subject == (scenarios.Subject{}) {
			inapplicable[j.Scenario.ID] = j
		}
	}
	again := r
	again.Results = nil
	for _, c := range r.Results {
		at := Case{ID: c.ID, Subject: c.Subject}
		j, ok := judged[at.key()]
		if !ok {
			j, ok = inapplicable[c.ID]
		}
		delete(judged, at.key())
		if ok && j.Unjudged == "" && unsure[at.key()] {
			j.Unjudged = dependsOnSecret
		}
		switch {
		case !ok && c.Verdict == scenarios.NotApplicable: // now it applies; see More
			continue
		case !ok:
			out.Gone = append(out.Gone, at)
			continue
		case j.Unjudged != "":
			out.Unjudged = append(out.Unjudged, Unjudged{Case: at, Then: judgedIn(c), Why: j.Unjudged})
			j.Judgement = scenarios.Judgement{Verdict: scenarios.CannotTell, Reason: j.Unjudged}
		case sameJudgement(judgedIn(c), judgedBy(j.Result)):
			out.Same++
		default:
			then := judgedIn(c)
			out.Differ = append(out.Differ, Differing{Case: at, Title: j.Scenario.Title, Then: &then, Now: judgedBy(j.Result)})
		}
		again.Results = append(again.Results, c.judgedAgain(j.Result, r))
	}
	for _, j := range list {
		at := caseOf(j.Result)
		if _, left := judged[at.key()]; left && j.Unjudged == "" && j.Verdict() != scenarios.NotApplicable {
			out.More = append(out.More, Differing{Case: at, Title: j.Scenario.Title, Now: judgedBy(j.Result)})
		}
	}
	out.ExitCode = again.ExitCode()
	return out, nil
}

func sameJudgement(a, b Judged) bool {
	return a.Verdict == b.Verdict && a.Level == b.Level && a.Severity == b.Severity
}

// judgedAgain is the result with another judgement, settled as in its run.
func (c Result) judgedAgain(j engine.Result, run Report) Result {
	if j.Verdict() == scenarios.Violates {
		j.Change = c.Change
		if c.Accepted {
			a := target.Acceptance{}
			if c.Acceptance != nil {
				a.Severity = c.Acceptance.Severity
			}
			if a.Covers(j.Judgement.Severity) {
				j.Accepted = &a
			}
		}
	}
	j = j.Settled(run.Run.Strict, run.Baseline != nil && run.Baseline.OnlyNew)
	c.Verdict, c.Level, c.Severity, c.Reason = j.Verdict(), j.Level(), j.Judgement.Severity, j.Judgement.Reason
	c.Accepted, c.Fails, c.Excuse, c.Change = j.Accepted != nil, j.Fails, j.Excuse, j.Change
	return c
}

// disguised is the recording with another text in the place of each secret that was
// taken out, one for each observation: a verdict that is another on it depends on a
// secret. What a scenario planned stays, since it has to be found again.
func (r Recording) disguised() Recording {
	list := slices.Clone(r.Observations)
	for i := range list {
		var o scenarios.Observation
		if clone(list[i], &o) != nil {
			continue
		}
		hide := func(s *string) { *s = strings.ReplaceAll(*s, target.Redacted, fmt.Sprintf("Zm9yZ290dGVu%d", i)) }
		lines := func(h cors.Headers) {
			for k := range h {
				hide(&h[k].Value)
			}
		}
		if o.Page != nil {
			hide(&o.Page.Body)
			lines(o.Page.Headers)
		}
		if o.Loot != nil {
			hide(&o.Loot.Excerpt)
		}
		for k := range o.Exchanges {
			x := &o.Exchanges[k]
			hide(&x.Request.Body)
			lines(x.Request.Headers)
			if x.Response != nil {
				hide(&x.Response.Body)
				lines(x.Response.Headers)
			}
		}
		list[i] = o
	}
	r.Observations = list
	return r
}

// WriteJSON writes the comparison, indented.
func (j Rejudged) WriteJSON(w io.Writer) error { return EncodeJSON(w, j) }

// Text prints the comparison for a terminal of so many columns.
func (j Rejudged) Text(w io.Writer, width int) error {
	var b strings.Builder
	para := func(indent, format string, args ...any) {
		for _, l := range Wrap(visibleLine(fmt.Sprintf(format, args...)), width-len(indent)) {
			b.WriteString(indent + l + "\n")
		}
	}
	for _, d := range j.Differ {
		para("", "%s %s", d.ID, d.Subject)
		para("  ", "%s", d.Title)
		para("  ", "then: %s: %s", d.Then, d.Then.Reason)
		para("  ", "now:  %s: %s", d.Now, d.Now.Reason)
		b.WriteString("\n")
	}
	for i, u := range j.Unjudged {
		if i == mostUnjudged {
			para("", "and %d more that cannot be judged again", len(j.Unjudged)-i)
			break
		}
		para("", "%s %s cannot be judged again (it was: %s)", u.ID, u.Subject, u.Then)
		para("  ", "%s", u.Why)
	}
	if len(j.Unjudged) > 0 {
		b.WriteString("\n")
	}
	then, now := j.Then.name(), j.Now.name()
	switch n := len(j.Differ); {
	case n > 0:
		para("", "%s in %s, because of what is told above; %d are the same as in %s.", plural(n, "verdict differs", "verdicts differ"), now, j.Same, then)
	case j.Same > 0:
		para("", "No verdict differs: all %d are the same in %s as in %s.", j.Same, now, then)
	}
	if n := len(j.Unjudged); n > 0 {
		para("", "%s, which is not a pass.", plural(n, "case cannot be judged again", "cases cannot be judged again"))
	}
	if n := len(j.Gone); n > 0 {
		para("", "For %s there is no requirement any more.", plural(n, "case", "cases"))
	}
	if n := len(j.More); n > 0 {
		violated := 0
		for _, m := range j.More {
			if m.Now.Verdict == scenarios.Violates {
				violated++
			}
		}
		para("", "%s that the run did not have could be judged from the recording, and %d of them violate. They do not count here: examine the target again.",
			plural(n, "case", "cases"), violated)
	}
	para("", "Exit code %d: %s.", j.ExitCode, ExitMeaning(j.ExitCode))
	_, err := io.WriteString(w, b.String())
	return err
}

// mostUnjudged is how many of these a terminal shows.
const mostUnjudged = 10

func (t Tool) name() string {
	if t.Version == "" {
		return "an unnamed version"
	}
	return "version " + t.Version
}

// String is the verdict with what it means: "violates (must, high severity)".
func (j Judged) String() string {
	s := string(j.Verdict)
	if j.Verdict == scenarios.Violates || j.Verdict == scenarios.CannotTell {
		s += " (" + grade(Result{Level: j.Level, Severity: j.Severity}) + ")"
	}
	return s
}
