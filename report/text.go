package report

import (
	"fmt"
	"io"
	"strings"

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
