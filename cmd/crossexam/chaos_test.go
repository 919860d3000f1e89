package main

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/fixtures/hostile"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

var (
	chaosSignals = flag.Int("chaos", 6, "how many runs TestChaos interrupts")
	chaosSeed    = flag.Uint64("chaos-seed", 0, "what its moments follow from; 0 draws one, which the test prints")
	chaosLabel   = flag.String("chaos-label", "WLD", "which specs they run; empty for all")
)

// A truth is what a run comes to that nobody interrupts.
type truth struct {
	behaviour hostile.Behaviour
	code      int
	verdicts  map[string]scenarios.Verdict // by scenario and subject
	requests  int
	before    time.Duration // to the first request
	after     time.Duration // from the last one
}

const chaosSecret = "chaos-victim-0123456789"

// chaotic runs the command against the target of a behaviour, in a temporary folder.
// meanwhile may be nil.
func chaotic(t *testing.T, temp string, b hostile.Behaviour, meanwhileOn func(*hostile.Server) *meanwhile) (ran, *hostile.Server) {
	t.Helper()
	server, err := hostile.Serve(b, chaosSecret)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	args := []string{"test", server.URL(), "--trusted=" + hostile.Trusted, "--read=" + hostile.ReadPath}
	if *chaosLabel != "" {
		args = append(args, "--label="+*chaosLabel)
	}
	var while *meanwhile
	if meanwhileOn != nil {
		while = meanwhileOn(server)
	}
	return runIn(t, temp, []string{"CROSSEXAM_COOKIE=" + hostile.Cookie(chaosSecret)}, while, args...), server
}

// undisturbed runs the command to its end.
func undisturbed(t *testing.T, temp string, b hostile.Behaviour) truth {
	t.Helper()
	var started, first time.Time
	r, server := chaotic(t, temp, b, func(s *hostile.Server) *meanwhile {
		came := s.Nth(1)
		return &meanwhile{running: func(*os.Process, ran) {
			started = time.Now()
			<-came
			first = time.Now()
		}}
	})
	ended := time.Now()
	parsed := r.report(t)
	if parsed.Fault != nil || !hostileExit(b, r.code) || len(parsed.Results) == 0 {
		t.Fatalf("undisturbed it ends with %d, fault %+v, %d results\n%s%s", r.code, parsed.Fault, len(parsed.Results), r.stdout, r.stderr)
	}
	requests := len(server.Asked())
	return truth{b, r.code, verdictsOf(parsed), requests, first.Sub(started), ended.Sub(first) / 4}
}

func hostileExit(b hostile.Behaviour, code int) bool { return len(b.Exits) == 1 && b.Exits[0] == code }

func verdictsOf(r report.Report) map[string]scenarios.Verdict {
	all := map[string]scenarios.Verdict{}
	for _, c := range r.Results {
		all[c.ID+" "+c.Subject.Endpoint+" "+c.Subject.Origin+" "+string(c.Subject.Credential)] = c.Verdict
	}
	return all
}

// A moment is when a run gets a signal: a time after it began, or after a request.
type moment struct {
	signal syscall.Signal
	nth    int // the request; 0 for the beginning
	then   time.Duration
}

func (w truth) draw(d *rand.Rand) moment {
	m := moment{signal: []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL}[d.IntN(3)]}
	within := func(most time.Duration) time.Duration { return time.Duration(d.Int64N(int64(most) + 1)) }
	switch d.IntN(4) {
	case 0: // while it starts
		m.then = within(w.before)
	case 1: // while it ends
		m.nth, m.then = w.requests, within(w.after)
	default:
		m.nth, m.then = 1+d.IntN(w.requests), within(50*time.Millisecond)
	}
	return m
}

// TestChaos interrupts runs at random moments. Whatever is left says what was judged,
// and that it is not all, or it is all; it never says anything else than a run that
// nobody interrupts. Nothing runs on, and nothing lies about, or, after a kill, no
// longer than until the next run.
func TestChaos(t *testing.T) {
	browsertest.Needed(t)
	if *chaosSeed == 0 {
		*chaosSeed = rand.Uint64()
	}
	t.Logf("the moments follow from -chaos-seed=%d", *chaosSeed)
	killed, err := os.MkdirTemp("", "cx")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(killed)
	var truths []truth
	for _, b := range hostile.Behaviours() {
		if b.Name == "wire/honest" || b.Name == "grant/everyone" {
			truths = append(truths, undisturbed(t, killed, b))
		}
	}
	nothingIn(t, killed)
	outcomes := map[string]int{}
	var counting sync.Mutex
	t.Run("moments", func(t *testing.T) {
		for i := range *chaosSignals {
			d := rand.New(rand.NewPCG(*chaosSeed, uint64(i)))
			w := truths[i%len(truths)]
			m := w.draw(d)
			t.Run(w.behaviour.Name, func(t *testing.T) {
				t.Parallel()
				outcome := interrupt(t, killed, w, m)
				counting.Lock()
				outcomes[m.signal.String()+": "+outcome]++
				counting.Unlock()
				if t.Failed() {
					t.Logf("%s %s after request %d of %d", m.signal, m.then, m.nth, w.requests)
				}
			})
		}
	})
	// The next run sweeps what the killed ones left.
	undisturbed(t, killed, truths[0].behaviour)
	nothingIn(t, killed)
	t.Logf("%d signals: %v", *chaosSignals, outcomes)
}

