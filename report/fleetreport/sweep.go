package fleetreport

import (
	"fmt"
	"slices"
	"time"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
)

// unanswered is the kind of the diagnosis of a sweep that had not every answer.
const unanswered = "sweep-unanswered"

// FromSweep is the outcome of a sweep that began then. What it grants to anyone is a cause
// where it is private, or comes with the victim's credentials; that the rest is granted is
// told and fails nothing. Nothing conforms by headers alone.
func FromSweep(r sweep.Result, started time.Time, about About) Outcome {
	o := about.outcome(Sweep)
	o.Started, o.DurationMS = started.UTC().Truncate(time.Millisecond), r.DurationMS
	o.Counts = Counts{Endpoints: len(r.Endpoints), Classes: len(r.Classes), Requests: r.Requests}
	o.Causes = append(o.Causes, sweptCauses(r, o)...)
	o.Grant = Ungranted
	doubt := r.Doubt()
	if doubt != "" {
		o.Grant = GrantUnknown
		o.Diagnoses = append(o.Diagnoses, Diagnosis{Kind: unanswered, Detail: doubt})
	}
	if slices.ContainsFunc(r.Classes, func(c sweep.Class) bool { return len(c.Granted) > 0 }) {
		o.Grant = Granted
	}
	switch {
	case r.Suspects():
		o.ExitCode = report.ExitViolates
		worst := o.Causes[0]
		o.Headline = fmt.Sprintf("By its headers: %s at %s; no browser has proved it.", worst.Rule, count(worst.Endpoints, "endpoint", "endpoints"))
	case doubt != "":
		o.ExitCode = report.ExitNoVerdict
		o.Headline = "Could not judge by headers: " + doubt + "."
	case len(o.Causes) > 0:
		advised := o.Causes[0]
		o.Headline = fmt.Sprintf("By its headers, against advice: %s at %s; no browser has proved it.", advised.Rule, count(advised.Endpoints, "endpoint", "endpoints"))
	case o.Grant == Granted:
		o.Headline = "By its headers, nothing private is granted to anyone, and something to origins that are not trusted."
	default:
		o.Headline = "By its headers, nothing is granted to origins that are not trusted."
	}
	return o
}

// sweptCauses are what the grants of a sweep come to, the gravest first. They are called as
// the causes of a proof are, so that a target which is swept in one run and proved in the
// next has the same.
func sweptCauses(r sweep.Result, o Outcome) []Cause {
	var all []Cause
	for _, class := range r.Classes {
		counted := map[string]bool{}
		for _, g := range class.Granted {
			if class.Level == "" || g.Decision != sweep.WithCredentials && g.Method != "" {
				continue
			}
			i := slices.IndexFunc(all, func(c Cause) bool { return c.ID == g.Cause })
			if i < 0 {
				i = len(all)
				all = append(all, sweptCause(r, class, g, o))
			}
			c := &all[i]
			if !counted[g.Cause] {
				c.Endpoints += class.Size
			}
			counted[g.Cause] = true
			if g.Level.Binds(false) {
				c.Level, c.Fails = g.Level, true
			}
			if class.Private > 0 && g.Anyone {
				c.Severity = scenarios.High
			}
			if !slices.Contains(c.Requirements, g.Requirement) {
				c.Requirements = append(c.Requirements, g.Requirement)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Cause) int {
		switch {
		case a.Severity.Graver(b.Severity):
			return -1
		case b.Severity.Graver(a.Severity):
			return 1
		}
		return 0
	})
	return all
}

// sweptCause is the cause of a grant, of no endpoint yet.
func sweptCause(r sweep.Result, class sweep.Class, g sweep.Grant, o Outcome) Cause {
	scenario, _ := scenarios.Find(g.Requirement)
	c := Cause{
		ID: g.Cause, Rule: g.How + " is " + string(g.Decision), Level: g.Level, Severity: scenarios.Medium, Reason: g.String(),
		Endpoint: endpointOf(r, class), Fix: scenario.WholeFix(), Fingerprint: o.fingerprint(g.Cause),
	}
	if g.Rule != "" {
		c.Rule = g.Rule
	}
	return c
}

// endpointOf is an endpoint of the class, a private one if there is one.
func endpointOf(r sweep.Result, c sweep.Class) string {
	first := ""
	for _, e := range r.Endpoints {
		switch {
		case e.Class != c.ID:
		case e.Private():
			return e.Endpoint
		case first == "":
			first = e.Endpoint
		}
	}
	return first
}
