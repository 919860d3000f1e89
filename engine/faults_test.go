package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// sabotage examines the hardened notebook and calls disturb before each page is
// opened, with the number of the page.
func sabotage(t *testing.T, lab *engine.Lab, disturb func(page int)) (engine.Record, error) {
	t.Helper()
	s := stage(t, lab, fixtures.Notebook{Policy: fixtures.Hardened(), Login: fixtures.SessionCookie})
	page := 0
	plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts)
	return engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{
		Progress: func(engine.Progress) {
			disturb(page)
			page++
		},
	})
}

func verdicts(r engine.Record) map[scenarios.Verdict]int {
	counts := map[scenarios.Verdict]int{}
	for _, result := range r.Results {
		counts[result.Verdict()]++
	}
	return counts
}

// A browser that dies once is replaced, and no verdict is lost.
func TestBrowserDiesOnce(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	whole, err := sabotage(t, lab, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	first := lab.Browser().PID()
	record, err := sabotage(t, lab, func(page int) {
		if page == 1 {
			kill(t, first)
		}
	})
	if err != nil {
		t.Fatalf("the examination broke off: %v", err)
	}
	if got, want := verdicts(record), verdicts(whole); !equalCounts(got, want) {
		t.Errorf("verdicts %v, and %v without the death", got, want)
	}
	if lab.Browser().PID() == first || !strings.Contains(strings.Join(record.Notes, " "), "restarted") {
		t.Errorf("browser %d, notes %q", lab.Browser().PID(), record.Notes)
	}
}

// A browser that dies again ends the run, with all that was judged before.
func TestBrowserDiesTwice(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	record, err := sabotage(t, lab, func(page int) {
		if page >= 1 {
			kill(t, lab.Browser().PID())
		}
	})
	var fault *engine.Fault
	if !errors.As(err, &fault) || fault.Stage != engine.StageBrowser || !errors.Is(err, attacker.ErrBrowserGone) {
		t.Fatalf("error %v", err)
	}
	if record.Fault == nil || len(record.Results) == 0 {
		t.Errorf("fault %v and %d results", record.Fault, len(record.Results))
	}
}

// A renderer that crashes costs a second visit, and no verdict.
func TestRendererCrashes(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	crashed := 0
	record, err := sabotage(t, lab, func(page int) {
		if page == 1 {
			for _, pid := range renderers(t, lab.Browser().PID()) {
				kill(t, pid)
				crashed++
			}
		}
	})
	if err != nil {
		t.Fatalf("the examination broke off: %v", err)
	}
	if crashed == 0 {
		t.Fatal("there was no renderer to kill")
	}
	for _, r := range record.Results {
		if r.Verdict() == scenarios.CannotTell || r.Verdict() == scenarios.Violates {
			t.Errorf("%s %v %s: %s", r.Scenario.ID, r.Subject, r.Verdict(), r.Judgement.Reason)
		}
	}
	t.Log(record.Notes)
}

func kill(t *testing.T, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
}

func equalCounts(a, b map[scenarios.Verdict]int) bool {
	if len(a) != len(b) {
		return false
	}
	for v, n := range a {
		if b[v] != n {
			return false
		}
	}
	return true
}

// renderers are the renderer processes of a browser, found by its profile.
func renderers(t *testing.T, browser int) []int {
	t.Helper()
	own, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(browser), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	group := strings.Fields(string(own[strings.LastIndexByte(string(own), ')'):]))[3]
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		line := string(stat)
		pgrp := strings.Fields(line[strings.LastIndexByte(line, ')'):])[3]
		cmdline, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if err != nil || pgrp != group || !strings.Contains(string(cmdline), "--type=renderer") {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
