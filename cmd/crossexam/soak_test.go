package main

import (
	"cmp"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/report"
)

var soakRepeats = flag.Int("soak", 0, "how often TestSoak examines its policies, one after the other; make soak says 500")

// soaked are the policies of the soak: one that grants its front end alone, one that gives everything
// away, and one that opens a back door.
var soaked = []string{"hardened", "wildcard-echo-always", "null-trusted"}

// TestSoak examines the same policies over and over, with load beside, by which
// events come late and in another order. Every examination of a policy finds what the
// first one found.
func TestSoak(t *testing.T) {
	browsertest.Needed(t)
	if *soakRepeats == 0 {
		t.Skip("-soak says how often: make soak does it 500 times")
	}
	defer load()()
	const frontEnd = "https://notebook.example.com"
	urls := map[string]string{}
	for _, name := range soaked {
		p, ok := fixtures.PolicyNamed(name)
		if !ok {
			t.Fatalf("there is no policy %q", name)
		}
		n := fixtures.Notebook{Policy: p, Origins: []cors.Origin{cors.MustParseOrigin(frontEnd)}, Hosts: []string{"127.0.0.1"}}
		s, err := loopback.Serve(n.Handler(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		urls[name] = "http://" + s.Addr()
	}
	first := map[string]string{}
	for i := range *soakRepeats {
		policy := soaked[i%len(soaked)]
		r := crossexam(t, nil, "test", urls[policy], "--trusted="+frontEnd, "--read=/api/notebooks")
		if r.code < 0 || r.code == report.ExitUsage {
			t.Fatalf("repeat %d, %s: exit code %d\n%s%s", i, policy, r.code, r.stdout, r.stderr)
		}
		got := cameTo(r.code, r.report(t))
		if want, ok := first[policy]; !ok {
			first[policy] = got
			t.Logf("%s: exit code %d, %d results", policy, r.code, strings.Count(got, "\n"))
		} else if got != want {
			t.Errorf("repeat %d, %s: %s", i, policy, difference(want, got))
		}
		if t.Failed() {
			t.Fatalf("after %d of %d repeats", i+1, *soakRepeats)
		}
	}
}

// cameTo is what a run came to, a line each, without what may differ: times, names
// of runs, ports.
func cameTo(code int, r report.Report) string {
	lines := []string{fmt.Sprintf("exit code %d, exfiltration %s, fault %v", code, r.Summary.Exfiltration, r.Fault)}
	for _, d := range r.Diagnoses {
		lines = append(lines, "diagnosis "+string(d.Kind))
	}
	slices.SortFunc(r.Results, func(a, b report.Result) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(fmt.Sprint(a.Subject), fmt.Sprint(b.Subject)))
	})
	for _, c := range r.Results {
		lines = append(lines, fmt.Sprintf("%s %v: %s %s, fails %t", c.ID, c.Subject, c.Verdict, c.Severity, c.Fails))
	}
	return strings.Join(lines, "\n")
}

// difference says where two texts differ, by lines.
func difference(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range g {
		if !slices.Contains(w, line) {
			b.WriteString("\n  now    " + line)
		}
	}
	for _, line := range w {
		if !slices.Contains(g, line) {
			b.WriteString("\n  before " + line)
		}
	}
	return b.String()
}

// load keeps every core busy until it is told to stop.
func load() (stop func()) {
	stopped := make(chan struct{})
	var working sync.WaitGroup
	for range runtime.NumCPU() {
		working.Go(func() {
			for page := make([]byte, 1<<20); ; {
				select {
				case <-stopped:
					return
				default:
					for i := range page {
						page[i] += byte(i)
					}
				}
			}
		})
	}
	return func() {
		close(stopped)
		working.Wait()
	}
}
