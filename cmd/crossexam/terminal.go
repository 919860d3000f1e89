package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
)

// progress tells a waiting person what is going on: one line that is rewritten
// on a terminal, a line each elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	silent   bool
}

func newProgress(f *os.File, silent bool) *progress {
	return &progress{w: f, terminal: term.IsTerminal(int(f.Fd())), silent: silent}
}

func (p *progress) at(at engine.Progress) {
	p.say(fmt.Sprintf("%d of %d attempts done; now %s", at.Attempts, at.Of, at.Doing))
}

func (p *progress) say(what string) {
	switch {
	case p.silent:
	case p.terminal:
		// Cut to the line, and clear what the last one left.
		fmt.Fprintf(p.w, "\r\x1b[K%.78s", report.Visible(what))
	default:
		fmt.Fprintln(p.w, report.Visible(what))
	}
}

// tell says something that stays.
func (p *progress) tell(what string) {
	if !p.silent {
		fmt.Fprintln(p.w, wrap(report.Visible(what), "  "))
	}
}

func (p *progress) done() {
	if p.terminal && !p.silent {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// colored tells whether to add colour to what is printed there (no-color.org).
func colored(f *os.File) bool { return term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" }

// textOptions fit the report to what standard output is.
func textOptions(f *os.File, o testOptions) report.TextOptions {
	t := report.TextOptions{Width: 80, Verbose: o.verbose, Quiet: o.quiet}
	if term.IsTerminal(int(f.Fd())) {
		t.Color = colored(f)
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 40 {
			t.Width = min(w, 100)
		}
	}
	return t
}
