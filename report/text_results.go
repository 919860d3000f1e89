package report

import (
	"fmt"
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// violations prints the causes that fail the run: the gravest with its evidence, a few
// more in short, and the rest by name.
func (p *printer) violations() {
	const most = 3
	for i, c := range p.r.causesAs(asFailing) {
		if i >= most && !p.o.Verbose {
			p.list(red, "VIOLATES too", p.r.causesAs(asFailing)[most:])
			break
		}
		p.cause(c, i == 0)
	}
}

// cause prints one.
func (p *printer) cause(c Cause, first bool) {
	p.line(p.style(red, "VIOLATES") + "  " + p.style(bold, c.ID) + "  " + c.grade())
	p.field("does", capital(c.Rule)+".")
	reason := c.Worst.Reason
	if !p.o.Verbose {
		reason = firstClause(reason)
	}
	if first || p.o.Verbose || c.Severity != scenarios.Low {
		p.field("worst", c.Worst.ID+": "+reason)
	}
	if worst := p.r.worst(c); first && worst != nil && !p.o.Verbose {
		label := "evidence"
		for _, line := range worst.Proof.decisive() {
			p.field(label, line)
			label = ""
		}
		if worst.Exfiltrated {
			p.field("stolen", fmt.Sprintf("%d bytes: %s", worst.Proof.LootBytes, cut(worst.Proof.LootExcerpt, 100)))
		}
	}
	p.field("where", c.where(!first || p.o.Verbose))
	p.field("fix", c.Fix)
	if first {
		p.snippet(c)
	}
	if n := len(c.Requirements); n > 1 {
		falls := strings.Join(c.Requirements, ", ")
		if most := 2; n > 2*most && !p.o.Verbose { // a line
			falls = strings.Join(c.Requirements[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
			if p.o.More != "" {
				falls += " (" + p.o.More + ")"
			}
		}
		p.field("falls", fmt.Sprintf("with it: %s", falls))
	}
	p.line("")
	if p.o.Verbose {
		p.results(red, "RESULTS that fall with "+c.ID, func(r Result) bool { return r.Cause == c.ID })
	}
}

// snippet prints the fix as the stack has it: lines as they have to be written, with no
// escape of the target's in them.
func (p *printer) snippet(c Cause) {
	switch {
	case c.Snippet != nil:
		p.field("for", c.Snippet.Name+", which the replies speak of (where a proxy adds the headers, report.html has its lines):")
		for line := range strings.Lines(c.Snippet.Text) {
			p.line("            " + strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "\t", "  "))
		}
	case scenarios.MendedByPolicy(c.ID):
		p.field("", "report.html has it for FastAPI, Express, nginx and others.")
	}
}

// firstClause is a sentence up to its first semicolon that stands in no brackets.
func firstClause(s string) string {
	for i := range len(s) {
		if strings.HasPrefix(s[i:], "; ") && strings.Count(s[:i], "(") == strings.Count(s[:i], ")") {
			return s[:i]
		}
	}
	return s
}

// list prints causes under a heading, a few words each.
func (p *printer) list(style, heading string, causes []Cause) {
	if len(causes) == 0 {
		return
	}
	p.line(p.style(style, heading))
	for i, c := range causes {
		if most := 6; i == most && !p.o.Verbose {
			p.text("  ", fmt.Sprintf("and %d more, in report.html", len(causes)-most))
			break
		}
		p.text("  ", fmt.Sprintf("%s (%s): %s", c.ID, strings.ReplaceAll(c.grade(), " severity", ""), c.Rule))
		if a := p.r.acceptances(c); a != "" {
			p.text("      ", "Accepted "+a)
		}
		if p.o.Verbose {
			p.text("      ", "Fix: "+c.Fix)
		}
	}
	p.line("")
	if p.o.Verbose {
		for _, c := range causes {
			p.results(style, "RESULTS that fall with "+c.ID, func(r Result) bool { return r.Cause == c.ID })
		}
	}
}

// doubts prints what could not be judged: each where all is asked for, else how many of
// each reason.
func (p *printer) doubts() {
	const heading, most = "COULD NOT JUDGE, which is not a pass", 3
	doubtful := func(c Result) bool { return c.Verdict == scenarios.CannotTell }
	if p.o.Verbose {
		p.results(yellow, heading, doubtful)
		return
	}
	doubts := p.r.doubts()
	if len(doubts) == 0 {
		return
	}
	p.line(p.style(yellow, heading))
	for i, d := range doubts {
		if i == most {
			p.text("  ", fmt.Sprintf("and %s, in report.html", plural(len(doubts)-most, "more reason", "more reasons")))
			break
		}
		p.text("  ", d.about()+": "+d.Reason)
	}
	p.line("")
}

// results prints those that are wanted, one by one, with the evidence of violations;
// those of one scenario with the same reason together.
func (p *printer) results(style, heading string, wanted func(Result) bool) {
	var all []Result
	for _, g := range p.r.groups() {
		for _, c := range g.Results {
			if wanted(c) {
				all = append(all, c)
			}
		}
	}
	if len(all) == 0 {
		return
	}
	p.line(p.style(style, heading))
	for i := 0; i < len(all); {
		c := all[i]
		same := i + 1
		for same < len(all) && all[same].ID == c.ID && all[same].Reason == c.Reason && acceptance(all[same]) == acceptance(c) {
			same++
		}
		where := c.Subject.String()
		if n := same - i - 1; n > 0 {
			where += fmt.Sprintf(" and %d more", n)
		}
		p.text("  ", p.sentence(c, where))
		if c.Reason != "" {
			p.text("      ", c.Reason)
		}
		if c.WouldTell != "" {
			p.text("      ", "What would tell: "+capital(c.WouldTell)+".")
		}
		if a := acceptance(c); a != "" {
			p.text("      ", "Accepted "+a)
		}
		if c.Verdict == scenarios.Violates {
			for _, line := range c.Proof.lines() {
				p.text("        ", line)
			}
			if c.Exfiltrated {
				p.text("      ", fmt.Sprintf("Stolen: %d bytes: %s", c.Proof.LootBytes, cut(c.Proof.LootExcerpt, 160)))
			}
		}
		i = same
	}
	p.line("")
}

// grade is level and severity in words, and whether the violation is new.
func grade(c Result) string { return graded(c.Level, c.Severity, c.Change) }

func graded(l scenarios.Level, s scenarios.Severity, change engine.Change) string {
	text := string(l)
	if s != "" {
		text += fmt.Sprintf(", %s severity", s)
	}
	if change != "" {
		text += ", " + string(change)
	}
	return text
}

func (p *printer) sentence(c Result, where string) string {
	s := c.ID + " (" + grade(c) + ")"
	if where == "" {
		return s + " " + c.Title
	}
	return s + " " + where
}

func acceptance(c Result) string {
	if c.Acceptance == nil {
		return ""
	}
	return c.Acceptance.String()
}
