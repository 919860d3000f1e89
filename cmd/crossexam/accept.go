package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// acceptedDays is how long a violation is accepted where nobody says otherwise: a
// quarter of a year, long enough to mend it.
const acceptedDays = 90

type acceptOptions struct {
	id      string
	report  string
	file    string
	narrow  target.SubjectPattern
	reason  string
	owner   string
	expires string
}

func acceptCommand() *cobra.Command {
	var o acceptOptions
	c := &cobra.Command{
		Use:   "accept ID --reason TEXT --owner NAME",
		Short: "Accept a violation of the last run for a while",
		Long: `Accept violations for a while, so that they do not fail a run: those of one
scenario (ORG-009), or all that fall with one cause of the report
(every-origin). They are taken from the report of a run, and written into a
file as few entries that say exactly them. They are still examined, and shown
as accepted. An entry that has expired, or that no violation is like any more,
is an error (2). The severity is written too: what has become graver is not
covered any more.

Without --endpoint, --origin and --credential all of its violations are meant.
What is in the file stays, comments included.`,
		Example: `  crossexam accept ORG-009 --owner api-team@example.com \
      --reason "The subdomains are ours alone; they move in spring."
  crossexam accept CRD-002 --credential cookie --expires 2027-01-31 \
      --reason "See ticket 4711." --owner api-team@example.com
  crossexam accept ends-with --reason "We own all of them." --owner api-team
  crossexam test --config crossexam.yaml --accepted accepted.yaml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("give the ID of one scenario, such as WLD-001, or of a cause of the report, such as every-origin"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.id = args[0]
			if err := accept(o, time.Now()); err != nil {
				return usage(err)
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.report, "report", filepath.Join("crossexam-report", "report.json"), "`FILE` with the report of the run")
	f.StringVar(&o.file, "file", "accepted.yaml", "`FILE` to write, or to add to")
	f.StringVar(&o.narrow.Endpoint, "endpoint", "", `only this "METHOD /path", as the report has it; * stands for any characters`)
	f.StringVar(&o.narrow.Origin, "origin", "", "only this `ORIGIN`, as the report has it; * stands for any characters")
	f.StringVar(&o.narrow.Credential, "credential", "", "only this `KIND`: cookie, basic, client-cert, network, bearer, header, several with + between, or none")
	f.StringVar(&o.reason, "reason", "", "why the violation is accepted, `TEXT` for every reader of a report")
	f.StringVar(&o.owner, "owner", "", "`NAME` of who answers for it")
	f.StringVar(&o.expires, "expires", "", fmt.Sprintf("last `DATE` on which it holds, such as 2027-01-31 (default: in %d days)", acceptedDays))
	return c
}

// accept adds entries to the file. Its errors are about usage.
func accept(o acceptOptions, now time.Time) error {
	for _, required := range []struct{ flag, value, what string }{
		{"reason", o.reason, "why the violation is accepted"}, {"owner", o.owner, "who answers for it"},
	} {
		if strings.TrimSpace(required.value) == "" {
			return fmt.Errorf("give --%s: %s stands in every report", required.flag, required.what)
		}
	}
	expires := now.UTC().AddDate(0, 0, acceptedDays)
	if o.expires != "" {
		var err error
		if expires, err = time.Parse(time.DateOnly, o.expires); err != nil {
			return fmt.Errorf("--expires: %q is no day: write it like %s", o.expires, now.AddDate(0, 0, acceptedDays).Format(time.DateOnly))
		}
	}
	r, err := readReport(o.report)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no report %s: run 'crossexam test' first, or name another one with --report", o.report)
	case err != nil:
		return fmt.Errorf("the report %s cannot be used: %w", o.report, err)
	}
	title, ids, err := meant(r, o.id)
	if err != nil {
		return err
	}
	day := time.Date(expires.Year(), expires.Month(), expires.Day(), 0, 0, 0, 0, time.UTC)
	var entries target.Accepted
	accepted, cases := 0, 0
	for _, id := range ids {
		wanted, others, severities, err := violations(r, id, o)
		if err != nil {
			return fmt.Errorf("%s: %w", o.report, err)
		}
		patterns, err := target.Cover(wanted, others)
		if err != nil {
			return err
		}
		for _, p := range patterns {
			entries = append(entries, target.Acceptance{ID: id, Subject: p, Severity: gravest(p, wanted, severities), Reason: o.reason, Owner: o.owner, Expires: day})
		}
		accepted, cases = accepted+len(wanted), cases+len(wanted)+len(others)
	}
	if len(entries.Expired(now)) > 0 {
		return fmt.Errorf("--expires: %s is over: write a day to come, at most a year ahead", o.expires)
	}
	if err := add(o.file, entries, now); err != nil {
		return err
	}
	fmt.Printf("%s\n\n", report.Visible(wrap(title, "")))
	fmt.Printf("Accepted in %s until %s, by %s:\n", o.file, day.Format(time.DateOnly), report.Visible(o.owner))
	for _, e := range entries {
		fmt.Println(report.Visible(wrap("  "+e.String(), "      ")))
	}
	fmt.Printf("That is %d of %d cases in %s.\n", accepted, cases, o.report)
	fmt.Printf("Use it: crossexam test --accepted %s, or 'accepted: %s' in crossexam.yaml.\n", o.file, o.file)
	return nil
}

// meant gives the scenarios that an ID stands for, with a title: itself, or those that
// fall with a cause of the report and are not accepted yet.
func meant(r report.Report, id string) (title string, ids []string, err error) {
	if s, ok := scenarios.Find(strings.ToUpper(id)); ok {
		return fmt.Sprintf("%s (%s)\n%s", s.ID, s.Level, s.Title), []string{s.ID}, nil
	}
	var known []string
	for _, c := range r.Causes {
		known = append(known, c.ID)
		if !strings.EqualFold(c.ID, id) {
			continue
		}
		for _, one := range r.Results {
			if one.Cause == c.ID && !one.Accepted && !slices.Contains(ids, one.ID) {
				ids = append(ids, one.ID)
			}
		}
		if len(ids) == 0 {
			return "", nil, fmt.Errorf("all that falls with %s is accepted already: change those entries by hand", c.ID)
		}
		return fmt.Sprintf("%s (%s)\n%s", c.ID, c.Level, c.Rule), ids, nil
	}
	err = fmt.Errorf("there is no scenario %q ('crossexam list' has them all), and no such cause in the report", id)
	if len(known) > 0 {
		err = fmt.Errorf("%w, which has %s", err, strings.Join(known, ", "))
	}
	return "", nil, err
}

// gravest is the gravest severity of the violations that a pattern is about.
func gravest(p target.SubjectPattern, wanted []scenarios.Subject, severities []scenarios.Severity) scenarios.Severity {
	var most scenarios.Severity
	for i, s := range wanted {
		if p.Meets(s) && severities[i].Graver(most) {
			most = severities[i]
		}
	}
	return most
}

// violations gives the cases of a scenario that are to be accepted, with their severities,
// and all others. Where a cause is meant, they are those that fall with it.
func violations(r report.Report, id string, o acceptOptions) (wanted, others []scenarios.Subject, severities []scenarios.Severity, err error) {
	verdicts := map[scenarios.Verdict]int{}
	var left, accepted []string
	for _, c := range r.Results {
		if c.ID != id {
			continue
		}
		verdicts[c.Verdict]++
		subject := c.Subject.Open()
		switch {
		case c.Verdict == scenarios.NotApplicable:
			continue
		case c.Verdict == scenarios.Violates && c.Accepted:
			accepted = append(accepted, c.Acceptance.String())
		case c.Verdict == scenarios.Violates && o.narrow.Meets(subject) && (id == strings.ToUpper(o.id) || strings.EqualFold(c.Cause, o.id)):
			wanted, severities = append(wanted, subject), append(severities, c.Severity)
			continue
		case c.Verdict == scenarios.Violates:
			left = append(left, target.SubjectPattern{Endpoint: subject.Endpoint, Origin: subject.Origin, Credential: string(subject.Credential)}.String())
		}
		others = append(others, subject)
	}
	switch n := len(verdicts); {
	case len(wanted) > 0:
		return wanted, others, severities, nil
	case len(left) > 0:
		return nil, nil, nil, fmt.Errorf("no violation of %s is like %s; these are there:\n  %s", id, o.narrow, strings.Join(left, "\n  "))
	case len(accepted) > 0:
		return nil, nil, nil, fmt.Errorf("what violates %s is accepted already (%s): change that entry by hand", id, accepted[0])
	case n == 0:
		return nil, nil, nil, fmt.Errorf("%s was not examined in that run: run 'crossexam test' without a --label that leaves it out", id)
	case verdicts[scenarios.CannotTell] > 0:
		return nil, nil, nil, fmt.Errorf("nothing violates %s in that run, and %d of its cases could not be judged, which cannot be accepted: see the report for what kept them from being judged", id, verdicts[scenarios.CannotTell])
	case n == 1 && verdicts[scenarios.NotApplicable] > 0:
		return nil, nil, nil, fmt.Errorf("%s does not apply to the target of that run: there is nothing to accept", id)
	}
	return nil, nil, nil, fmt.Errorf("nothing violates %s in that run: there is nothing to accept", id)
}

// add puts entries at the end of a file, or makes it.
func add(path string, entries target.Accepted, now time.Time) error {
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	after, err := target.AppendAccepted(path, before, entries, now)
	if err != nil {
		return err
	}
	return write(path, after, true)
}
