package main

import (
	"crypto/rand"
	"flag"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/fixtures/hostile"
	"github.com/crossexam/crossexam/report"
)

var whichSwept = flag.String("hostile-swept", "short", "the behaviours of fixtures/hostile that TestSweepOfHostileTargets meets, as -hostile says them")

// TestSweepOfHostileTargets points the sweep, which reads with no browser between, at
// targets that attack or break whoever examines them: what it prints is as harmless, it
// takes as little, and it never says that a target is in order.
func TestSweepOfHostileTargets(t *testing.T) {
	if testing.Short() && *whichSwept == "short" {
		t.Skip("it sends bodies without an end")
	}
	for _, b := range hostile.Behaviours() {
		switch *whichSwept {
		case "all":
		case "short":
			if !b.Short {
				continue
			}
		default:
			if ok, err := path.Match(*whichSwept, b.Name); err != nil || !ok {
				continue
			}
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			for _, flags := range [][]string{{"--json"}, {"--verbose"}} {
				beSwept(t, b, flags...)
			}
		})
	}
}

func beSwept(t *testing.T, b hostile.Behaviour, flags ...string) {
	secret := "hostile-victim/" + rand.Text()
	server, err := hostile.Serve(b, secret)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	args := append([]string{"test", "--sweep-only"}, flags...)
	env := []string{"SECRET=" + secret, "COOKIE=" + hostile.Cookie(secret), "CROSSEXAM_BROWSER=/nonexistent"}
	if b.File != "" {
		args = append(args, "--config", save(t, "crossexam.yaml", strings.ReplaceAll(b.File, "URL", server.URL())))
	} else {
		env = append(env, "CROSSEXAM_COOKIE="+hostile.Cookie(secret))
		args = append(args, server.URL(), "--trusted="+hostile.Trusted)
		if !b.Discovers {
			args = append(args, "--read="+hostile.ReadPath)
		}
	}
	for _, f := range b.Flags {
		if strings.HasPrefix(f, "--client-cert") || strings.HasPrefix(f, "--insecure") || strings.HasPrefix(f, "--ca") {
			args = append(args, f)
		}
	}
	var peak atomic.Int64
	var late atomic.Bool
	began := time.Now()
	r := crossexamWhile(t, env, &meanwhile{running: func(p *os.Process, _ ran) {
		ended := make(chan struct{})
		t.Cleanup(func() { close(ended) })
		go watch(p, ended, &peak)
		time.AfterFunc(watchdog, func() { late.Store(p.Kill() == nil) })
	}}, args...)
	all := r.stdout + r.stderr
	if late.Load() {
		t.Fatalf("it did not end within %s\n%s", watchdog, all)
	}
	// It may have been answered well where only a browser meets the behaviour.
	if !slices.Contains([]int{report.ExitConforms, report.ExitViolates, report.ExitNoVerdict}, r.code) {
		t.Errorf("exit code %d\n%.3000s", r.code, all)
	}
	most := b.Memory
	if most == 0 {
		most = hostile.Memory
	}
	if got := peak.Load(); got == 0 || got > most {
		t.Errorf("its memory was %d MB at most, want less than %d", got>>20, most>>20)
	}
	if len(all) > hostile.ReportSize {
		t.Errorf("it prints %d MB", len(all)>>20)
	}
	for name, content := range map[string]string{"stdout": r.stdout, "stderr": r.stderr} {
		harmless(t, name, content)
		for spelling, secret := range spellings(secret) {
			if strings.Contains(content, secret) {
				t.Errorf("%s has the victim's secret (%s)\n%.3000s", name, spelling, content)
			}
		}
		for _, word := range append(slices.Clone(b.Never), "conform") {
			if strings.Contains(content, word) {
				t.Errorf("%s has %q", name, word)
			}
		}
	}
	t.Logf("exit %d, %d MB of memory, %d kB printed, %d requests, %s", r.code, peak.Load()>>20, len(all)>>10, len(server.Asked()), time.Since(began).Round(time.Millisecond))
}
