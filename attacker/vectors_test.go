package attacker_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

var evilPage = cors.MustParseOrigin("https://evil.test")

// A theater is a browser with a malicious page open in it, and the notebook API,
// which has no login, under a policy.
type theater struct {
	t       *testing.T
	stage   *attacker.Stage
	browser *attacker.Browser
	tab     *attacker.Tab
	taps    map[string]*tap.Tap // by policy
}

func openTheater(t *testing.T, policies ...fixtures.Policy) *theater {
	t.Helper()
	browsertest.Needed(t)
	stage, err := attacker.NewStage()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stage.Close(); err != nil {
			t.Error(err)
		}
	})
	browser, err := attacker.Start(t.Context(), stage, attacker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := browser.Close(); err != nil {
			t.Error(err)
		}
	})
	tab, err := browser.Tab(t.Context(), "victim")
	if err != nil {
		t.Fatal(err)
	}
	th := &theater{t: t, stage: stage, browser: browser, tab: tab, taps: map[string]*tap.Tap{}}
	for _, p := range policies {
		th.serve(p)
	}
	if err := tab.Open(t.Context(), evilPage, attacker.Malicious); err != nil {
		t.Fatal(err)
	}
	return th
}

// serve mounts the notebook on the host that has the policy's name.
func (th *theater) serve(p fixtures.Policy) {
	th.t.Helper()
	server, err := loopback.Serve(fixtures.Notebook{Policy: p}.Handler(), nil)
	if err != nil {
		th.t.Fatal(err)
	}
	host := p.Name + ".api.test"
	tap, err := tap.New(tap.Options{
		Upstream:   tap.Upstream{URL: &url.URL{Scheme: "http", Host: host}, Address: server.Addr()},
		AllowWrite: func(string, string) bool { return true },
	})
	if err != nil {
		th.t.Fatal(err)
	}
	th.t.Cleanup(func() {
		tap.Close()
		if err := server.Close(); err != nil {
			th.t.Error(err)
		}
	})
	th.taps[p.Name] = tap
	th.stage.Mount(cors.NewOrigin("https", host, ""), tap)
}

// attempt makes one attempt and gives the exchange too, which it must have.
func (th *theater) attempt(p fixtures.Policy, v scenarios.Vector, a scenarios.Attempt) (attacker.Sighting, cors.Exchange) {
	th.t.Helper()
	a.Page, a.Vector, a.URL = evilPage, v, "https://"+p.Name+".api.test"+a.URL
	if a.Method == "" {
		a.Method = "GET"
	}
	sightings, err := th.tab.Run(th.t.Context(), []attacker.Task{{Attempt: a, Headers: a.Headers}})
	if err != nil {
		th.t.Fatalf("%s: %v", v, err)
	}
	s := sightings[0]
	id, ok := th.taps[p.Name].Handshake(s.Handshake)
	switch {
	case ok != (v == scenarios.WebSocket):
		th.t.Errorf("%s: the key of a handshake: %t", v, ok)
	case !ok && len(s.Exchanges) == 1:
		id = s.Exchanges[0]
	case !ok:
		th.t.Fatalf("%s: %d exchanges: %+v", v, len(s.Exchanges), s)
	}
	x, ok := th.taps[p.Name].Exchange(id)
	if !ok || s.Fault != "" || s.Page == nil {
		th.t.Fatalf("%s: the exchange %q is known: %t; %+v", v, id, ok, s)
	}
	return s, x
}

var nullVectors = []scenarios.Vector{
	scenarios.SandboxedFrame, scenarios.SandboxedPageFrame, scenarios.SandboxedPage, scenarios.DataFrame,
	scenarios.DataWorker, scenarios.FilePage, scenarios.Redirect302, scenarios.Redirect307,
}

func TestNullOrigins(t *testing.T) {
	th := openTheater(t, fixtures.Hardened(), fixtures.NullTrusted())
	for _, v := range nullVectors {
		if !v.SendsNullOrigin() {
			t.Errorf("%s is said to send no null origin", v)
		}
		for _, omit := range []bool{false, true} {
			a := scenarios.Attempt{URL: "/api/notebooks", Omit: omit}
			s, x := th.attempt(fixtures.Hardened(), v, a)
			if s.Page.Readable || s.Block.Reason != cors.MissingAllowOriginHeader || s.Loot != nil || x.Request.Origin() != "null" || x.Response.Status != 200 {
				t.Errorf("%s, omit %t, hardened: %+v, Origin %q", v, omit, s, x.Request.Origin())
			}
			// Without a login the API grants no credentials.
			s, x = th.attempt(fixtures.NullTrusted(), v, a)
			if x.Request.Origin() != "null" || s.Page.Readable != omit || !omit && s.Block.Reason != cors.InvalidAllowCredentials {
				t.Errorf("%s, omit %t, null trusted: %+v, Origin %q", v, omit, s, x.Request.Origin())
			}
			if omit && (s.Loot == nil || s.Page.Body != x.Response.Body || s.Loot.Excerpt != x.Response.Body) {
				t.Errorf("%s: the page got %q of %q, the collector %+v", v, s.Page.Body, x.Response.Body, s.Loot)
			}
		}
	}
}

