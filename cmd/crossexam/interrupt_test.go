package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// A stuckAPI answers like a target until a page of an origin asks it, in a browser;
// that request hangs, so that a run is surely in the middle.
type stuckAPI struct {
	page  string
	once  sync.Once
	stuck chan struct{} // closed when it hangs
}

func newStuckAPI(page string) *stuckAPI { return &stuckAPI{page: page, stuck: make(chan struct{})} }

func (a *stuckAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == a.page && r.Header.Get("Sec-Fetch-Mode") != "" {
		a.once.Do(func() { close(a.stuck) })
		<-r.Context().Done()
		return
	}
	behindSession(w, r)
}

// behindSession answers the victim's session with data, and others with a 401.
func behindSession(w http.ResponseWriter, r *http.Request) {
	if grant(w, r) {
		return
	}
	if _, err := r.Cookie("session"); err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	fmt.Fprint(w, `{"diary": "private"}`)
}

func send(t *testing.T, p *os.Process, signals ...os.Signal) {
	t.Helper()
	for _, s := range signals {
		if err := p.Signal(s); err != nil {
			t.Error(err)
		}
	}
}

// A run that is interrupted ends with a report of what was judged, and with nothing
// left behind, to which the helper holds it; a second signal changes nothing of that.
func TestInterrupted(t *testing.T) {
	browsertest.Needed(t)
	for name, signals := range map[string][]os.Signal{
		"Ctrl-C":  {os.Interrupt},
		"SIGTERM": {syscall.SIGTERM},
		"twice":   {os.Interrupt, os.Interrupt},
	} {
		t.Run(name, func(t *testing.T) {
			api := newStuckAPI("http://evil.test") // of WLD-002, which comes after WLD-001
			url := serve(t, api.ServeHTTP)
			r := crossexamWhile(t, nil, &meanwhile{running: func(p *os.Process, _ ran) {
				<-api.stuck
				send(t, p, signals...)
			}}, "test", url, "--trusted=https://app.example", "--read=/private",
				"--cookie=session=0123456789; SameSite=None; Secure", "--label=WLD-001 || WLD-002")
			r.expect(t, 3, "stopping", "the run was interrupted", "could not judge")
			parsed := r.report(t)
			if parsed.Fault == nil || parsed.Fault.Stage != "run" {
				t.Errorf("fault %+v", parsed.Fault)
			}
			if len(parsed.Results) != 1 || parsed.Results[0].ID != "WLD-001" {
				t.Errorf("judged before, and in the report: %+v", parsed.Results)
			}
		})
	}
}

// So does one that is interrupted before it has a plan.
func TestInterruptedBeforeThePlan(t *testing.T) {
	browsertest.Needed(t)
	for name, c := range map[string]struct {
		hangs string // a path of the target
		args  []string
	}{
		"discovery":       {"/openapi.json", nil},
		"is it there":     {"/", []string{"--read=/private"}},
		"a read, to know": {"/private", []string{"--read=/private"}},
	} {
		t.Run(name, func(t *testing.T) {
			stuck := make(chan struct{})
			var once sync.Once
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == c.hangs {
					once.Do(func() { close(stuck) })
					<-r.Context().Done()
					return
				}
				grant(w, r)
			})
			r := crossexamWhile(t, nil, &meanwhile{running: func(p *os.Process, _ ran) {
				<-stuck
				send(t, p, syscall.SIGTERM)
			}}, append([]string{"test", url, "--trusted=https://app.example", "--label=WLD"}, c.args...)...)
			r.expect(t, 3, "stopping", "the run was interrupted", "a signal ended it")
			parsed := r.report(t)
			if parsed.Fault == nil || parsed.Fault.Stage != "run" || len(parsed.Results) > 0 || parsed.Summary.ExitCode != 3 {
				t.Errorf("fault %+v, %d results, exit code %d", parsed.Fault, len(parsed.Results), parsed.Summary.ExitCode)
			}
			if junit, err := os.ReadFile(filepath.Join(r.out, "junit.xml")); err != nil || !strings.Contains(string(junit), "the run was interrupted") {
				t.Errorf("junit.xml does not say so: %v", err)
			}
		})
	}
}

// The demonstration and the doctor end as orderly.
func TestInterruptedWithoutATarget(t *testing.T) {
	browsertest.Needed(t)
	for _, command := range []string{"demo", "doctor"} {
		t.Run(command, func(t *testing.T) {
			var lines io.Reader
			r := crossexamWhile(t, nil, &meanwhile{
				before: func(c *exec.Cmd) {
					c.Stdout = nil
					var err error
					if lines, err = c.StdoutPipe(); err != nil {
						t.Fatal(err)
					}
				},
				running: func(p *os.Process, _ ran) {
					// What it prints first comes before its work is done.
					if _, err := bufio.NewReader(lines).ReadString('\n'); err != nil {
						t.Error(err)
					}
					send(t, p, os.Interrupt)
					_, _ = io.Copy(io.Discard, lines)
				},
			}, command)
			r.expect(t, 3, "stopping")
		})
	}
}
