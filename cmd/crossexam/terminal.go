package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
)

// progress tells a waiting person what is going on: one line that is rewritten on a
// terminal; elsewhere, in the log of a CI, few lines.
//
// It is used from one goroutine.
type progress struct {
	w      io.Writer
	width  func() int // of the terminal; nil where there is none
	silent bool
	tenths int // of the attempts, as far as they were told
	hide   hiding
}

func newProgress(f *os.File, silent bool) *progress {
	p := &progress{w: f, silent: silent, hide: report.Visible}
	if isTerminal(f) {
		p.width = func() int { return columns(f) }
	}
	return p
}

// hooks have the progress told of an examination.
func (p *progress) hooks() engine.Hooks {
	return engine.Hooks{
		Begin:    p.begin,
		Progress: p.at,
		Notice: func(sentence string) {
			p.done()
			p.tell(inFlags(sentence))
		},
	}
}

// begin tells of a stage.
func (p *progress) begin(s engine.Step) {
	if what := stepSentence(s); what != "" {
		p.say(what)
	}
}

// stepSentence says what a stage does; it is empty for one that takes no time.
func stepSentence(s engine.Step) string {
	switch s.Stage {
	case engine.StageLog:
		return "running " + commandLine(s.Command)
	case engine.StageLaunch:
		return "starting " + commandLine(s.Command)
	case engine.StageDiscover:
		return "looking for endpoints at " + s.URL
	case engine.StageReach:
		return "reaching " + s.URL
	case engine.StageSweep:
		return fmt.Sprintf("asking %d endpoints by header", s.Endpoints)
	case engine.StageBrowser:
		return "starting the browser and running the controls"
	}
	return ""
}

// at tells how far the examination is: everything on a terminal, every tenth
// elsewhere.
func (p *progress) at(at engine.Progress) {
	line := fmt.Sprintf("%3d%%  %d/%d attempts  %s: %s", 100*at.Attempts/max(at.Of, 1), at.Attempts, at.Of, at.Scenario, at.Doing)
	if p.width == nil {
		tenths := 10 * at.Attempts / max(at.Of, 1)
		if tenths <= p.tenths {
			return
		}
		p.tenths = tenths
	}
	p.say(line)
}

// say replaces what was said last.
func (p *progress) say(what string) {
	switch {
	case p.silent:
	case p.width != nil:
		// Cut to the line, and clear what the last one left.
		fmt.Fprintf(p.w, "\r\x1b[K%.*s", p.width()-1, p.hide(what))
	default:
		fmt.Fprintln(p.w, p.hide(what))
	}
}

// tell says something that stays.
func (p *progress) tell(what string) {
	if !p.silent {
		fmt.Fprintln(p.w, wrap(p.hide(what), "  "))
	}
}

// done clears the line.
func (p *progress) done() {
	if p.width != nil && !p.silent {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// isTerminal reports whether a line that was printed there can be rewritten.
func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// colored reports whether to add colour to what is printed there (no-color.org).
func colored(f *os.File) bool { return isTerminal(f) && os.Getenv("NO_COLOR") == "" }

// columns is the width of a terminal.
func columns(f *os.File) int {
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 40 {
		return w
	}
	return 80
}

// textOptions fit the report to what it is printed to.
func textOptions(f *os.File, o testOptions) report.TextOptions {
	return report.TextOptions{Width: textWidth(f), Color: colored(f), Verbose: o.verbose, Quiet: o.quiet, More: "--verbose shows each"}
}

// textWidth is how wide texts are printed, in columns.
func textWidth(f *os.File) int {
	if isTerminal(f) {
		return min(columns(f), 100)
	}
	return 80
}
