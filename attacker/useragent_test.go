package attacker

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// What the browser says of itself in everything that it sends, and that a probe says
// the same.
func TestUserAgentOnTheWire(t *testing.T) {
	for _, c := range []struct{ name, userAgent string }{{"default", ""}, {"given", "Mozilla/5.0 (of the operator)"}} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{UserAgent: c.userAgent}
			stage, browser := ownLab(t, o)
			wants := o.Headers(t.Context())
			sent := whatIsSent(t, stage, openTab(t, browser, "victim"), wants)
			userAgent, _ := wants.Get("User-Agent")
			if c.userAgent != "" && userAgent != c.userAgent {
				t.Errorf("the user agent is to be %q", userAgent)
			}
			for _, path := range []string{
				"OPTIONS /fetch", "GET /fetch", "GET /sandboxed-frame", "GET /sandboxed-page-frame", "GET /data-frame", "GET /data-worker", "GET /file-page",
				"GET /sandboxed-page", "GET /event-source", "GET /websocket", "GET /script", "GET /redirect-302", "GET /page", "GET /image", "GET /iframe",
				"GET /dedicated.js", "GET /shared.js", "GET /service.js", "GET /from-dedicated.js", "GET /from-shared.js", "GET /from-service.js",
			} {
				h, ok := sent[path]
				switch got := h.Get("User-Agent"); {
				case !ok:
					t.Errorf("%s was not sent", path)
				case got != userAgent:
					t.Errorf("%s says that it is %q, and not %q", path, got, userAgent)
				case strings.Contains(fmt.Sprint(h), "Headless"):
					t.Errorf("%s tells of the headless mode: %v", path, h)
				}
			}
			for own, theirs := range map[string]string{"GET /probe": "GET /fetch", "OPTIONS /probe": "OPTIONS /fetch", "GET /socket-probe": "GET /websocket"} {
				for _, line := range wants {
					if a, b := sent[own].Get(line.Name), sent[theirs].Get(line.Name); a != b {
						t.Errorf("%s of %s is %q, and the browser's %q", line.Name, own, a, b)
					}
				}
			}
			if hint := sent["GET /fetch"].Get("Sec-Ch-Ua"); !strings.Contains(hint, "Chromium") {
				t.Errorf("the browser sends the hint %q", hint)
			}
			// To an origin that is not trustworthy go no hints.
			for _, path := range []string{"GET /plain", "GET /plain-probe"} {
				if h, ok := sent[path]; !ok || h.Get("Sec-Ch-Ua") != "" || h.Get("User-Agent") != userAgent {
					t.Errorf("%s was sent with %v", path, h)
				}
			}
		})
	}
}

