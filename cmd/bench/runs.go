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
	"github.com/crossexam/crossexam/scenarios"
)

// measured is what one run in a process of its own tells.
type measured struct {
	WallS       float64 `json:"wall_s"`
	Attempts    int     `json:"attempts"`
	Navigations int     `json:"navigations"`
	PeakRSSMB   float64 `json:"peak_rss_mb"`
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

// sized adds the victim's place in the network to the cookie, and private
// endpoints up to the wanted number.
func sized(t scenarios.Target, s size) scenarios.Target {
	t.Credentials = append(t.Credentials, scenarios.Network)
	for i := 1; i < s.Endpoints; i++ {
		t.Endpoints = append(t.Endpoints, scenarios.Endpoint{Method: "GET", Path: fmt.Sprintf("/api/notebooks?limit=%d", i), Private: true})
	}
	return t
}

// full is an examination from the start of the browser to its end.
func full(ctx context.Context, s size) (measured, error) {
	start := time.Now()
	lab, err := engine.OpenLab(ctx, attacker.Options{})
	if err != nil {
		return measured{}, err
	}
	defer lab.Close()
	staged, err := engine.StageNotebook(lab, notebook(s))
	if err != nil {
		return measured{}, err
	}
	defer staged.Close()
	staged.Deployment.Facts = sized(staged.Deployment.Facts, s)
	record, err := engine.Examine(ctx, engine.Request{Deployment: &staged.Deployment, Lab: lab})
	if err != nil {
		return measured{}, err
	}
	if err := lab.Close(); err != nil {
		return measured{}, err
	}
	wall := time.Since(start)
	for _, r := range record.Results {
		if r.Verdict() == scenarios.Violates && r.Level() == scenarios.Must {
			return measured{}, fmt.Errorf("the fixture does not conform to %s: %s", r.Scenario.ID, r.Judgement.Reason)
		}
	}
	rss, err := peakRSS()
	return measured{wall.Seconds(), record.Attempts, record.Navigations, rss}, err
}

// bareRun does the same navigations and fetches on the same fixture.
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
	for _, p := range engine.NewPlan(scenarios.Catalogue(), sized(n.Target(engine.StagedURL), s)).Pages() {
		pages = append(pages, bare.Page{Victim: p.Identity, Origin: p.Origin, Attempts: p.Attempts, Framed: p.Framed})
		attempts += len(p.Attempts)
	}
	if err := bare.Run(ctx, stage, pages); err != nil {
		return measured{}, err
	}
	wall := time.Since(start)
	rss, err := peakRSS()
	return measured{wall.Seconds(), attempts, len(pages), rss}, err
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
