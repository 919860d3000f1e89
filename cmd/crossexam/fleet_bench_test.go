//go:build unix

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	fleetBench       = flag.String("fleet-bench", "", "the JSON file to which TestFleetBench writes; empty measures nothing")
	fleetBenchSweeps = flag.String("fleet-bench-sweeps", "100,1000,10000", "of how many targets it measures the sweep")
	fleetBenchClean  = flag.String("fleet-bench-clean", "1000", "of how many clean targets, served by nginx, it measures the sweep")
	fleetBenchProofs = flag.String("fleet-bench-proofs", "10", "of how many targets it measures the proof")
)

// A fleetMeasure is one run of a fleet. The server of the targets takes its time on the
// same machine.
type fleetMeasure struct {
	Stage         string  `json:"stage"`
	Server        string  `json:"server"` // "go" for targets of all policies, "nginx" for clean ones
	Targets       int     `json:"targets"`
	Workers       int     `json:"workers"`
	Processes     string  `json:"processes"` // "one", or "apart" for a broker and a worker
	Seconds       float64 `json:"seconds"`
	TargetsPerMin float64 `json:"targets_per_min"`
	Requests      int     `json:"requests"`
	RequestsPerS  float64 `json:"requests_per_s"`
	// MicrosPerRequest is the processor time of the run, browsers apart, in microseconds.
	MicrosPerRequest float64 `json:"us_per_request"`
	// The most that the processes took of memory, browsers apart, in MB. A run is broker
	// and workers in one, unless they are apart.
	RunMB       float64 `json:"run_mb"`
	WorkerMB    float64 `json:"worker_mb"`
	StateMB     float64 `json:"state_mb"`     // what the broker stored, on disk
	LoadAverage float64 `json:"load_average"` // of the machine, after it
}

// TestFleetBench measures, and compares nothing.
func TestFleetBench(t *testing.T) {
	if *fleetBench == "" {
		t.Skip("-fleet-bench names the file for its figures")
	}
	var all struct {
		Cores    int            `json:"cores"`
		Measures []fleetMeasure `json:"measures"`
	}
	all.Cores = runtime.NumCPU()
	add := func(m fleetMeasure) {
		t.Logf("%+v", m)
		all.Measures = append(all.Measures, m)
		data, err := json.MarshalIndent(all, "", "  ")
		if err == nil {
			err = os.WriteFile(*fleetBench, append(data, '\n'), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range numbers(t, *fleetBenchSweeps) {
		for workers := 1; workers <= 2; workers++ {
			add(measureFleet(t, serveFleet(t, n, 1), workers, "none", false))
		}
		if n <= 1000 {
			add(measureFleet(t, serveFleet(t, n, 1), 1, "none", true))
		}
	}
	for _, n := range numbers(t, *fleetBenchClean) {
		m := measureFleet(t, serveClean(t, n), 1, "none", false)
		m.Server = "nginx"
		add(m)
	}
	for _, n := range numbers(t, *fleetBenchProofs) {
		for workers := 1; workers <= 2; workers++ {
			add(measureFleet(t, serveFleet(t, n, 1), workers, "all", false))
		}
	}
}

func numbers(t testing.TB, list string) []int {
	t.Helper()
	var all []int
	for s := range strings.SplitSeq(list, ",") {
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// measureFleet runs a fleet of these targets, and closes them.
func measureFleet(t testing.TB, targets *targetFleet, workers int, prove string, apart bool) (m fleetMeasure) {
	t.Helper()
	defer targets.close()
	n := len(targets.urls)
	dir, err := os.MkdirTemp("", "fb") // a short path, as Chrome makes a socket in it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	manifest := targets.manifest(t, dir)
	m = fleetMeasure{Stage: map[string]string{"none": "sweep", "all": "proof"}[prove], Server: "go", Targets: n, Workers: workers, Processes: "one"}
	args := []string{"fleet", "run", manifest, "--quiet", "--prove=" + prove}
	begun := time.Now()
	var run *proc
	if apart {
		m.Processes = "apart"
		run = start(t, dir, binary, append(args, "--workers=0", "--listen=127.0.0.1:0")...)
		awaitFile(t, filepath.Join(dir, "crossexam-fleet", "address"))
		w := start(t, dir, binary, "fleet", "worker")
		defer func() {
			_ = w.cmd.Process.Signal(syscall.SIGTERM)
			<-w.ended
			m.WorkerMB = peak(w)
		}()
	} else {
		run = start(t, dir, binary, append(args, "--workers="+strconv.Itoa(workers))...)
	}
	code, output := run.end(t)
	m.Seconds = time.Since(begun).Seconds()
	if code != 0 && code != 1 {
		t.Fatalf("it ends with %d:\n%s", code, output)
	}
	outcomes := found(t, filepath.Join(dir, "crossexam-fleet-report"))
	if got := len(outcomes); got != n {
		t.Fatalf("%d outcomes of %d targets", got, n)
	}
	targets.check(t)
	m.RunMB, m.Requests = peak(run), targets.count()
	if m.Requests == 0 { // nginx counts none
		for _, o := range outcomes {
			m.Requests += o.Counts.Requests
		}
	}
	usage, _ := run.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if usage != nil && m.Requests > 0 {
		m.MicrosPerRequest = float64(time.Duration(usage.Utime.Nano()+usage.Stime.Nano()).Microseconds()) / float64(m.Requests)
	}
	m.TargetsPerMin, m.RequestsPerS = float64(n)/m.Seconds*60, float64(m.Requests)/m.Seconds
	_ = filepath.WalkDir(filepath.Join(dir, "crossexam-fleet"), func(_ string, d os.DirEntry, err error) error {
		if info, infoErr := d.Info(); err == nil && infoErr == nil && info.Mode().IsRegular() {
			m.StateMB += float64(info.Size()) / 1e6
		}
		return nil
	})
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(load), &m.LoadAverage)
	}
	return m
}

// peak is the most that a process took of memory, in MB.
func peak(p *proc) float64 {
	usage, _ := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if usage == nil {
		return 0
	}
	return float64(usage.Maxrss) / 1000
}
