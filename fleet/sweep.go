package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/fleetreport"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/target"
)

// sweep asks a target by headers.
func (e *Examiner) sweep(ctx context.Context, j Job) (Done, error) {
	config, err := target.ParseConfig(j.Target.Config, e.Files)
	if err != nil {
		return Done{}, err
	}
	begun := now()
	redact := func(s string) string { return report.Visible(s) }
	r, err := sweep.Run(ctx, sweep.Request{
		Config: config, Browser: e.resembling(ctx, config.Browser), Run: "crossexam-" + strings.ToLower(rand.Text()[:12]),
		Redact: func(d target.Deployment) func(string) string {
			redact = report.Redactor(engine.Record{}, d.Secrets())
			return redact
		},
	})
	var wrong target.Problems
	switch {
	case ctx.Err() != nil:
		return Done{}, context.Cause(ctx)
	case errors.As(err, &wrong):
		return Done{}, err
	case err != nil: // it does not answer
		fault := fleetreport.Fault{Stage: string(engine.StageReach), Error: redact(err.Error()), Advice: "look whether it runs, and whether a worker can reach it; then `crossexam fleet retry`"}
		return Done{Outcome: fleetreport.FromFault(fleetreport.Sweep, begun, fault, j.about())}, nil
	}
	return Done{Outcome: swept(r, begun, j.about())}, nil
}

// resembling are the header lines of the browser that a configuration asks for.
func (e *Examiner) resembling(ctx context.Context, b target.BrowserConfig) cors.Headers {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.headers == nil {
		e.headers = map[target.BrowserConfig]cors.Headers{}
	}
	if e.headers[b] == nil {
		e.headers[b] = attacker.Options{Path: b.Path, UserAgent: b.UserAgent}.Headers(ctx)
	}
	return e.headers[b]
}

// swept is the outcome of a sweep. That something is granted is reason enough to look at
// it in the browser; it fails the target where anyone may get what is private.
func swept(r sweep.Result, begun time.Time, about fleetreport.About) fleetreport.Outcome {
	o := fleetreport.FromFault(fleetreport.Sweep, begun, fleetreport.Fault{}, about)
	o.Fault, o.Started, o.DurationMS = nil, begun, r.DurationMS
	o.Counts = fleetreport.Counts{Endpoints: len(r.Endpoints), Classes: len(r.Classes), Requests: r.Requests}
	o.Grant = fleetreport.Ungranted
	if r.Doubt() != "" {
		o.Grant = fleetreport.GrantUnknown
	}
	if slices.ContainsFunc(r.Classes, func(c sweep.Class) bool { return len(c.Granted) > 0 }) {
		o.Grant = fleetreport.Granted
	}
	switch {
	case r.Suspects():
		o.ExitCode, o.Headline = report.ExitViolates, "By its headers, "+suspected(r)+"."
	case r.Doubt() != "":
		o.ExitCode, o.Headline = report.ExitNoVerdict, "Could not tell: "+r.Doubt()+"."
	case o.Grant == fleetreport.Granted:
		o.ExitCode, o.Headline = report.ExitConforms, "By its headers, nothing private is granted to anyone, and something to origins that are not trusted."
	default:
		o.ExitCode, o.Headline = report.ExitConforms, "By its headers, nothing is granted to origins that are not trusted."
	}
	return o
}

// suspected says what the widest class that is suspected grants.
func suspected(r sweep.Result) string {
	i := slices.IndexFunc(r.Classes, func(c sweep.Class) bool { return c.Suspect })
	c := r.Classes[i]
	text := fmt.Sprintf("%d of %d endpoints grant what is private", c.Size, len(r.Endpoints))
	if g := slices.IndexFunc(c.Granted, func(g sweep.Grant) bool { return g.Anyone }); g >= 0 {
		text += " (" + c.Granted[g].String() + ")"
	}
	return text
}
