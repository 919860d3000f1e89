package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

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
	strict  bool
	quiet   bool
	verbose bool
	dryRun  bool
	json    bool

	baseline  string // a report.json, or empty
	failOnNew bool
}

func testCommand() *cobra.Command {
	var o testOptions
	c := &cobra.Command{
		Use:   "test [URL] --trusted ORIGIN",
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
			url := ""
			if len(args) == 1 {
				url = args[0]
			}
			var err error
			if o.config, err = configured(c.Flags(), url); err != nil {
				return usage(err)
			}
			if !o.config.HasTarget() {
				return usage(errors.New("give one URL to test, such as http://127.0.0.1:5055, or a file with --config"))
			}
			return test(c.Context(), o)
		},
	}
	f := c.Flags()
	addSettings(f)
	f.StringVar(&o.label, "label", "", "run only specs that match this label `FILTER`, such as WLD, cookie, must or WLD-001")
	f.BoolVar(&o.strict, "strict", false, "fail on a violated SHOULD too")
	f.StringVar(&o.baseline, "baseline", "", "report.json of an earlier run, `FILE` to compare with: what is new, fixed, unchanged")
	f.BoolVar(&o.failOnNew, "fail-on-new", false, "fail only on violations that the baseline does not have")
	f.StringVar(&o.out, "out", "crossexam-report", "`DIR` for the report")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print the verdict only")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print every result")
	f.BoolVar(&o.dryRun, "dry-run", false, "print every request that would be sent, and send none")
	f.BoolVar(&o.json, "json", false, "print report.json on standard output, and all else on standard error")
	c.MarkFlagsMutuallyExclusive("json", "dry-run")
	// The flag was added above.
	_ = c.RegisterFlagCompletionFunc("label", completeLabels)
	return c
}

func test(ctx context.Context, o testOptions) error {
	d, err := o.config.Deployment(ctx)
	if err != nil {
		return usage(err)
	}
	if len(d.Facts.Trusted) == 0 {
		return usage(errors.New("no trusted origin: give the origin of your front end with --trusted, such as https://app.example.com"))
	}
	options, err := excuses(o, d)
	if err != nil {
		return usage(err)
	}
	if o.dryRun {
		return dryRun(ctx, o)
	}
	// What the command line has wrong is said before anything is contacted.
	plan, err := suite.Select(engine.NewPlan(scenarios.Catalogue(), d.Facts), o.label)
	if err == nil {
		err = plan.CheckExpired(options.Accepted, time.Now())
	}
	if err != nil {
		return usage(err)
	}
	browser, err := engine.BrowserFor(ctx, o.config.Browser, d)
	if err == nil {
		err = browser.Check()
	}
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown):
		return couldNotSay(err)
	case err != nil:
		return usage(err)
	}
	progress := newProgress(os.Stderr, o.quiet)
	started, err := prepare(ctx, &o.config, progress)
	if err != nil {
		return err
	}
	stopTarget := sync.OnceFunc(func() { _ = started.Close() })
	defer stopTarget()
	if d, err = o.config.Deployment(ctx); err != nil {
		return usage(err)
	}
	d, unreachable, err := discover(ctx, o, d, progress)
	if err != nil {
		return err
	}
	plan, err = suite.Select(engine.NewPlan(scenarios.Catalogue(), d.Facts), o.label)
	if err == nil && unreachable == nil {
		err = plan.CheckMatches(options.Accepted)
	}
	if err != nil {
		return usage(err)
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return usage(fmt.Errorf("the report's folder cannot be made: %w", err))
	}
	if browser, err = engine.BrowserFor(ctx, o.config.Browser, d); err != nil {
		return usage(err)
	}
	options.Screens, options.Progress = true, progress.at
	session, err := engine.NewSession(d, plan, options)
	if err != nil {
		return usage(err)
	}
	var lab *engine.Lab
	end := sync.OnceFunc(func() {
		session.Close()
		if lab != nil {
			// The profile is what could be left; the next run sweeps it.
			_ = lab.Close()
		}
		stopTarget()
	})
	defer end()
	var ginkgo bytes.Buffer
	interrupted := ctx.Done()
	passed, junitErr := suite.Run(suite.Examination{
		Plan:   plan,
		Strict: o.strict,
		Start: func(ctx context.Context) (*engine.Session, error) {
			select {
			case <-interrupted: // before Ginkgo listened to signals, as it does from here on
				return nil, session.Abort(&engine.Fault{Stage: engine.StageRun, Err: errInterrupted})
			default:
			}
			if unreachable != nil {
				return nil, session.Abort(&engine.Fault{Stage: engine.StageReach, Err: unreachable})
			}
			progress.say("reaching " + d.Facts.URL)
			if err := session.Reach(ctx); err != nil {
				return nil, err
			}
			progress.say("starting the browser and running the controls")
			var err error
			if lab, err = engine.OpenLab(ctx, browser); err != nil {
				return nil, session.Abort(err)
			}
			if why := lab.NoCertificate(); why != nil {
				progress.done()
				progress.tell("The client certificate is not tried, and nothing is judged with it: " + why.Error())
			}
			return session, session.Start(ctx, lab)
		},
	}, suite.RunOptions{Output: &ginkgo, JUnit: filepath.Join(o.out, "junit.xml"), Redact: redactor(session, d)})
	progress.done()

	record := session.Record()
	end() // before anything is printed, which can take as long as the reader likes
	r := report.New(record, meta(d, record, o.strict))
	writeErr := errors.Join(junitErr, report.WriteAll(o.out, r, record.Screens))
	printed := os.Stdout
	if o.json {
		printed = os.Stderr
		writeErr = errors.Join(writeErr, r.WriteJSON(os.Stdout))
	}
	report.Text(printed, r, textOptions(printed, o))
	if writeErr != nil {
		fmt.Fprintln(os.Stderr, "crossexam: the report is incomplete:", writeErr)
	}
	fmt.Fprintf(printed, "Report: %s\n", filepath.Join(o.out, "report.html"))

	code := r.ExitCode(o.strict)
	if passed != clean(record, o.strict) {
		// Two counts of one run must agree; if not, neither is to be trusted.
		fmt.Fprintf(os.Stderr, "crossexam: Ginkgo and the report disagree about this run:\n%s\n", report.Visible(ginkgo.String()))
		return couldNotSay(errors.New("please report this as a defect of Crossexam"))
	}
	if code == 0 && writeErr != nil {
		return couldNotSay(errors.New("everything conforms, but the report could not be written whole"))
	}
	switch code {
	case report.ExitConforms:
		return nil
	case report.ExitUsage:
		return usage(staleEntries(record.Stale))
	}
	return exitError{code: code}
}

