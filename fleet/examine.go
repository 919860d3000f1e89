package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/fleetreport"
	"github.com/crossexam/crossexam/scratch"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// An Examiner has the stages of a worker: it examines targets as `crossexam test` does.
// One at a time is proved. Whoever made it closes it.
type Examiner struct {
	// Files is the folder of the files that configurations name.
	Files string
	// Meta says what a report does not know from the record.
	Meta func(target.Deployment, engine.Record) report.Meta
	// Strict has a violated SHOULD fail a target too.
	Strict bool
	// Renew is how many targets a browser examines; 0 is 50.
	Renew int

	labs engine.Labs
	used int // targets that the browser of labs has examined

	mu      sync.Mutex
	headers map[target.BrowserConfig]cors.Headers // of the browsers that sweeps resemble
}

const renewAfter = 50

// Stages are the examiner's, for a worker.
func (e *Examiner) Stages() Stages {
	return Stages{Sweep: e.sweep, prove: e.prove, interval: interval}
}

// Close ends the browser.
func (e *Examiner) Close() error { return e.labs.Close() }

// interval is the time between two requests to a target.
func interval(t Target) time.Duration {
	c, err := target.ParseLimits(t.Config)
	u, urlErr := url.Parse(t.URL)
	if err != nil || urlErr != nil {
		return time.Second
	}
	rate := c.Over(tap.DefaultLimits(tap.Upstream{URL: u})).RequestsPerSecond
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / rate)
}

// config is the configuration of a job's target. The host that is reserved is that of the
// target's URL: one that would have another asked is refused.
func (e *Examiner) config(j Job) (target.Config, error) {
	c, err := target.ParseConfig(j.Target.Config, e.Files)
	if err == nil && strings.TrimSuffix(c.URL, "/") != j.Target.URL {
		err = fmt.Errorf("the item is about %s, and its configuration about %s: submit the fleet again", j.Target.URL, c.URL)
	}
	return c, err
}

// about is what an outcome says besides what was found.
func (j Job) about() fleetreport.About {
	t := j.Target
	return fleetreport.About{Target: t.URL, Name: t.Name, Owner: t.Owner, Configuration: t.Configuration, Worker: j.worker, Deliveries: j.Attempts}
}

// prove is an examination in the browser.
func (e *Examiner) prove(ctx context.Context, j Job) (Done, error) {
	config, err := e.config(j)
	if err != nil {
		return Done{}, err
	}
	if limit := e.Renew; e.used >= limit && (limit > 0 || e.used >= renewAfter) {
		// The profile is what could be left; the next start sweeps it.
		_ = e.labs.Close()
		e.used = 0
	}
	e.used++
	x, err := engine.NewExamination(ctx, engine.Request{Config: config, AssumeTrust: true, Strict: e.Strict, Screens: true, Labs: &e.labs})
	if err != nil {
		return Done{}, err
	}
	defer x.Close()
	err = x.Run(ctx)
	record := x.End()
	switch f := record.Fault; {
	case ctx.Err() != nil:
		return Done{}, context.Cause(ctx)
	case err != nil && f == nil:
		return Done{}, err
	case f != nil && (f.Stage == engine.StageBrowser || f.Stage == engine.StageControls || f.Stage == engine.StageEvidence):
		// It is about this worker, and nothing is known of the target: another may have a
		// browser that works.
		_ = e.labs.Close()
		return Done{}, fmt.Errorf("%s: %w", f.Stage, f)
	}
	r := report.New(record, e.Meta(x.Deployment(), record))
	about := j.about()
	about.Report = j.Target.reportPath()
	archive, err := archived(r, record)
	return Done{Outcome: fleetreport.FromReport(r, about), archive: archive}, err
}

// archived is the folder of a report.
func archived(r report.Report, record engine.Record) (archive []byte, err error) {
	folder, err := scratch.Make("", "crossexam-fleet-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, folder.Remove()) }()
	dir := folder.Path + "/report"
	if err := report.WriteAll(dir, r, record.Screens, 0); err != nil {
		return nil, err
	}
	return packed(dir)
}
