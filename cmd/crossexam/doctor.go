package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
)

func doctorCommand() *cobra.Command {
	var o attacker.Options
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check what works on this machine, and say what to do",
		Long: `Check what works on this machine, and say what to do where something does not.
No target is needed: the browser attacks two small APIs of Crossexam's own with
every kind of credential, as it does before each examination.

Exit code 0 when an examination can be made here, 2 when something has to be
installed or changed first, 3 when a control fails in this browser.`,
		Example: `  crossexam doctor
  crossexam doctor --browser /opt/google/chrome/chrome
  crossexam doctor --json | jq '.checks[] | select(.outcome != "ok")'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.Check(); err != nil && !errors.Is(err, attacker.ErrNoBrowser) { // which is one of the checks
				return usage(err)
			}
			return doctor(c.Context(), o, asJSON)
		},
	}
	c.Flags().StringVar(&o.Path, "browser", "", "`PATH` of Chrome or Chromium, or the address of one that runs already, such as ws://127.0.0.1:9222")
	c.Flags().BoolVar(&o.Posture.BlockThirdPartyCookies, "block-third-party-cookies", false, "have the browser block third-party cookies")
	c.Flags().BoolVar(&asJSON, "json", false, "print the checks as JSON")
	return c
}

func doctor(ctx context.Context, o attacker.Options, asJSON bool) error {
	var checks []engine.Check
	p := newCheckPrinter(os.Stdout)
	for c := range engine.Diagnose(ctx, o) {
		c.Found, c.Advice = inFlags(c.Found), inFlags(c.Advice)
		checks = append(checks, c)
		if !asJSON {
			p.check(c)
		}
	}
	code := diagnosis(checks)
	if asJSON {
		if err := writeChecks(os.Stdout, checks, code); err != nil {
			return couldNotSay(err)
		}
	} else {
		p.conclusion(code)
	}
	if code != 0 {
		return exitError{code: code}
	}
	return nil
}

// diagnosis is the exit code that the checks come to. What is missing is said
// first: a control may fail for want of it.
func diagnosis(checks []engine.Check) int {
	code := 0
	for _, c := range checks {
		switch c.Outcome {
		case engine.CheckMissing:
			return exitUsage
		case engine.CheckFailed:
			code = exitCouldNotSay
		}
	}
	return code
}

// A checkPrinter prints checks, in words; colour comes in addition.
type checkPrinter struct {
	w     io.Writer
	color bool
}

func newCheckPrinter(f *os.File) checkPrinter { return checkPrinter{w: f, color: colored(f)} }

func (p checkPrinter) check(c engine.Check) {
	word, color := "FAIL", "1;31"
	switch c.Outcome {
	case engine.CheckOK:
		word, color = "ok", "32"
	case engine.CheckNote:
		word, color = "note", "33"
	}
	mark := fmt.Sprintf("%-4s", word)
	if p.color {
		mark = "\x1b[" + color + "m" + mark + "\x1b[0m"
	}
	const indent = "                    "
	fmt.Fprintf(p.w, "%s  %-13s %s\n", mark, c.Name, wrap(report.Visible(oneLine(c.Found)), indent))
	if c.Advice != "" {
		fmt.Fprintf(p.w, "%s%s\n", indent, wrap(report.Visible(oneLine(c.Advice)), indent))
	}
}

func (p checkPrinter) conclusion(code int) {
	text := map[int]string{
		0:               "Examinations can be made on this machine.",
		exitUsage:       "No examination can be made before what failed above is mended.",
		exitCouldNotSay: "Nothing that this browser shows can be trusted as long as a control fails.",
	}[code]
	fmt.Fprintf(p.w, "\n%s\n", text)
}

// oneLine is a text without line breaks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// writeChecks writes the checks for programs.
func writeChecks(w io.Writer, checks []engine.Check, code int) error {
	type check struct {
		Name    string              `json:"name"`
		Outcome engine.CheckOutcome `json:"outcome"`
		Found   string              `json:"found"`
		Advice  string              `json:"advice,omitempty"`
	}
	doc := struct {
		Schema   string  `json:"schema"`
		Version  string  `json:"version"`
		System   string  `json:"system"`
		ExitCode int     `json:"exit_code"`
		Checks   []check `json:"checks"`
	}{Schema: "crossexam/doctor/v1", Version: version(), System: runtime.GOOS + "/" + runtime.GOARCH, ExitCode: code}
	for _, c := range checks {
		doc.Checks = append(doc.Checks, check(c))
	}
	return report.EncodeJSON(w, doc)
}
