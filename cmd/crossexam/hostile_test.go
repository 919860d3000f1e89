package main

import (
	"cmp"
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
	for _, b := range chosenHostile(t) {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			examine(t, meet(t, b))
		})
	}
}

// chosenHostile are the behaviours that -hostile chooses.
func chosenHostile(t *testing.T) []hostile.Behaviour {
	t.Helper()
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
	return chosen
}

// A meeting is a target with a behaviour, and the secret of its victim.
type meeting struct {
	hostile.Behaviour
	server *hostile.Server
	secret string
}

// meet starts the target of a behaviour.
func meet(t *testing.T, b hostile.Behaviour) meeting {
	t.Helper()
	m := meeting{Behaviour: b, secret: "hostile-victim/" + rand.Text()}
	var err error
	if m.server, err = hostile.Serve(b, m.secret); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.server.Close)
	return m
}

// command is `crossexam test` for the target, with what it needs in the environment.
func (m meeting) command(t *testing.T) (env, args []string) {
	env = []string{"SECRET=" + m.secret, "COOKIE=" + hostile.Cookie(m.secret)}
	if m.File != "" {
		return env, []string{"test", "--config", save(t, "crossexam.yaml", strings.ReplaceAll(m.File, "URL", m.server.URL()))}
	}
	args = []string{"test", m.server.URL(), "--trusted=" + hostile.Trusted}
	if !m.Discovers {
		args = append(args, "--read="+hostile.ReadPath)
	}
	return append(env, "CROSSEXAM_COOKIE="+hostile.Cookie(m.secret)), args
}

// most is how much memory Crossexam may take, in bytes.
func (m meeting) most() int64 { return cmp.Or(m.Memory, hostile.Memory) }

// bounded runs the command, and holds it to an end and to its memory, in bytes.
func bounded(t *testing.T, most int64, env []string, args ...string) (r ran, peak int64) {
	t.Helper()
	var largest atomic.Int64
	var late atomic.Bool
	r = crossexamWhile(t, env, &meanwhile{running: func(p *os.Process, _ ran) {
		ended := make(chan struct{})
		t.Cleanup(func() { close(ended) })
		go watch(p, ended, &largest)
		time.AfterFunc(watchdog, func() { late.Store(p.Kill() == nil) })
	}}, args...)
	if late.Load() {
		t.Fatalf("it did not end within %s\n%s%s", watchdog, r.stdout, r.stderr)
	}
	if peak = largest.Load(); peak == 0 || peak > most {
		t.Errorf("its memory was %d MB at most, want less than %d", peak>>20, most>>20)
	}
	return r, peak
}

// harmlessAbout holds an output to nothing that a terminal or a browser obeys, and to
// neither the victim's secret nor a word that the behaviours have nowhere.
func harmlessAbout(t *testing.T, name, content string, about ...meeting) {
	t.Helper()
	harmless(t, name, content)
	for _, m := range about {
		for spelling, secret := range spellings(m.secret) {
			if strings.Contains(content, secret) {
				t.Errorf("%s has the secret of the victim of %s (%s)", name, m.Name, spelling)
			}
		}
		for _, word := range m.Never {
			if strings.Contains(content, word) {
				t.Errorf("%s has %q of %s", name, word, m.Name)
			}
		}
	}
}

// examine runs the command against one target.
func examine(t *testing.T, m meeting) {
	env, args := m.command(t)
	label := *hostileLabel
	if label == "" && *whichHostile == "short" {
		label = "WLD || TRU || HDR-001 || ALT"
	}
	if label != "" {
		args = append(args, "--label="+label)
	}
	r, peak := bounded(t, m.most(), env, append(args, m.Flags...)...)
	if !slices.Contains(m.Exits, r.code) {
		t.Errorf("exit code %d, want one of %v\n%s%s", r.code, m.Exits, r.stdout, r.stderr)
	}
	for _, word := range m.Says {
		if !strings.Contains(r.stdout+r.stderr, word) {
			t.Errorf("it does not say %q\n%s%s", word, r.stdout, r.stderr)
		}
	}
	size := harmlessOutputs(t, r, m)
	parsed, stage := r.report(t), "none"
	if parsed.Fault != nil {
		stage = parsed.Fault.Stage
	}
	if (parsed.Summary.ExitCode != r.code) || parsed.Fault != nil && r.code != report.ExitNoVerdict {
		t.Errorf("exit code %d; the report says %d, fault %+v", r.code, parsed.Summary.ExitCode, parsed.Fault)
	}
	t.Logf("exit %d, fault %s, %d MB of memory, %d kB of report, %d requests", r.code, stage, peak>>20, size>>10, len(m.server.Asked()))
}

// harmlessOutputs holds all that a run has put out to what is promised for all, and gives
// the size of its report in bytes.
func harmlessOutputs(t *testing.T, r ran, about ...meeting) (size int) {
	t.Helper()
	files := outputs(t, r)
	for name, content := range files {
		if strings.HasPrefix(name, r.out) {
			size += len(content)
		}
	}
	if size > hostile.ReportSize {
		t.Errorf("the report has %d MB", size>>20)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		harmlessAbout(t, strings.TrimPrefix(name, r.out+"/"), files[name], about...)
	}
	return size
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
