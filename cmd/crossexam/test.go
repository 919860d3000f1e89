package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/suite"
	"github.com/crossexam/crossexam/target"
)

// testOptions are the flags of `crossexam test` that are not the target's.
type testOptions struct {
	config  target.Config
	label   string
	out     string
	mode    fileMode
	strict  bool
	quiet   bool
	verbose bool
	dryRun  bool
	json    bool
	sweep   bool

	baseline  string // a report.json, or empty
	failOnNew bool
}

// fileMode is a flag for the permissions of files, in octal; 0 is for none given.
type fileMode fs.FileMode

func (m *fileMode) String() string {
	if *m == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(*m), 8)
}

func (m *fileMode) Set(s string) error {
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil || n&0o600 != 0o600 || n > 0o777 {
		return errors.New("write three octal digits, of which the first is 6 or 7, such as 644 or 600")
	}
	*m = fileMode(n)
	return nil
}

func (*fileMode) Type() string { return "mode" }

func testCommand() *cobra.Command { return testCommandThat(test) }

// testCommandThat is the command with another examination: what the command line asks
// for is given to examine.
func testCommandThat(examine func(context.Context, testOptions) error) *cobra.Command {
	var o testOptions
	c := &cobra.Command{
		Use:   "test [URL] [--trusted ORIGIN]",
		Short: "Examine a deployment",
		Long: `Examine a deployment in a real browser: what a malicious page can read from it
or do to it, and whether the trusted front end still works.

Where no endpoint is named, the target's OpenAPI document says what to read, or
the usual paths are tried; what by its name could have an effect is left alone.

Nothing is changed at the target: requests other than GET, HEAD and OPTIONS are
recorded and withheld, unless the configuration names the endpoint and says that
it is safe to write, or --allow-writes is given.

A violation that is accepted for a while stands in a file (--accepted), which
'crossexam accept' writes. --baseline compares a run with an earlier one.

--trusted takes patterns, and without it a run finds out which origins the API
grants. --label filters by ID, family, level and credential: WLD, WLD-001, must,
cookie, "WLD || ORG". --json has all but the report on standard error.

` + precedence + `
URL is CROSSEXAM_TARGET; the variables are CROSSEXAM_ and the name of the flag:
` + variables() + `.
Secrets need not stand on the command line: use a variable, or a -file flag.`,
		Example: `  crossexam test http://127.0.0.1:5055 --trusted https://notebook.example.com
  crossexam test https://api.example.com --trusted https://app.example.com \
      --read /me --cookie "session=VALUE; SameSite=None; Secure"
  crossexam test --config crossexam.yaml --label "WLD || ORG"
  crossexam test --config crossexam.yaml --dry-run
  crossexam test --config crossexam.yaml --baseline main.json --fail-on-new
  crossexam test --config crossexam.yaml --json | jq .summary`,
		ValidArgsFunction: cobra.NoFileCompletions,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(fmt.Errorf("give one URL to test, such as http://127.0.0.1:5055; got %d arguments", len(args)))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if o.config, err = configured(c.Flags(), args); err != nil {
				return usage(err)
			}
			if !o.config.HasTarget() {
				return usage(errors.New("give one URL to test, such as http://127.0.0.1:5055, or a file with --config"))
			}
			if o.sweep {
				return sweepOnly(c.Context(), o)
			}
			return examine(c.Context(), o)
		},
	}
	f := c.Flags()
	addSettings(f)
	f.StringVar(&o.label, "label", "", "run only what matches `FILTER`, such as WLD or must")
	f.BoolVar(&o.strict, "strict", false, "fail on a violated SHOULD too")
	f.StringVar(&o.baseline, "baseline", "", "report.json of an earlier run, `FILE` to compare with: what is new, fixed, unchanged")
	f.BoolVar(&o.failOnNew, "fail-on-new", false, "fail only on violations that the baseline does not have")
	f.StringVar(&o.out, "out", "crossexam-report", "`DIR` for the report")
	f.Var(&o.mode, "report-mode", "`MODE` of the report's files, such as 644; by default the umask's, and 600 where the victim's data is in them")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print the verdict only")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print every result")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would be sent, and send nothing")
	f.BoolVar(&o.json, "json", false, "print report.json on standard output")
	f.BoolVar(&o.sweep, "sweep-only", false, "ask all endpoints by header, with no browser")
	c.MarkFlagsMutuallyExclusive("json", "dry-run")
	c.MarkFlagsMutuallyExclusive("quiet", "verbose")
	for _, other := range []string{"dry-run", "label", "baseline", "fail-on-new", "report-mode"} {
		c.MarkFlagsMutuallyExclusive("sweep-only", other)
	}
	// The flag was added above.
	_ = c.RegisterFlagCompletionFunc("label", completeLabels)
	return c
}

