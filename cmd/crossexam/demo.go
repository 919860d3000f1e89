package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

type demoOptions struct {
	browser attacker.Options
	out     string
}

func demoCommand() *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the exfiltration, end to end, on the embedded API",
		Long: `Show the exfiltration, end to end, on the embedded notebook API: a victim logs
in, then a malicious page reads the victim's notebooks and sends them home. It
does so with each credential that browsers send by themselves: session cookie,
password (HTTP authentication), and client certificate where the browser can be
given one. Then the same attacks on the hardened API, which Chrome blocks.

Exit code 0 only if the vulnerable API was robbed and the hardened one was not.`,
		Example: `  crossexam demo
  crossexam demo --out /tmp/demo`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return demo(c.Context(), o) },
	}
	c.Flags().StringVar(&o.out, "out", "crossexam-report", "`DIR` for the report")
	c.Flags().StringVar(&o.browser.Path, "browser", "", "`PATH` of Chrome or Chromium, or the address of one that runs already, such as ws://127.0.0.1:9222")
	return c
}

// stagings are the two halves of the demonstration.
func stagings() []staging {
	return []staging{
		{title: "1. The API as it came: the wildcard default", policy: fixtures.WildcardEchoAlways()},
		{title: "2. The API hardened: one origin on the list", policy: fixtures.Hardened(), folder: "hardened"},
	}
}

type staging struct {
	title  string
	policy fixtures.Policy
	folder string // of its report, below the demo's
}

func demo(ctx context.Context, o demoOptions) error {
	if err := needBrowser(o.browser.Path); err != nil {
		return err
	}
	if err := report.TryFolder(o.out); err != nil {
		return usage(fmt.Errorf("no report can be written to %s: %w; give another folder with --out", o.out, err))
	}
	authority, err := loopback.NewAuthority()
	if err != nil {
		return couldNotSay(err)
	}
	certificate, err := authority.ClientCertificate("the victim")
	if err != nil {
		return couldNotSay(err)
	}
	o.browser.ClientCertificate = &certificate
	lab, err := engine.OpenLab(ctx, o.browser)
	if err != nil {
		return couldNotSay(err)
	}
	defer lab.Close()
	shown := []scenarios.Credential{scenarios.Cookie, scenarios.Basic}
	if lab.NoCertificate() == nil {
		shown = append(shown, scenarios.ClientCert)
	}
	s := newStory(os.Stdout, shown)
	s.opening(lab.Browser().Info())
	var failures []error
	for _, half := range stagings() {
		record, d, err := perform(ctx, lab, half.policy)
		if err != nil && record.Fault == nil {
			return couldNotSay(err)
		}
		known := meta(d, record)
		r := report.New(record, known)
		folder := filepath.Join(o.out, half.folder)
		if werr := errors.Join(report.WriteAll(folder, r, record.Screens, 0), writeRecording(folder, record, known, 0)); werr != nil {
			failures = append(failures, fmt.Errorf("writing the report: %w", werr))
		}
		if err != nil {
			return couldNotSay(err)
		}
		vulnerable := half.folder == ""
		s.half(half.title, record, vulnerable)
		failures = append(failures, expectations(record, shown, vulnerable)...)
	}
	if why := lab.NoCertificate(); why != nil {
		s.missing(why)
	}
	s.closing(o.out)
	if err := errors.Join(failures...); err != nil {
		return couldNotSay(fmt.Errorf("the demonstration did not show what it had to: %w", err))
	}
	return nil
}

// perform examines the notebook API under a policy, with a victim who has a
// session cookie, one who has typed a password, and one with a certificate.
func perform(ctx context.Context, lab *engine.Lab, policy fixtures.Policy) (engine.Record, target.Deployment, error) {
	staged, err := engine.StageNotebook(lab, fixtures.Notebook{
		Policy:  policy,
		Login:   fixtures.AnyAmbient,
		Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")},
	})
	if err != nil {
		return engine.Record{}, target.Deployment{}, err
	}
	defer staged.Close()
	record, err := engine.Examine(ctx, engine.Request{Deployment: &staged.Deployment, Lab: lab, Screens: true})
	return record, staged.Deployment, err
}

// expectations are what the demonstration has to show with each of the
// credentials; each that is not met is an error.
func expectations(record engine.Record, shown []scenarios.Credential, vulnerable bool) []error {
	var errs []error
	robbed := map[scenarios.Credential]bool{}
	for _, r := range record.Results {
		if r.Judgement.Exfiltrated {
			robbed[r.Subject.Credential] = true
		}
		if !vulnerable && r.Verdict() == scenarios.Violates {
			errs = append(errs, fmt.Errorf("the hardened API violates %s: %s", r.Scenario.ID, r.Judgement.Reason))
		}
	}
	for _, c := range shown {
		if robbed[c] != vulnerable {
			errs = append(errs, fmt.Errorf("data was stolen with the %s credential: %t, expected %t", c, robbed[c], vulnerable))
		}
	}
	return errs
}
