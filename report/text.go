package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// TextOptions say how to print on a terminal.
type TextOptions struct {
	Width   int  // in columns; 0 means 80
	Color   bool // the caller knows of terminals and NO_COLOR
	Verbose bool // every result, and the evidence of each violation
	Quiet   bool // the verdict only
	// More says how to see every result, such as "--verbose shows each".
	More string
}

// Text prints the report for a terminal: what is violated, what could not be
// judged, and what that comes to. An error of the writer is given back.
func Text(w io.Writer, r Report, o TextOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	p := &printer{r: r, o: o}
	p.diagnoses()
	if !o.Quiet {
		p.premises()
		p.findings()
		p.baseline()
		p.stale()
	}
	p.verdict()
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	r Report
	o TextOptions
	b strings.Builder
}

// The styles that are used, as parameters of the SGR escape sequence. Each also
// has its words: no meaning is in a colour alone.
const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	green  = "1;32"
	yellow = "1;33"
)

func (p *printer) style(code, s string) string {
	if !p.o.Color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// line prints one line as it is.
func (p *printer) line(s string) { p.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// text prints a text behind an indent, wrapped.
func (p *printer) text(indent, s string) {
	for _, l := range Wrap(visibleLine(s), p.o.Width-len(indent)) {
		p.line(indent + l)
	}
}

// field prints a label and a text beside it.
func (p *printer) field(label, s string) {
	const column = 12
	lines := Wrap(visibleLine(s), p.o.Width-column)
	for i, l := range lines {
		name := ""
		if i == 0 {
			name = label
		}
		p.line("  " + p.style(dim, fmt.Sprintf("%-*s", column-2, name)) + l)
	}
}

// diagnoses prints what a reader needs first.
func (p *printer) diagnoses() {
	for _, d := range p.r.Diagnoses {
		p.line(p.style(yellow, "FIRST"))
		p.text("  ", capital(d.Detail)+".")
		if d.Advice != "" {
			p.text("  ", "What to do: "+capital(d.Advice)+".")
		}
		p.line("")
	}
}

// premises prints what makes the endpoints private, and why others were not examined
// as such; a few of each.
func (p *printer) premises() {
	const most = 4
	for _, kind := range []struct {
		word string
		list []Premise
	}{{"private", p.r.Private()}, {"not private", p.r.NotPrivate()}} {
		for i, premise := range kind.list {
			if i == most && !p.o.Verbose {
				p.text("", fmt.Sprintf("%s: and %d more", kind.word, len(kind.list)-most))
				break
			}
			p.text("", kind.word+": "+premise.Sentence)
		}
	}
	if len(p.r.Premises) > 0 {
		p.line("")
	}
}

// findings prints all but the verdict on the whole.
func (p *printer) findings() {
	var advice, known, doubts, accepted, rest []Result
	for _, g := range p.r.groups() {
		p.violations(g)
		for _, c := range g.Results {
			switch {
			case c.convicts(), p.folded(c):
			case c.Verdict == scenarios.Violates && c.Accepted:
				accepted = append(accepted, c)
			case c.violated():
				known = append(known, c)
			case c.Verdict == scenarios.Violates:
				advice = append(advice, c)
			case c.Verdict == scenarios.CannotTell:
				doubts = append(doubts, c)
			default:
				rest = append(rest, c)
			}
		}
	}
	p.list(yellow, "COULD NOT JUDGE, which is not a pass", doubts, true)
	p.list(yellow, "VIOLATES what is advised, which does not fail this run", advice, true)
	p.list(yellow, "VIOLATES as in the baseline, which does not fail this run", known, true)
	p.list(dim, "ACCEPTED violations", accepted, true)
	if p.o.Verbose {
		p.list(green, "CONFORMS or does not apply", rest, false)
	}
}

// baseline prints how the run compares with an earlier one.
func (p *printer) baseline() {
	b := p.r.Baseline
	if b == nil {
		return
	}
	p.line(p.style(bold, "COMPARED") + strings.TrimPrefix(b.Title(), "Compared"))
	p.text("  ", b.Counts())
	for _, c := range p.r.changes() {
		if c.Change == engine.Unchanged && !p.o.Verbose {
			continue // they are above
		}
		for _, at := range c.ByScenario() {
			p.text("  ", fmt.Sprintf("%s: %s %s", c.Word, at.ID, at.About()))
		}
	}
	p.line("")
}

// stale prints the accepted deviations that are stale.
func (p *printer) stale() {
	if len(p.r.Stale) == 0 {
		return
	}
	p.line(p.style(red, "STALE accepted deviations"))
	for _, s := range p.r.Stale {
		p.text("  ", s.About()+", accepted "+s.Acceptance.String())
	}
	p.text("      ", whatStale)
	p.line("")
}

// violations prints those of one scenario that fail the run: the gravest with
// its evidence, and where else.
func (p *printer) violations(g group) {
	var failing []Result
	for _, c := range g.Results {
		if c.convicts() && !p.folded(c) {
			failing = append(failing, c)
		}
	}
	if len(failing) == 0 {
		return
	}
	first := failing[0]
	p.line(p.style(red, "VIOLATES") + "  " + p.style(bold, first.ID) + "  " + grade(first))
	p.field("expected", first.Title)
	shown := failing[:1]
	if p.o.Verbose {
		shown = failing
	}
	for _, c := range shown {
		p.field("happened", c.Reason)
		if about := c.Subject.String(); about != "" {
			p.field("where", about)
		}
		p.evidence(c.Proof)
		if c.Exfiltrated {
			p.field("stolen", fmt.Sprintf("%d bytes: %s", c.Proof.LootBytes, cut(c.Proof.LootExcerpt, 160)))
		}
	}
	const most = 5
	for i, c := range failing[len(shown):] {
		if i == most {
			p.field("", fmt.Sprintf("and %d more, in report.html", len(failing)-len(shown)-most))
			break
		}
		p.field(map[bool]string{true: "also"}[i == 0], c.Subject.String())
	}
	p.field("fix", first.Fix)
	if followers := p.r.followers(first.ID); followers != "" {
		if !p.o.Verbose && p.o.More != "" {
			followers += " (" + p.o.More + ")"
		}
		p.field("and so", followers)
	}
	p.line("")
}

// folded reports whether the violation that explains this one stands for both.
func (p *printer) folded(c Result) bool {
	return !p.o.Verbose && c.Verdict == scenarios.Violates && !c.Accepted && p.r.explained(c)
}

// grade is level and severity in words, and whether the violation is new.
func grade(c Result) string {
	s := string(c.Level)
	if c.Severity != "" {
		s += fmt.Sprintf(", %s severity", c.Severity)
	}
	if c.Change != "" {
		s += ", " + string(c.Change)
	}
	return s
}

// evidence prints request lines, answers, and the header lines that decide.
func (p *printer) evidence(proof Proof) {
	label := "evidence"
	for _, line := range proof.lines() {
		p.field(label, line)
		label = ""
	}
}

// list prints results under a heading, those of one scenario with the same reason
// together.
func (p *printer) list(style, heading string, results []Result, fix bool) {
	if len(results) == 0 {
		return
	}
	p.line(p.style(style, heading))
	for i := 0; i < len(results); {
		c := results[i]
		same := i + 1
		for same < len(results) && results[same].ID == c.ID && results[same].Reason == c.Reason && acceptance(results[same]) == acceptance(c) {
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
		if a := acceptance(c); a != "" {
			p.text("      ", "Accepted "+a)
		}
		if fix && c.Verdict == scenarios.Violates && (same == len(results) || results[same].ID != c.ID) {
			p.text("      ", "Fix: "+c.Fix)
		}
		i = same
	}
	p.line("")
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

// verdict prints what it comes to.
func (p *printer) verdict() {
	r := p.r
	code := r.ExitCode()
	style := map[int]string{ExitConforms: green, ExitViolates: red, ExitUsage: yellow, ExitNoVerdict: yellow}[code]
	for _, l := range Wrap(r.Headline(), p.o.Width) {
		p.line(p.style(style, l))
	}
	if s := r.FrontEnd(); s != "" {
		p.text("", s)
	}
	if f := r.Fault; f != nil && !r.diagnosed() {
		p.text("", "Broke off ("+f.Stage+"): "+f.Error)
		if f.Advice != "" {
			p.text("", "What to do: "+f.Advice)
		}
	}
	p.text("", r.Counts())
	if s := r.withheld(5); s != "" && !p.o.Quiet {
		p.text("", s)
	}
	if p.o.Quiet && r.Baseline != nil {
		p.text("", r.Baseline.Title()+": "+r.Baseline.Counts())
	}
	p.text("", fmt.Sprintf("Exit code %d: %s.", code, r.meaning()))
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// Counts is the summary in one sentence.
func (r Report) Counts() string {
	s := r.Summary
	text := fmt.Sprintf("%d conform, %s, %d could not be judged, %d not applicable", s.Conforms,
		plural(s.Violates, "violates", "violate"), s.CannotTell, s.NotApplicable)
	if s.Accepted > 0 {
		text += fmt.Sprintf(", %d accepted", s.Accepted)
	}
	return text + fmt.Sprintf(" (%s in %.1f s).", plural(s.Attempts, "attempt", "attempts"), float64(s.DurationMS)/1000)
}

// Wrap breaks a text at blanks into lines of at most width characters. A word
// that is longer is broken where the line ends. An indent at the beginning stays.
func Wrap(text string, width int) []string {
	width = max(width, 1)
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	if len(indent) >= width {
		indent = ""
	}
	var lines []string
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent {
			if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width {
				line += " " + word
				continue
			}
			lines, line = append(lines, line), indent
		}
		for utf8.RuneCountInString(line)+utf8.RuneCountInString(word) > width {
			room := width - utf8.RuneCountInString(line)
			runes := []rune(word)
			lines, line = append(lines, line+string(runes[:room])), indent
			word = string(runes[room:])
		}
		line += word
	}
	return append(lines, line)
}