// interrupt runs the command, sends the signal, and holds what is left to the truth.
func interrupt(t *testing.T, killed string, w truth, m moment) (outcome string) {
	temp, err := os.MkdirTemp("", "cx")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	kill := m.signal == syscall.SIGKILL
	if kill {
		temp = killed
	}
	var late atomic.Bool
	r, server := chaotic(t, temp, w.behaviour, func(s *hostile.Server) *meanwhile {
		came := s.Nth(max(m.nth, 1))
		alive, life, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return &meanwhile{before: func(c *exec.Cmd) { c.ExtraFiles = []*os.File{life} }, running: func(p *os.Process, _ ran) {
			time.AfterFunc(watchdog, func() { late.Store(p.Kill() == nil) })
			// Nobody holds the other end of the pipe any more when it has ended.
			ended := make(chan struct{})
			life.Close()
			go func() {
				defer alive.Close()
				defer close(ended)
				_, _ = io.Copy(io.Discard, alive)
			}()
			if m.nth > 0 {
				select {
				case <-came:
				case <-ended: // after a request or two less than the others
				}
			}
			time.Sleep(m.then) // a moment is a time, and no event: that is what is tried
			// It may have ended.
			if err := p.Signal(m.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Error(err)
			}
		}}
	})
	if late.Load() {
		t.Fatalf("it did not end within %s\n%s", watchdog, r.stderr)
	}
	if kill {
		// Another that is killed may be at work in the same folder.
		defer noProcessesWith(t, r.out)
	} else {
		nothingIn(t, temp)
		noProcessesWith(t, temp)
	}
	content, err := os.ReadFile(filepath.Join(r.out, "report.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// Before it says a word it has asked nothing, and nothing of it is left.
		if early := r.stderr == "" && len(server.Asked()) == 0; !kill && r.code != report.ExitNoVerdict && !early || r.code >= 0 && r.code != report.ExitNoVerdict {
			t.Errorf("exit code %d and no report\n%s%s", r.code, r.stdout, r.stderr)
		}
		if !kill && len(server.Asked()) > 0 {
			t.Errorf("it asked the target and left no report\n%s", r.stderr)
		}
		return "no report"
	case err != nil:
		t.Fatal(err)
	}
	parsed, err := report.Read(strings.NewReader(string(content)))
	if err != nil {
		t.Fatalf("its report: %v", err)
	}
	if parsed.Fault == nil {
		if !kill && r.code != w.code || !maps.Equal(verdictsOf(parsed), w.verdicts) || parsed.Summary.ExitCode != w.code {
			t.Errorf("exit code %d, in the report %d, %d results, and undisturbed %d with %d; it says nothing of an interruption",
				r.code, parsed.Summary.ExitCode, len(parsed.Results), w.code, len(w.verdicts))
		}
		return "whole"
	}
	if !kill && r.code != report.ExitNoVerdict || parsed.Summary.ExitCode != report.ExitNoVerdict || parsed.Summary.Exfiltration == report.NoneSeen {
		t.Errorf("exit code %d, in the report %d, exfiltration %s, fault %+v", r.code, parsed.Summary.ExitCode, parsed.Summary.Exfiltration, parsed.Fault)
	}
	for key, verdict := range verdictsOf(parsed) {
		if want, ok := w.verdicts[key]; !ok || verdict != want && verdict != scenarios.CannotTell {
			t.Errorf("%s: %s, undisturbed %s", key, verdict, want)
		}
	}
	if junit, err := os.ReadFile(filepath.Join(r.out, "junit.xml")); !kill && (err != nil || !red(string(junit))) {
		t.Errorf("junit.xml is green (%v)", err)
	}
	for name, text := range outputs(t, r) {
		if strings.Contains(text, "No web page of another origin could read") {
			t.Errorf("%s gives an all-clear", name)
		}
	}
	return "told"
}

// red reports whether a JUnit file has a failure or an error.
func red(junit string) bool {
	for d := xml.NewDecoder(strings.NewReader(junit)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			return false
		}
		if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "failure" || e.Name.Local == "error") {
			return true
		}
	}
}