// excuses reads what can keep a violation from failing the run: the accepted
// deviations, and the baseline.
func excuses(o testOptions, d target.Deployment) (engine.Options, error) {
	options := engine.Options{OnlyNew: o.failOnNew}
	var err error
	if options.Accepted, err = o.config.AcceptedDeviations(time.Now()); err != nil {
		return options, err
	}
	if o.baseline == "" {
		if o.failOnNew {
			err = errors.New("--fail-on-new needs something to compare with: give the report.json of an earlier run with --baseline")
		}
		return options, err
	}
	r, err := readReport(o.baseline)
	if err == nil {
		options.Baseline, err = r.BaselineFor(d.Facts)
	}
	if err != nil {
		return options, fmt.Errorf("--baseline %s cannot be used: %w", o.baseline, err)
	}
	return options, nil
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

// prepare reads the startup log and starts the target, where the configuration says
// how. What it gives has to be closed, and may be nil.
func prepare(ctx context.Context, c *target.Config, p *progress) (*target.Launched, error) {
	interrupted := func(err error) error {
		if ctx.Err() != nil {
			return couldNotSay(fmt.Errorf("the run was interrupted: %w", err))
		}
		return usage(err)
	}
	if len(c.StartupLog.Command) > 0 {
		p.say("running " + commandLine(c.StartupLog.Command))
	}
	if err := c.ReadLog(ctx, os.Stdin); err != nil {
		return nil, interrupted(err)
	}
	if c.Starts() {
		p.say("starting " + commandLine(c.Launch.Command))
	}
	started, err := c.Start(ctx)
	if err != nil {
		return nil, interrupted(err)
	}
	return started, nil
}

// clean is what Ginkgo has to say of this record: nothing broke off, and nothing
// fails.
func clean(record engine.Record, strict bool) bool {
	return record.Fault == nil && !slices.ContainsFunc(record.Results, func(r engine.Result) bool { return r.Fails(strict) })
}

// discover completes the deployment with what the target says of itself, and tells
// what that is. unreachable is the error of a target that does not answer.
func discover(ctx context.Context, o testOptions, d target.Deployment, p *progress) (_ target.Deployment, unreachable, err error) {
	if !o.config.NeedsDiscovery() {
		return d, nil, nil
	}
	p.say("looking for endpoints at " + d.Facts.URL)
	c, found, err := o.config.Discover(ctx)
	var down *target.UnreachableError
	var wrong target.Problems
	switch {
	case errors.As(err, &down):
		return d, down, nil
	case errors.As(err, &wrong):
		return d, nil, usage(err)
	case err != nil:
		return d, nil, couldNotSay(fmt.Errorf("looking for endpoints: %w", err))
	}
	p.done()
	for _, sentence := range found.Summary() {
		p.tell(sentence)
	}
	complete, err := c.Deployment(ctx)
	if err != nil {
		return d, nil, usage(err)
	}
	return complete, nil, nil
}

// redactor replaces the secrets of a session that is over.
func redactor(session *engine.Session, d target.Deployment) func(string) string {
	build := sync.OnceValue(func() func(string) string {
		record := session.Record()
		return report.Redactor(record, meta(d, record, false).Secrets)
	})
	return func(s string) string { return build()(s) }
}

// meta says what the report cannot know from the record.
func meta(d target.Deployment, record engine.Record, strict bool) report.Meta {
	return report.Meta{Version: version(), Commit: commit(), Strict: strict, Secrets: report.Secrets(d, record)}
}
