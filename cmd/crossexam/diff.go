package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/report"
)

type diffOptions struct {
	then, now string
	json      bool
	html      string
}

func diffCommand() *cobra.Command {
	var o diffOptions
	c := &cobra.Command{
		Use:   "diff EARLIER LATER",
		Short: "Compare the reports of two runs: what is new, graver, fixed",
		Long: `Compare two report.json files: which violations are new in the later run,
graver, milder or fixed, by cause, and what could not be judged any more. A
report of an earlier Crossexam without causes is compared by requirement.

The two runs must be about the same trusted origins. Their targets may differ,
so that a staging system can be compared with the one in production.

Exit codes: 0 nothing that fails the later run is new or graver, 1 something
is, 2 usage, 3 the later run broke off, or could not judge something binding
that the earlier one could. What a run fails on is told by its report: with an
accepted violation it does not.`,
		Example: `  crossexam diff main/report.json crossexam-report/report.json
  crossexam diff old.json new.json --html diff.html
  crossexam diff old.json new.json --json | jq '.causes[].kind'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage(fmt.Errorf("give two reports, the earlier one first, such as main/report.json crossexam-report/report.json; got %d arguments", len(args)))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o.then, o.now = args[0], args[1]
			return diff(o)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "print the comparison as JSON")
	f.StringVar(&o.html, "html", "", "write the comparison to `FILE` as one HTML page too")
	return c
}

func diff(o diffOptions) error {
	var both [2]report.Report
	for i, path := range []string{o.then, o.now} {
		r, err := readReport(path)
		if err != nil {
			return usage(fmt.Errorf("the report %s cannot be used: %w", path, err))
		}
		both[i] = r
	}
	d, err := report.Compare(both[0], both[1])
	if err != nil {
		return usage(fmt.Errorf("%s and %s cannot be compared: %w", o.then, o.now, err))
	}
	if o.html != "" {
		var page bytes.Buffer
		err := errors.Join(d.WriteHTML(&page), write(o.html, page.Bytes(), true))
		if err != nil {
			return usage(fmt.Errorf("--html %s: %w", o.html, err))
		}
	}
	print := func(w io.Writer) error { return d.Text(w, textWidth(os.Stdout)) }
	if o.json {
		print = d.WriteJSON
	}
	if err := print(os.Stdout); err != nil {
		return couldNotSay(err)
	}
	if d.ExitCode != report.ExitConforms {
		return exitError{code: d.ExitCode}
	}
	return nil
}
