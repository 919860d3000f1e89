package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/report"
)

type judgeOptions struct {
	report    string
	recording string
	json      bool
}

func judgeCommand() *cobra.Command {
	var o judgeOptions
	c := &cobra.Command{
		Use:   "judge [report.json]",
		Short: "Judge what a run recorded again, without a browser",
		Long: `Judge again what an earlier run observed: no browser is started, and nothing is
sent to the target. It shows which verdicts differ in this version of Crossexam,
with the reason then and now.

A run writes what it observed to recording.json, beside report.json, without
secrets. A verdict that depends on a secret, or on what was too long for the
file, cannot be reached again, and counts as one that could not be judged.
Accepted violations stay accepted, and what was strict stays strict.

Exit codes are those of a run with these verdicts: 0 conforms, 1 a MUST
requirement is violated (a SHOULD too where the run was strict), 2 usage, 3
could not judge. That verdicts differ is no failure by itself.`,
		Example: `  crossexam judge
  crossexam judge main/report.json
  crossexam judge main/report.json --json | jq .differ`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(fmt.Errorf("give one report.json; got %d arguments. Two reports are compared by 'crossexam diff'", len(args)))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o.report = filepath.Join("crossexam-report", "report.json")
			if len(args) == 1 {
				o.report = args[0]
			}
			return judgeAgain(o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.recording, "recording", "", "`FILE` with what the run observed (default: recording.json beside the report)")
	f.BoolVar(&o.json, "json", false, "print the comparison as JSON")
	return c
}

func judgeAgain(o judgeOptions) error {
	r, err := readReport(o.report)
	if err != nil {
		return usage(fmt.Errorf("the report %s cannot be used: %w", o.report, err))
	}
	if o.recording == "" {
		o.recording = filepath.Join(filepath.Dir(o.report), report.RecordingFile)
	}
	recording, err := readRecording(o.recording)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usage(fmt.Errorf("there is no recording %s: a run writes it beside its report; name it with --recording, or examine the target again", o.recording))
	case err != nil:
		return usage(fmt.Errorf("the recording %s cannot be used: %w", o.recording, err))
	}
	again, err := r.Rejudge(recording, report.Tool{Version: version(), Commit: commit()})
	if err != nil {
		return usage(err)
	}
	if o.json {
		err = again.WriteJSON(os.Stdout)
	} else {
		err = again.Text(os.Stdout, textWidth(os.Stdout))
	}
	if err != nil {
		return couldNotSay(err)
	}
	if again.ExitCode != report.ExitConforms {
		return exitError{code: again.ExitCode}
	}
	return nil
}

func readRecording(path string) (report.Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return report.Recording{}, err
	}
	defer f.Close()
	return report.ReadRecording(f)
}