// whatIsSent gives the headers of all requests to a target, by method and path.
func whatIsSent(t *testing.T, stage *Stage, tab *Tab, own cors.Headers) map[string]http.Header {
	t.Helper()
	var mu sync.Mutex
	sent := map[string]http.Header{}
	done := make(chan bool, 10)
	handler := func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		sent[r.Method+" "+r.URL.Path] = r.Header.Clone()
		mu.Unlock()
		grant(w, r)
		w.Header().Set("Access-Control-Allow-Headers", "x-own")
		switch {
		case strings.HasPrefix(r.URL.Path, "/from-"):
			done <- true
		case strings.HasSuffix(r.URL.Path, ".js"):
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprintf(w, "fetch('/from-%s')", r.URL.Path[1:])
		case r.URL.Path == "/page":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<img src=/image><iframe src=/iframe></iframe><script>
				new Worker("/dedicated.js"); new SharedWorker("/shared.js"); navigator.serviceWorker.register("/service.js")</script>`)
		}
	}
	asBrowser := func(o *tap.Options) { o.Browser = own }
	a := mount(t, stage, "https://api.agents.test", handler, asBrowser)
	plain := mount(t, stage, "http://api.agents.test", handler, asBrowser)
	open(t, tab, evil)
	attempts := []scenarios.Attempt{a.get("/fetch")}
	attempts[0].Headers = cors.Headers{{Name: "x-own", Value: "1"}}
	for _, v := range []scenarios.Vector{
		scenarios.SandboxedFrame, scenarios.SandboxedPageFrame, scenarios.DataFrame, scenarios.DataWorker, scenarios.FilePage, scenarios.SandboxedPage,
		scenarios.EventSource, scenarios.WebSocket, scenarios.Script, scenarios.Redirect302,
	} {
		at := a.get("/" + string(v))
		at.Vector = v
		attempts = append(attempts, at)
	}
	run(t, tab, attempts...)
	if err := tab.Open(bounded(t), cors.MustParseOrigin("http://evil.test"), Malicious); err != nil {
		t.Fatal(err)
	}
	run(t, tab, plain.get("/plain"))
	if err := tab.Browse(bounded(t), a.origin.String()+"/page"); err != nil { // whose scripts run
		t.Fatal(err)
	}
	for range 3 { // workers of three kinds
		select {
		case <-done:
		case <-bounded(t).Done():
			t.Fatal("a worker has not asked")
		}
	}
	handshake := cors.Headers{
		{Name: "Connection", Value: "Upgrade"}, {Name: "Upgrade", Value: "websocket"},
		{Name: "Sec-WebSocket-Version", Value: "13"}, {Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="},
	}
	for _, q := range []cors.Request{
		{Method: "GET", URL: a.origin.String() + "/probe"}, {Method: "OPTIONS", URL: a.origin.String() + "/probe"},
		{Method: "GET", URL: a.origin.String() + "/socket-probe", Headers: handshake},
	} {
		if x := a.tap.Probe(t.Context(), q); x.Response == nil {
			t.Fatal(x.Fault)
		}
	}
	if x := plain.tap.Probe(t.Context(), cors.Request{Method: "GET", URL: plain.origin.String() + "/plain-probe"}); x.Response == nil {
		t.Fatal(x.Fault)
	}
	mu.Lock() // more may come, such as for an icon
	defer mu.Unlock()
	return maps.Clone(sent)
}

// A browser that was not started to say it, as one that runs already, is overridden:
// its pages, frames and dedicated workers say what they should.
func TestUserAgentOverride(t *testing.T) {
	stage, b := ownLab(t, Options{})
	p := product{"Google Chrome", "140.0.1.2"}
	b.override = overrideFor(p, "Mozilla/5.0 (overridden)", browser.GetVersionResult{Product: "Chrome/140.0.1.2", UserAgent: "something else"})
	sent := whatIsSent(t, stage, openTab(t, b, "victim"), nil)
	for _, path := range []string{"OPTIONS /fetch", "GET /fetch", "GET /sandboxed-frame", "GET /data-worker", "GET /websocket", "GET /page", "GET /iframe", "GET /dedicated.js"} {
		if got := sent[path].Get("User-Agent"); got != "Mozilla/5.0 (overridden)" {
			t.Errorf("%s says that it is %q", path, got)
		}
	}
	h := sent["GET /fetch"]
	for _, want := range p.hints("linux")[:2] {
		if got := h.Get(want.Name); got != want.Value {
			t.Errorf("%s is %q, and not %q", want.Name, got, want.Value)
		}
	}
	if h.Get("Accept-Language") != acceptedLanguages {
		t.Errorf("it accepts %q", h.Get("Accept-Language"))
	}
}

func TestOverrideFor(t *testing.T) {
	p := product{"Chromium", "156.0.8078.108"}
	said := p.userAgent("linux")
	for name, c := range map[string]struct {
		product, says string
		want          bool
	}{
		"says it already":       {"Chrome/156.0.8078.108", said, false},
		"headless":              {"Chrome/156.0.8078.108", strings.Replace(said, "Chrome/", "HeadlessChrome/", 1), true},
		"chrome-headless-shell": {"HeadlessChrome/156.0.8078.108", said, true}, // in its client hints
	} {
		if got := overrideFor(p, said, browser.GetVersionResult{Product: c.product, UserAgent: c.says}); (got != nil) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestParseProduct(t *testing.T) {
	unknown := parseProduct("")
	for said, want := range map[string]product{
		"Chromium 156.0.8078.108 built on Debian GNU/Linux 12 (bookworm)\n": {"Chromium", "156.0.8078.108"},
		"Google Chrome 140.0.7339.80 \n":                                    {"Google Chrome", "140.0.7339.80"},
		"Google Chrome for Testing 141.0.7390.54 ":                          {"Google Chrome", "141.0.7390.54"},
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.8078.108 Safari/537.36": {"Chromium", "156.0.8078.108"},
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36":              {"Chromium", "156.0.0.0"},
		"GNU bash, version 5.2.15(1)-release": unknown,
		"Chrome":                              unknown,
	} {
		if got := parseProduct(said); got != want {
			t.Errorf("%q is %+v", said, got)
		}
	}
	if unknown.name != "Chromium" || !strings.Contains(unknown.userAgent("linux"), " Chrome/"+unknown.major()+".0.0.0 ") {
		t.Errorf("%+v", unknown)
	}
}

// Of a program that never says its version nothing is left when the caller gives up.
func TestAskForVersionOfASilentProgram(t *testing.T) {
	dir := t.TempDir()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	started := dir + "/started"
	silent := program(t, dir+"/silent", "#!/bin/sh\n: > "+started+"\n"+sleep+" 1000 "+dir+"\n")
	ctx, cancel := context.WithCancel(bounded(t))
	go func() {
		for !exists(started) {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if said := askForVersion(ctx, silent); said != "" {
		t.Errorf("it said %q", said)
	}
	if !exists(started) {
		t.Error("it was not asked")
	}
	noProcessesOf(t, dir)
}