// Frames without a source and with a plain srcdoc have their parent's origin:
// requests from there are the page's own.
func TestFramesThatInheritTheOrigin(t *testing.T) {
	th := openTheater(t, fixtures.Hardened())
	tap := th.taps["hardened"]
	for _, frame := range []string{"about:blank", "srcdoc"} {
		before := tap.Len()
		origin, err := th.tab.FetchInFrame(t.Context(), frame, "https://hardened.api.test/api/notes")
		if err != nil {
			t.Fatal(err)
		}
		since := tap.Since(before)
		if len(since) != 1 || since[0].Request.Origin() != evilPage.String() || origin != evilPage.String() {
			t.Errorf("%s: of origin %q, sent %+v", frame, origin, since)
		}
	}
}

// Attempts of all vectors in one call each get their own evidence, whatever page
// takes the place of the first.
func TestVectorsTogether(t *testing.T) {
	th := openTheater(t, fixtures.NullTrusted())
	var tasks []attacker.Task
	vectors := append([]scenarios.Vector{
		scenarios.FilePage, scenarios.Fetch, scenarios.EventSource, scenarios.EventSource, scenarios.Script, scenarios.Script,
	}, nullVectors...)
	for i, v := range vectors {
		path := "/api/notes?n=" + string(rune('a'+i))
		tasks = append(tasks, attacker.Task{Attempt: scenarios.Attempt{
			Page: evilPage, Vector: v, Method: "GET", URL: "https://null-trusted.api.test" + path, Omit: true,
		}})
	}
	for range 2 { // the second time the page has to be opened again
		sightings, err := th.tab.Run(t.Context(), tasks)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range sightings {
			if s.Fault != "" || len(s.Exchanges) != 1 {
				t.Errorf("%s: %+v", vectors[i], s)
				continue
			}
			x, _ := th.taps["null-trusted"].Exchange(s.Exchanges[0])
			if x.Request.URL != tasks[i].Attempt.URL {
				t.Errorf("%s: the exchange is %s, and not %s", vectors[i], x.Request.URL, tasks[i].Attempt.URL)
			}
		}
	}
	// The page; the two that take its place, last; and all three once more.
	if n := th.browser.Navigations(); n != 6 {
		t.Errorf("%d navigations", n)
	}
	// The page is there again for its picture.
	if err := th.tab.Show(t.Context(), "Stolen", "nothing"); err != nil {
		t.Error(err)
	}
	if err := th.tab.Open(t.Context(), evilPage, attacker.Malicious); err != nil {
		t.Error(err)
	}
}

func TestWebSocketVector(t *testing.T) {
	th := openTheater(t, fixtures.Hardened(), fixtures.SocketsFromAnywhere())
	a := scenarios.Attempt{URL: fixtures.LivePath}
	s, x := th.attempt(fixtures.Hardened(), scenarios.WebSocket, a)
	if s.Page.Readable || x.Response == nil || x.Response.Status != 403 || x.Request.Origin() != evilPage.String() || s.Block.Network == "" {
		t.Errorf("hardened: %+v, %+v", s, x)
	}
	s, x = th.attempt(fixtures.SocketsFromAnywhere(), scenarios.WebSocket, a)
	if !s.Page.Readable || x.Response.Status != 101 || !strings.Contains(s.Page.Body, "Merger talks") || s.Page.Body != x.Response.Body ||
		s.Loot == nil || s.Loot.Excerpt != s.Page.Body {
		t.Errorf("from anywhere: %+v, %+v", s, x.Response)
	}
}

