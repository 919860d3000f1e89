package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/bare"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// measured is what one run in a process of its own tells.
type measured struct {
	WallS       float64 `json:"wall_s"`
	Attempts    int     `json:"attempts"`
	Navigations int     `json:"navigations"`
	PeakRSSMB   float64 `json:"peak_rss_mb"`
	// Stages is where the time of an examination went; nil of a bare run.
	Stages *stages `json:"stages,omitempty"`
}

// stages are the seconds of an examination, one stage after the other. The report
// comes after the others, and is not in the wall time that is compared with a bare run.
type stages struct {
	BrowserS float64 `json:"browser_s"` // the start of the malicious origin and of Chrome
	PrepareS float64 `json:"prepare_s"` // reaching the target, premises, the plan
	VictimsS float64 `json:"victims_s"` // their logins, and the controls
	ObserveS float64 `json:"observe_s"` // the attempts, and the verdicts
	EndS     float64 `json:"end_s"`     // of Chrome, its profile and the servers
	ReportS  float64 `json:"report_s"`  // every file of it
}

// A clock tells the time since it was last asked.
type clock struct{ last time.Time }

func (c *clock) lap() float64 {
	now := time.Now()
	s := now.Sub(c.last).Seconds()
	c.last = now
	return s
}

// size is how much there is to examine.
type size struct {
	Endpoints int `json:"endpoints"`
	Trusted   int `json:"trusted_origins"`
}

// notebook is what is examined: the hardened API, with a session cookie.
func notebook(s size) fixtures.Notebook {
	n := fixtures.Notebook{Policy: fixtures.Hardened(), Login: fixtures.SessionCookie}
	for i := range s.Trusted {
		n.Origins = append(n.Origins, cors.NewOrigin("https", fmt.Sprintf("notebook%d.example.com", i), ""))
	}
	return n
}

// sized adds private endpoints up to the wanted number.
func sized(t scenarios.Target, s size) scenarios.Target {
	for i := 1; i < s.Endpoints; i++ {
		t.Endpoints = append(t.Endpoints, scenarios.Endpoint{Method: "GET", Path: fmt.Sprintf("/api/notebooks?limit=%d", i), Private: true})
	}
	return t
}

// full is an examination from the start of the browser to its end, and its report.
func full(ctx context.Context, s size) (m measured, err error) {
	m.Stages = &stages{}
	lap := clock{time.Now()}
	start := lap.last
	lab, err := engine.OpenLab(ctx, attacker.Options{})
	if err != nil {
		return m, err
	}
	defer lab.Close()
	staged, err := engine.StageNotebook(lab, notebook(s))
	if err != nil {
		return m, err
	}
	defer staged.Close()
	staged.Deployment.Facts = sized(staged.Deployment.Facts, s)
	m.Stages.BrowserS = lap.lap()
	x, err := engine.NewExamination(ctx, engine.Request{Deployment: &staged.Deployment, Lab: lab})
	if err != nil {
		return m, err
	}
	defer x.Close()
	if err := x.Prepare(ctx); err != nil {
		return m, err
	}
	m.Stages.PrepareS = lap.lap()
	if err := x.Start(ctx); err != nil {
		return m, err
	}
	m.Stages.VictimsS = lap.lap()
	for _, item := range x.Plan().Items {
		if _, err := x.Result(ctx, item); err != nil {
			return m, err
		}
	}
	record := x.End()
	m.Stages.ObserveS = lap.lap()
	if err := lab.Close(); err != nil {
		return m, err
	}
	m.Stages.EndS = lap.lap()
	m.WallS = lap.last.Sub(start).Seconds()
	m.Attempts, m.Navigations = record.Attempts, record.Navigations
	for _, r := range record.Results {
		if r.Verdict() == scenarios.Violates && r.Level() == scenarios.Must {
			return m, fmt.Errorf("the fixture does not conform to %s: %s", r.Scenario.ID, r.Judgement.Reason)
		}
	}
	dir, err := os.MkdirTemp("", "crossexam-bench-")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(dir)
	lap.lap()
	if err := report.WriteAll(dir, report.New(record, report.Meta{}), record.Screens, 0); err != nil {
		return m, err
	}
	m.Stages.ReportS = lap.lap()
	m.PeakRSSMB, err = peakRSS()
	return m, err
}

// bareRun opens the pages and makes the attempts of the same plan on the same fixture,
// and sends what Crossexam sends itself.
func bareRun(ctx context.Context, s size) (measured, error) {
	start := time.Now()
	stage, err := attacker.NewStage()
	if err != nil {
		return measured{}, err
	}
	defer stage.Close()
	n := notebook(s)
	stage.Mount(cors.MustParseOrigin(engine.StagedURL), n.Handler())
	var pages []bare.Page
	attempts := 0
	plan := engine.NewPlan(scenarios.Catalogue(), sized(n.Target(engine.StagedURL), s))
	for _, p := range plan.Pages() {
		pages = append(pages, bare.Page{Victim: p.Identity, Origin: p.Origin, Attempts: p.Attempts, Framed: p.Framed})
		attempts += len(p.Attempts)
	}
	probes := plan.Probes()
	if err := bare.Probe(ctx, stage, probes); err != nil {
		return measured{}, err
	}
	if err := bare.Run(ctx, stage, pages); err != nil {
		return measured{}, err
	}
	attempts += len(probes)
	wall := time.Since(start)
	rss, err := peakRSS()
	return measured{WallS: wall.Seconds(), Attempts: attempts, Navigations: len(pages), PeakRSSMB: rss}, err
}

// peakRSS is the most memory this process had, in megabytes; 0 where the system
// does not tell.
func peakRSS() (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			var kb float64
			_, err := fmt.Sscanf(strings.TrimSpace(rest), "%f kB", &kb)
			return kb / 1024, err
		}
	}
	return 0, nil
}
