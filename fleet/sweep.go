package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

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
	config, err := e.config(j)
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
	return Done{Outcome: fleetreport.FromSweep(r, begun, j.about())}, nil
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