func TestEventSourceVector(t *testing.T) {
	th := openTheater(t, fixtures.Hardened(), fixtures.EventsForEveryone())
	a := scenarios.Attempt{URL: fixtures.EventsPath, Omit: true}
	s, x := th.attempt(fixtures.Hardened(), scenarios.EventSource, a)
	if s.Page.Readable || s.Block.Reason != cors.MissingAllowOriginHeader || x.Response.Status != 200 {
		t.Errorf("hardened: %+v", s)
	}
	s, _ = th.attempt(fixtures.EventsForEveryone(), scenarios.EventSource, a)
	if !s.Page.Readable || !strings.Contains(s.Page.Body, "Merger talks") || s.Loot == nil {
		t.Errorf("for everyone: %+v", s)
	}
	a.Omit = false
	s, _ = th.attempt(fixtures.EventsForEveryone(), scenarios.EventSource, a)
	if s.Page.Readable || s.Block.Reason != cors.InvalidAllowCredentials {
		t.Errorf("with credentials: %+v", s)
	}
}

func TestScriptVector(t *testing.T) {
	th := openTheater(t, fixtures.Hardened(), fixtures.JSONP())
	const called = "/api/notebooks?callback=" + scenarios.ScriptCallback
	for _, path := range []string{"/api/notebooks", called} {
		s, x := th.attempt(fixtures.Hardened(), scenarios.Script, scenarios.Attempt{URL: path})
		if s.Page.Readable || s.Page.Error == "" || s.Block.Network != "net::ERR_BLOCKED_BY_ORB" || x.Request.Headers.Has("Origin") {
			t.Errorf("hardened, %s: %+v", path, s)
		}
	}
	s, _ := th.attempt(fixtures.JSONP(), scenarios.Script, scenarios.Attempt{URL: called})
	if !s.Page.Readable || s.Page.Error != "" || !strings.Contains(s.Page.Body, "Merger talks") || s.Loot == nil {
		t.Errorf("JSONP: %+v", s)
	}
}

// What a target serves as a script may try to stop the examination.
func TestHostileScripts(t *testing.T) {
	th := openTheater(t, fixtures.Hardened())
	th.stage.Mount(cors.MustParseOrigin("https://hostile.test"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set(tap.ExchangeHeader, "x")
		switch r.URL.Path {
		case "/endless":
			fmt.Fprint(w, "while (true) {}") // Chrome knows for (;;); as a guard of JSON
		case "/elsewhere":
			fmt.Fprint(w, "document.currentScript.onload = null; location = 'about:blank'")
		case "/alert":
			fmt.Fprint(w, "alert('stop'); document.write('gone'); crossexam(1)")
		}
	}))
	for _, path := range []string{"/endless", "/elsewhere", "/alert"} {
		sightings, err := th.tab.Run(t.Context(), []attacker.Task{{Attempt: scenarios.Attempt{
			Page: evilPage, Vector: scenarios.Script, Method: "GET", URL: "https://hostile.test" + path,
		}}})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if s := sightings[0]; s.Page.Readable != (path == "/alert") {
			t.Errorf("%s: %+v", path, s.Page)
		}
		// The page works on, as does the next script.
		th.attempt(fixtures.Hardened(), scenarios.Fetch, scenarios.Attempt{URL: "/api/notes"})
		s, _ := th.attempt(fixtures.Hardened(), scenarios.Script, scenarios.Attempt{URL: "/api/notes"})
		if s.Block.Network != "net::ERR_BLOCKED_BY_ORB" {
			t.Errorf("after %s: %+v", path, s)
		}
	}
}

func TestUntypedBody(t *testing.T) {
	th := openTheater(t, fixtures.JSONUnderAnyType())
	for v, want := range map[scenarios.Vector]bool{scenarios.UntypedFetch: false, scenarios.Fetch: true} {
		s, x := th.attempt(fixtures.JSONUnderAnyType(), v, scenarios.Attempt{Method: "POST", URL: "/api/notebooks", Body: `{"name":"x"}`})
		if x.Request.Headers.Has("Content-Type") != want || x.Request.Body != `{"name":"x"}` || x.Response.Status != 201 || s.Page.Readable {
			t.Errorf("%s: %+v, %+v", v, x.Request, x.Response)
		}
	}
}

// The file goes with the profile.
func TestPageFileIsRemoved(t *testing.T) {
	th := openTheater(t)
	_, err := th.tab.Run(t.Context(), []attacker.Task{{Attempt: scenarios.Attempt{
		Page: evilPage, Vector: scenarios.FilePage, Method: "GET", URL: "https://nowhere.test/",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var file string
	for _, flag := range th.browser.Info().Flags {
		if profile, ok := strings.CutPrefix(flag, "--user-data-dir="); ok {
			file = filepath.Join(profile, "crossexam-page.html")
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	if err := th.browser.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", file, err)
	}
}
