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
		p.inferred()
		p.sweep()
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
// as such; of more than a few the first one, and how many more there are.
func (p *printer) premises() {
	const most = 2
	kinds := []struct {
		word string
		list []Premise
	}{{"private", p.r.Private()}, {"not private", p.r.NotPrivate()}}
	for _, kind := range kinds {
		shown := kind.list
		if len(shown) > most && !p.o.Verbose {
			shown = shown[:1]
		}
		for _, premise := range shown {
			p.text("", kind.word+": "+premise.Sentence)
		}
		if n := len(kind.list) - len(shown); n > 0 {
			p.text("", fmt.Sprintf("%s: and %d more", kind.word, n))
		}
	}
	if len(kinds[0].list)+len(kinds[1].list) > 0 {
		p.line("")
	}
}

// findings prints all but the verdict on the whole: causes, and each result where that
// is asked for.
func (p *printer) findings() {
	p.violations()
	p.doubts()
	p.list(yellow, "VIOLATES what is advised, which does not fail this run", p.r.causesAs(asAdvice))
	p.list(yellow, "VIOLATES as in the baseline, which does not fail this run", p.r.causesAs(asKnown))
	p.list(dim, "ACCEPTED violations", p.r.causesAs(asAccepted))
	if p.o.Verbose {
		p.results(green, "CONFORMS or does not apply", func(c Result) bool {
			return c.Verdict == scenarios.Conforms || c.Verdict == scenarios.NotApplicable
		})
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
		for _, at := range c.ByCause() {
			p.text("  ", fmt.Sprintf("%s: %s %s", c.Word, at.ID, at.About))
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
	if s := r.withheld(map[bool]int{true: listLimit, false: 1}[p.o.Verbose]); s != "" && !p.o.Quiet {
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
