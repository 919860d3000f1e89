package attacker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// TestMain ends the browser that the tests share. Run with doomedEnv set, the
// test binary is the process that TestKilledProcess kills.
func TestMain(m *testing.M) {
	if os.Getenv(doomedEnv) != "" {
		beDoomed()
	}
	code := m.Run()
	if shared.browser != nil {
		if err := errors.Join(shared.browser.Close(), shared.stage.Close()); err != nil {
			fmt.Println("closing the shared browser:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// needsBrowser is browsertest.Needed, which stands on this package.
func needsBrowser(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a browser")
	}
}

// shared is one stage and one browser, for tests that do not harm them.
var shared struct {
	once    sync.Once
	stage   *Stage
	browser *Browser
}

func lab(t *testing.T) (*Stage, *Browser) {
	t.Helper()
	needsBrowser(t)
	shared.once.Do(func() { shared.stage, shared.browser = start(t, Options{}) })
	if shared.browser == nil {
		t.Fatal("the shared browser did not start")
	}
	return shared.stage, shared.browser
}

// start starts a browser on a stage, which the caller closes.
func start(t *testing.T, o Options) (*Stage, *Browser) {
	t.Helper()
	needsBrowser(t)
	stage, err := NewStage()
	if err != nil {
		t.Fatal(err)
	}
	browser, err := Start(t.Context(), stage, o)
	if err != nil {
		stage.Close()
		t.Fatal(err)
	}
	return stage, browser
}

// ownLab is a lab that the test may harm.
func ownLab(t *testing.T, o Options) (*Stage, *Browser) {
	t.Helper()
	stage, browser := start(t, o)
	t.Cleanup(func() {
		if err := errors.Join(browser.Close(), stage.Close()); err != nil {
			t.Error(err)
		}
	})
	return stage, browser
}

// anyone is a victim for tests to which it does not matter who it is.
const anyone = "anyone"

func openTab(t *testing.T, b *Browser, victim string) *Tab {
	t.Helper()
	tab, err := b.Tab(bounded(t), victim)
	if err != nil {
		t.Fatal(err)
	}
	if victim != anyone {
		t.Cleanup(func() { b.CloseTab(victim) })
	}
	return tab
}

// bounded is a context that is only there to end a test that hangs.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("the test hangs"))
	t.Cleanup(cancel)
	return ctx
}

var evil = cors.MustParseOrigin("https://evil.test")

func open(t *testing.T, tab *Tab, o cors.Origin) {
	t.Helper()
	if err := tab.Open(bounded(t), o, Malicious); err != nil {
		t.Fatal(err)
	}
}

// An api is a target behind a tap that is mounted on a stage.
type api struct {
	origin cors.Origin
	tap    *tap.Tap
}

func mount(t *testing.T, s *Stage, origin string, h http.HandlerFunc, change ...func(*tap.Options)) *api {
	t.Helper()
	server, err := loopback.Serve(h, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &api{origin: cors.MustParseOrigin(origin)}
	o := tap.Options{Upstream: tap.Upstream{
		URL:     &url.URL{Scheme: "http", Host: a.origin.HostPort()},
		Address: server.Addr(),
	}}
	o.Limits = tap.DefaultLimits(o.Upstream)
	for _, c := range change {
		c(&o)
	}
	if a.tap, err = tap.New(o); err != nil {
		t.Fatal(err)
	}
	s.Mount(a.origin, a.tap)
	t.Cleanup(func() {
		a.tap.Close()
		server.Close()
	})
	return a
}

// grant allows the origin of the request to read with credentials.
func grant(w http.ResponseWriter, r *http.Request) {
	if o := r.Header.Get("Origin"); o != "" {
		w.Header().Set("Access-Control-Allow-Origin", o)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
}

// get is an attempt to read a path of the target.
func (a *api) get(path string) scenarios.Attempt {
	return scenarios.Attempt{Page: evil, Vector: scenarios.Fetch, Method: "GET", URL: a.origin.String() + path}
}

// wire tells the exchanges of a sighting, such as "OPTIONS 204, GET 200". The
// taps are those that may know them.
func wire(s Sighting, apis ...*api) string {
	var lines []string
	for _, id := range s.Exchanges {
		line := "unknown " + id
		for _, a := range apis {
			x, ok := a.tap.Exchange(id)
			switch {
			case !ok:
				continue
			case x.Withheld:
				line = x.Request.Method + " withheld"
			case x.Response == nil:
				line = x.Request.Method + " unanswered"
			default:
				line = x.Request.Method + " " + strconv.Itoa(x.Response.Status)
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, ", ")
}

// request is the last request of a sighting as the tap saw it.
func (a *api) request(t *testing.T, s Sighting) cors.Request {
	t.Helper()
	if len(s.Exchanges) == 0 {
		t.Fatalf("no exchange: %+v", s)
	}
	x, ok := a.tap.Exchange(s.Exchanges[len(s.Exchanges)-1])
	if !ok {
		t.Fatalf("the tap does not know the exchange: %+v", s)
	}
	return x.Request
}

// run makes attempts in the page that is open.
func run(t *testing.T, tab *Tab, attempts ...scenarios.Attempt) []Sighting {
	t.Helper()
	tasks := make([]Task, len(attempts))
	for i, a := range attempts {
		tasks[i] = Task{Attempt: a, Headers: a.Headers}
	}
	sightings, err := tab.Run(bounded(t), tasks)
	if err != nil {
		t.Fatal(err)
	}
	return sightings
}

// processesOf lists the living processes whose command line names the profile.
func processesOf(t *testing.T, profile string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		t.Skip("there is no /proc to look for processes")
	}
	var found []string
	for _, name := range lines {
		line, err := os.ReadFile(name)
		if err == nil && bytes.Contains(line, []byte(profile)) { // a zombie has no command line
			found = append(found, filepath.Base(filepath.Dir(name))+" "+string(bytes.ReplaceAll(line, []byte{0}, []byte(" "))))
		}
	}
	return found
}

// noProcessesOf waits until none is left: the helpers of a browser that was
// killed end by themselves, which no event tells.
func noProcessesOf(t *testing.T, profile string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left := processesOf(t, profile)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("processes are left:\n%s", strings.Join(left, "\n"))
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