func test(ctx context.Context, o testOptions) error {
	if o.failOnNew && o.baseline == "" {
		return usage(errors.New("--fail-on-new needs something to compare with: give the report.json of an earlier run with --baseline"))
	}
	annotate := annotating(o.printed())
	defer annotate(nil, "")
	progress := newProgress(os.Stderr, o.quiet)
	request := o.request(progress)
	if o.dryRun {
		return dryRun(ctx, request)
	}
	x, err := engine.NewExamination(ctx, request)
	if err != nil {
		return usage(err)
	}
	defer x.Close()
	progress.hide = hidingOf(x.Deployment().Secrets())
	// A report that is lost is known before anything is sent.
	if err := report.TryFolder(o.out); err != nil {
		return usage(fmt.Errorf("no report can be written to %s: %w; give another folder with --out", o.out, err))
	}
	if err := x.Prepare(ctx); err != nil && x.Record().Fault == nil {
		return usage(progress.hide.from(err))
	}
	var ginkgo bytes.Buffer
	record, writeErr := suite.Run(ctx, x, suite.RunOptions{
		Output: &ginkgo,
		JUnit:  filepath.Join(o.out, "junit.xml"),
		Redact: func(r engine.Record) func(string) string {
			redact := report.Redactor(r, meta(x.Deployment(), r).Secrets)
			return func(s string) string { return inFlags(redact(s)) }
		},
	})
	progress.done()
	known := meta(x.Deployment(), record)
	r := report.New(record, known)
	err = publish(o, r, record, errors.Join(writeErr, report.WriteAll(o.out, r, record.Screens, fs.FileMode(o.mode)), writeRecording(o.out, record, known, fs.FileMode(o.mode))))
	annotate(&r, o.config.SourceFile())
	return err
}

// printed is where texts for people go.
func (o testOptions) printed() *os.File {
	if o.json {
		return os.Stderr
	}
	return os.Stdout
}

// writeRecording writes what was observed beside the report.
func writeRecording(dir string, record engine.Record, known report.Meta, mode fs.FileMode) error {
	recording, err := report.NewRecording(record, known)
	if err != nil {
		return fmt.Errorf("recording what was observed: %w", err)
	}
	return report.WriteRecording(dir, recording, mode)
}

// request is the examination that the command line asks for.
func (o testOptions) request(p *progress) engine.Request {
	r := engine.Request{
		Config:      o.config,
		AssumeTrust: true,
		Stdin:       os.Stdin,
		Select:      func(plan engine.Plan) (engine.Plan, error) { return suite.Select(plan, o.label) },
		Strict:      o.strict,
		OnlyNew:     o.failOnNew,
		Screens:     true,
		Hooks:       p.hooks(),
	}
	if o.baseline != "" {
		r.Baseline = func(t scenarios.Target) (*engine.Baseline, error) {
			earlier, err := readReport(o.baseline)
			if err != nil {
				return nil, fmt.Errorf("--baseline %s cannot be used: %w", o.baseline, err)
			}
			b, err := earlier.BaselineFor(t)
			if err != nil {
				return nil, fmt.Errorf("--baseline %s cannot be used: %w", o.baseline, err)
			}
			return b, nil
		}
	}
	return r
}

// publish prints what a run came to, and ends the command as it asks for. writeErr is
// what went wrong with the files of the report.
func publish(o testOptions, r report.Report, record engine.Record, writeErr error) error {
	printed := o.printed()
	if o.json {
		writeErr = errors.Join(writeErr, r.WriteJSON(os.Stdout))
	}
	report.Text(printed, r, textOptions(printed, o))
	if writeErr != nil {
		fmt.Fprintln(os.Stderr, "crossexam: the report is incomplete:", writeErr)
	}
	page := filepath.Join(o.out, "report.html")
	if _, err := os.Stat(page); err == nil { // there is none where the disk is full
		fmt.Fprintf(printed, "Report: %s\n", page)
	}
	switch code := r.ExitCode(); {
	case code == report.ExitConforms && writeErr != nil:
		return couldNotSay(errors.New("everything conforms, but the report could not be written whole"))
	case code == report.ExitConforms:
		return nil
	case code == report.ExitUsage:
		return usage(staleEntries(record.Stale))
	default:
		return exitError{code: code}
	}
}

func readReport(path string) (report.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return report.Report{}, err
	}
	defer f.Close()
	return report.Read(f)
}

func staleEntries(stale target.Accepted) error {
	var ps target.Problems
	for _, a := range stale {
		ps = append(ps, a.Problem("it is stale: all that it is about conforms now; remove the entry"))
	}
	return ps
}

// meta says what the report cannot know from the record.
func meta(d target.Deployment, record engine.Record) report.Meta {
	return report.Meta{Version: version(), Commit: commit(), Secrets: report.Secrets(d, record), InWords: inFlags, FixFor: d.Preset.FixFor, Stack: d.Preset.Stack}
}
