package main

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/tap"
)

// fleetPolicies are the policies of a fleet's targets, by how many of a thousand have
// each. The kinds are those that Chen et al. found in the wild (USENIX Security
// 2018); the shares are ours: more of the rare ones, so that a small fleet has some.
var fleetPolicies = []struct {
	name  string
	share int
}{
	{"hardened", 720},
	{"wildcard-echo-always", 40},
	{"null-trusted", 40},
	{"begins-with", 40},
	{"host-ends-with", 40},
	{"unescaped-dot", 40},
	{"http-too", 40},
	{"any-subdomain", 40},
}

const fleetTrusted = "https://app.notebook.example"

// A targetFleet is a server of many targets, each at an address of its own of 127.0.0.0/8
// and one port, with a policy of its own.
type targetFleet struct {
	urls  []string
	close func()

	held   chan struct{} // what comes after the holdAt-th request waits for it; nil for nothing
	holdAt int

	mu       sync.Mutex
	requests int
	awaited  map[int]chan struct{}
	runs     map[string][]string // by host: the runs that came there, in turn
	under    map[string]int      // requests under way, by host
	last     map[string]string   // run, by host
	overlaps []string
}

func serveFleet(t testing.TB, n int, seed uint64) *targetFleet {
	t.Helper()
	f := &targetFleet{awaited: map[int]chan struct{}{}, runs: map[string][]string{}, under: map[string]int{}, last: map[string]string{}}
	draw := rand.New(rand.NewPCG(seed, 1))
	handlers, byPolicy := map[string]http.Handler{}, map[string]http.Handler{}
	first, err := net.Listen("tcp", "127.1.0.1:0")
	if err != nil {
		t.Skipf("there is one address on loopback here: %v", err)
	}
	_, port, _ := net.SplitHostPort(first.Addr().String())
	listeners := []net.Listener{first}
	for i := range n {
		host := fmt.Sprintf("127.%d.%d.%d", 1+i/62500, i/250%250, 1+i%250)
		if i > 0 {
			l, err := net.Listen("tcp", host+":"+port)
			if err != nil {
				t.Fatal(err)
			}
			listeners = append(listeners, l)
		}
		policy := drawnPolicy(t, draw)
		if byPolicy[policy.Name] == nil {
			byPolicy[policy.Name] = fixtures.Notebook{Policy: policy, Login: fixtures.HTTPBasic, Origins: []cors.Origin{mustOrigin(t, fleetTrusted)}}.Handler()
		}
		handlers[host+":"+port] = byPolicy[policy.Name]
		f.urls = append(f.urls, "http://"+host+":"+port)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer f.came(r)()
		if h := handlers[r.Host]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
		http.Error(w, "unknown host", http.StatusMisdirectedRequest)
	})}
	for _, l := range listeners {
		go func() { _ = server.Serve(l) }()
	}
	f.close = func() { _ = server.Close() }
	t.Cleanup(f.close)
	return f
}

func mustOrigin(t testing.TB, s string) cors.Origin {
	t.Helper()
	o, err := cors.ParseOrigin(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func drawnPolicy(t testing.TB, draw *rand.Rand) fixtures.Policy {
	t.Helper()
	at := draw.IntN(1000)
	for _, p := range fleetPolicies {
		if at -= p.share; at < 0 {
			policy, ok := fixtures.PolicyNamed(p.name)
			if !ok {
				t.Fatalf("there is no policy %s", p.name)
			}
			return policy
		}
	}
	t.Fatal("the shares are not a thousand")
	return fixtures.Policy{}
}

// came counts a request, and finds out whether two runs are at a host at once.
func (f *targetFleet) came(r *http.Request) (gone func()) {
	run := r.Header.Get(tap.RunHeader)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	held := f.held
	if f.requests <= f.holdAt {
		held = nil
	}
	if c := f.awaited[f.requests]; c != nil {
		close(c)
	}
	if f.under[r.Host] > 0 && f.last[r.Host] != run && run != "" {
		f.overlaps = append(f.overlaps, fmt.Sprintf("%s: %s while %s was there", r.Host, run, f.last[r.Host]))
	}
	if f.last[r.Host] != run {
		f.runs[r.Host] = append(f.runs[r.Host], run)
	}
	f.under[r.Host]++
	f.last[r.Host] = run
	if held != nil {
		f.mu.Unlock()
		select {
		case <-held:
		case <-r.Context().Done():
		}
		f.mu.Lock()
	}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.under[r.Host]--
	}
}

// holdAfter lets so many requests from now on be answered, and keeps those after them
// waiting until release. The first of these closes reached.
func (f *targetFleet) holdAfter(n int) (reached <-chan struct{}, release func()) {
	reached = f.nth(n + 1)
	held := make(chan struct{})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holdAt, f.held = f.requests+n, held
	return reached, func() { close(held) }
}

// nth is closed when so many requests have come from now on.
func (f *targetFleet) nth(n int) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.requests + n
	if f.awaited[at] == nil {
		f.awaited[at] = make(chan struct{})
	}
	return f.awaited[at]
}

func (f *targetFleet) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// check says whether ever two runs were at a host at once, or one came back.
func (f *targetFleet) check(t testing.TB) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.overlaps {
		t.Error(o)
	}
	for host, runs := range f.runs {
		seen := map[string]bool{}
		for _, run := range runs {
			if seen[run] {
				t.Errorf("%s: the run %s came back after another", host, run)
			}
			seen[run] = true
		}
	}
}

// manifest writes a fleet.yaml of the targets to a folder.
func (f *targetFleet) manifest(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"target", "name", "owner"})
	for i, url := range f.urls {
		_ = w.Write([]string{url, fmt.Sprintf("t%05d", i), fmt.Sprintf("team-%d", i%7)})
	}
	w.Flush()
	file := filepath.Join(dir, "fleet.yaml")
	for path, text := range map[string]string{
		file: "defaults:\n  trusted: [" + fleetTrusted + "]\n  read: [/api/notebooks]\n  credentials:\n    basic: " + fixtures.User + ":${FLEET_SECRET}\n" +
			"targets: [targets.csv]\n",
		filepath.Join(dir, "targets.csv"): b.String(),
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return file
}
