package fleetreport

import (
	"fmt"
	"slices"
	"strings"
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
	case len(o.Causes) > 0:
		o.ExitCode = report.ExitViolates
		worst := o.Causes[0]
		o.Headline = fmt.Sprintf("By its headers: %s at %s; no browser has proved it.", worst.Rule, count(worst.Endpoints, "endpoint", "endpoints"))
	case doubt != "":
		o.ExitCode = report.ExitNoVerdict
		o.Headline = "Could not judge by headers: " + doubt + "."
	case o.Grant == Granted:
		o.Headline = "By its headers, nothing private is granted to anyone, and something to origins that are not trusted."
	default:
		o.Headline = "By its headers, nothing is granted to origins that are not trusted."
	}
	return o
}

// A suspicion is a kind of grant, with the scenario that is about it.
type suspicion struct {
	id, scenario string
	fits         func(sweep.Grant) bool
}

// suspicions are all of them, the widest first. They are called as the causes of a proof
// are; by what rule a near-miss is taken for a trusted origin a proof knows better.
func suspicions() []suspicion {
	opaque := func(g sweep.Grant) bool { return g.Origin.IsOpaque() }
	return []suspicion{
		{"every-origin", "WLD-001", func(g sweep.Grant) bool { return !opaque(g) && strings.HasPrefix(g.How, "any origin") }},
		{"null-origin", "NUL-001", func(g sweep.Grant) bool { return opaque(g) }},
		{"near-miss", "ORG-001", func(sweep.Grant) bool { return true }},
	}
}

// sweptCauses are the suspicions of a sweep, the gravest first.
func sweptCauses(r sweep.Result, o Outcome) []Cause {
	var all []Cause
	for _, s := range suspicions() {
		scenario, _ := scenarios.Find(s.scenario)
		c := Cause{
			ID: s.id, Level: scenarios.Must, Severity: scenarios.Medium, Fails: true,
			Requirements: []string{s.scenario}, Fix: scenario.Fix, Fingerprint: o.fingerprint(s.id),
		}
		for _, class := range r.Classes {
			if !class.Suspect {
				continue
			}
			i := slices.IndexFunc(class.Granted, func(g sweep.Grant) bool {
				return g.Anyone && (g.Decision == sweep.WithCredentials || g.Method == "") && firstFit(g) == s.id
			})
			if i < 0 {
				continue
			}
			g := class.Granted[i]
			if c.Rule == "" {
				c.Rule = g.How + " is " + string(g.Decision)
				if s.id == "near-miss" && len(class.Rules) > 0 {
					c.Rule = class.Rules[0]
				}
				c.Reason = g.String()
			}
			if class.Private > 0 {
				c.Severity = scenarios.High
			}
			c.Endpoints += class.Size
			if c.Endpoint == "" {
				c.Endpoint = endpointOf(r, class)
			}
		}
		if c.Rule != "" {
			all = append(all, c)
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

func firstFit(g sweep.Grant) string {
	for _, s := range suspicions() {
		if s.fits(g) {
			return s.id
		}
	}
	return ""
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
