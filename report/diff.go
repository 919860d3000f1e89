package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed diff.html.tmpl
var diffSource string

var diffTemplate = template.Must(template.New("diff").Funcs(template.FuncMap{"line": visibleLine, "count": plural}).Parse(diffSource))

// WriteHTML writes the comparison as one file that needs nothing else, no script either.
func (d Diff) WriteHTML(w io.Writer) error {
	var b bytes.Buffer
	if err := diffTemplate.Execute(&b, d); err != nil {
		return fmt.Errorf("making the page: %w", err)
	}
	_, err := b.WriteTo(w)
	return err
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
