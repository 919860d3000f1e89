package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/suite"
	"github.com/crossexam/crossexam/target"
)

// testOptions are the flags of `crossexam test` that are not the target's.
type testOptions struct {
	config  target.Config
	browser attacker.Options
	label   string
	out     string
	strict  bool
	quiet   bool
	verbose bool
}

func testCommand() *cobra.Command {
	var o testOptions
	c := &cobra.Command{
		Use:   "test URL --trusted ORIGIN",
		Short: "Examine a deployment",
		Long: `Examine a deployment in a real browser: what a malicious page can read from it
or do to it, and whether the trusted front end still works.

Nothing is changed at the target: requests other than GET, HEAD and OPTIONS are
recorded and withheld, unless --allow-writes is given.

Secrets may come from the environment instead of the command line:
CROSSEXAM_COOKIE, CROSSEXAM_BASIC, CROSSEXAM_BEARER. The browser may too:
CROSSEXAM_BROWSER.`,
		Example: `  crossexam test http://127.0.0.1:5055 --trusted https://notebook.example.com --read /api/notebooks
  crossexam test https://api.example.com --trusted https://app.example.com \
      --read /me --cookie "session=VALUE; SameSite=None; Secure"
  crossexam test https://api.example.com --trusted https://app.example.com --label "WLD || ORG"`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(fmt.Errorf("give one URL to test, such as http://127.0.0.1:5055; got %d arguments", len(args)))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.config.URL = args[0]
			return test(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&o.config.Trusted, "trusted", nil, "origin that may read the API, `ORIGIN` such as https://app.example.com; may be repeated")
	f.StringArrayVar(&o.config.Reads, "read", nil, "`PATH` of a private endpoint to read; may be repeated (default /)")
	f.StringArrayVar(&o.config.Cookies, "cookie", nil, "cookie of the victim in `SET-COOKIE` syntax; may be repeated")
	f.StringVar(&o.config.Basic, "basic", "", "HTTP authentication of the victim, `USER:PASSWORD`")
	f.StringVar(&o.config.Bearer, "bearer", "", "`TOKEN` that the trusted front end sends as Authorization: Bearer")
	f.BoolVar(&o.config.AllowWrites, "allow-writes", false, "let requests that may change something reach the target")
	f.BoolVar(&o.config.InsecureSkipVerify, "insecure-skip-verify", false, "accept any certificate of the target")
	f.Float64Var(&o.config.RequestsPerSecond, "rate", 0, "requests a second at most (default 20, and no limit on loopback)")
	f.StringVar(&o.label, "label", "", "run only specs that match this label `FILTER`, such as WLD, cookie, must or WLD-001")
	f.BoolVar(&o.strict, "strict", false, "fail on a violated SHOULD too")
	f.StringVar(&o.out, "out", "crossexam-report", "`DIR` for the report")
	f.StringVar(&o.browser.Path, "browser", "", "`PATH` of Chrome or Chromium")
	f.BoolVar(&o.browser.Posture.BlockThirdPartyCookies, "block-third-party-cookies", false, "have the browser block third-party cookies")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print the verdict only")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print every result")
	return c
}

// fromEnvironment takes what must not stand on the command line.
func fromEnvironment(c *target.Config) {
	if v := os.Getenv("CROSSEXAM_COOKIE"); v != "" && len(c.Cookies) == 0 {
		c.Cookies = []string{v}
	}
	if v := os.Getenv("CROSSEXAM_BASIC"); v != "" && c.Basic == "" {
		c.Basic = v
	}
	if v := os.Getenv("CROSSEXAM_BEARER"); v != "" && c.Bearer == "" {
		c.Bearer = v
	}
}

func test(ctx context.Context, o testOptions) error {
	fromEnvironment(&o.config)
	d, err := o.config.Deployment(ctx)
	if err != nil {
		return usage(err)
	}
	if len(d.Facts.Trusted) == 0 {
		return usage(errors.New("no trusted origin: give the origin of your front end with --trusted, such as https://app.example.com"))
	}
	plan, err := suite.Select(engine.NewPlan(scenarios.Catalogue(), d.Facts), o.label)
	if err != nil {
		return usage(err)
	}
	if err := needBrowser(o.browser.Path); err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return usage(fmt.Errorf("the report's folder cannot be made: %w", err))
	}
	progress := newProgress(os.Stderr, o.quiet)
	session, err := engine.NewSession(d, plan, engine.Options{Screens: true, Progress: progress.at})
	if err != nil {
		return usage(err)
	}
	defer session.Close()
	var lab *engine.Lab
	defer func() {
		if lab != nil {
			// The profile is what could be left; the next run sweeps it.
			_ = lab.Close()
		}
	}()
	var ginkgo bytes.Buffer
	passed, junitErr := suite.Run(suite.Examination{
		Plan:   plan,
		Strict: o.strict,
		Start: func(ctx context.Context) (*engine.Session, error) {
			progress.say("reaching " + d.Facts.URL)
			if err := session.Reach(ctx); err != nil {
				return nil, err
			}
			progress.say("starting the browser and running the controls")
			var err error
			if lab, err = engine.OpenLab(ctx, o.browser); err != nil {
				return nil, session.Abort(err)
			}
			return session, session.Start(ctx, lab)
		},
	}, suite.RunOptions{Output: &ginkgo, JUnit: filepath.Join(o.out, "junit.xml")})
	progress.done()

	record := session.Record()
	r := report.New(record, meta(d, record, o.strict))
	writeErr := errors.Join(junitErr, report.WriteAll(o.out, r, record.Screens))
	report.Text(os.Stdout, r, textOptions(os.Stdout, o))
	if writeErr != nil {
		fmt.Fprintln(os.Stderr, "crossexam: the report is incomplete:", writeErr)
	}
	fmt.Printf("Report: %s\n", filepath.Join(o.out, "report.html"))

	code := r.ExitCode(o.strict)
	if passed != clean(record, o.strict) {
		// Two counts of one run must agree; if not, neither is to be trusted.
		fmt.Fprintf(os.Stderr, "crossexam: Ginkgo and the report disagree about this run:\n%s\n", report.Visible(ginkgo.String()))
		return couldNotSay(errors.New("please report this as a defect of Crossexam"))
	}
	if code == 0 && writeErr != nil {
		return couldNotSay(errors.New("everything conforms, but the report could not be written whole"))
	}
	if code != 0 {
		return exitError{code: code}
	}
	return nil
}

// clean is what Ginkgo has to say of this record: nothing broke off, and nothing
// fails.
func clean(record engine.Record, strict bool) bool {
	return record.Fault == nil && !slices.ContainsFunc(record.Results, func(r engine.Result) bool { return r.Fails(strict) })
}

// meta says what the report cannot know from the record.
func meta(d target.Deployment, record engine.Record, strict bool) report.Meta {
	secrets := d.Credentials.Secrets()
	for _, c := range record.Cookies {
		secrets = append(secrets, c.Value)
	}
	return report.Meta{Version: version(), Commit: commit(), Strict: strict, Secrets: secrets}
}
