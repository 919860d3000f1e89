package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/fixtures/hostile"
	"github.com/crossexam/crossexam/report"
)

var (
	whichHostile = flag.String("hostile", "short", "the behaviours of fixtures/hostile that TestHostile meets: short, all, or patterns of their names such as body/*, separated by commas")
	hostileLabel = flag.String("hostile-label", "", "which specs they run; empty for all, and for a few in the short form")
)

// watchdog ends a run that does not end by itself. It is no measure of how long one
// may take.
const watchdog = 3 * time.Minute

// TestHostile points the built command at targets that attack or break whoever
// examines them, and holds it to what each behaviour promises, and to what is
// promised for all.
func TestHostile(t *testing.T) {
	browsertest.Needed(t)
	all := hostile.Behaviours()
	chosen := slices.DeleteFunc(slices.Clone(all), func(b hostile.Behaviour) bool {
		switch *whichHostile {
		case "all":
			return false
		case "short":
			return !b.Short
		}
		return !slices.ContainsFunc(strings.Split(*whichHostile, ","), func(pattern string) bool {
			ok, err := path.Match(pattern, b.Name)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		})
	})
	if len(chosen) == 0 {
		t.Fatalf("-hostile %s selects none of %d", *whichHostile, len(all))
	}
	for _, b := range chosen {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			meet(t, b)
		})
	}
}

// meet runs the command against one behaviour.
func meet(t *testing.T, b hostile.Behaviour) {
	secret := "hostile-victim/" + rand.Text()
	server, err := hostile.Serve(b, secret)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	env := []string{"SECRET=" + secret, "COOKIE=" + hostile.Cookie(secret)}
	args := []string{"test"}
	if b.File != "" {
		args = append(args, "--config", save(t, "crossexam.yaml", strings.ReplaceAll(b.File, "URL", server.URL())))
	} else {
		env = append(env, "CROSSEXAM_COOKIE="+hostile.Cookie(secret))
		args = append(args, server.URL(), "--trusted="+hostile.Trusted)
		if !b.Discovers {
			args = append(args, "--read="+hostile.ReadPath)
		}
	}
	label := *hostileLabel
	if label == "" && *whichHostile == "short" {
		label = "WLD || TRU || HDR-001 || ALT"
	}
	if label != "" {
		args = append(args, "--label="+label)
	}
	var peak atomic.Int64
	var late atomic.Bool
	r := crossexamWhile(t, env, &meanwhile{running: func(p *os.Process, _ ran) {
		ended := make(chan struct{})
		t.Cleanup(func() { close(ended) })
		go watch(p, ended, &peak)
		time.AfterFunc(watchdog, func() { late.Store(p.Kill() == nil) })
	}}, append(args, b.Flags...)...)
	if late.Load() {
		t.Fatalf("it did not end within %s\n%s%s", watchdog, r.stdout, r.stderr)
	}
	if !slices.Contains(b.Exits, r.code) {
		t.Errorf("exit code %d, want one of %v\n%s%s", r.code, b.Exits, r.stdout, r.stderr)
	}
	for _, word := range b.Says {
		if !strings.Contains(r.stdout+r.stderr, word) {
			t.Errorf("it does not say %q\n%s%s", word, r.stdout, r.stderr)
		}
	}
	most := b.Memory
	if most == 0 {
		most = hostile.Memory
	}
	if got := peak.Load(); got == 0 || got > most {
		t.Errorf("its memory was %d MB at most, want less than %d", got>>20, most>>20)
	}
	files := outputs(t, r)
	size := 0
	for name, content := range files {
		if strings.HasPrefix(name, r.out) {
			size += len(content)
		}
	}
	if size > hostile.ReportSize {
		t.Errorf("the report has %d MB", size>>20)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		harmless(t, strings.TrimPrefix(name, r.out+"/"), content)
		for spelling, secret := range spellings(secret) {
			if strings.Contains(content, secret) {
				t.Errorf("%s has the victim's secret (%s)", name, spelling)
			}
		}
		for _, word := range b.Never {
			if strings.Contains(content, word) {
				t.Errorf("%s has %q", name, word)
			}
		}
	}
	parsed, stage := r.report(t), "none"
	if parsed.Fault != nil {
		stage = parsed.Fault.Stage
	}
	if (parsed.Summary.ExitCode != r.code) || parsed.Fault != nil && r.code != report.ExitNoVerdict {
		t.Errorf("exit code %d; the report says %d, fault %+v", r.code, parsed.Summary.ExitCode, parsed.Fault)
	}
	t.Logf("exit %d, fault %s, %d MB of memory, %d kB of report, %d requests", r.code, stage, peak.Load()>>20, size>>10, len(server.Asked()))
}

// watch keeps the largest resident set that a process of ours had, in bytes, until it
// ends. The kernel's own count at its end includes that of the browser.
func watch(p *os.Process, ended <-chan struct{}, peak *atomic.Int64) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
		if err != nil {
			return // it has ended
		}
		for line := range strings.Lines(string(status)) {
			var kilobytes int64
			if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
				peak.Store(max(peak.Load(), kilobytes<<10))
			}
		}
		select {
		case <-ended:
			return
		case <-tick.C:
		}
	}
}
