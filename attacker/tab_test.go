package attacker

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// protocol is an API that says in the path what it answers.
func protocol(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	preflight := r.Method == "OPTIONS"
	grant(w, r)
	switch r.URL.Path {
	case "/closed":
		h.Del("Access-Control-Allow-Origin")
	case "/wildcard":
		h.Set("Access-Control-Allow-Origin", "*")
	case "/other":
		h.Set("Access-Control-Allow-Origin", "https://other.test")
	case "/preflight":
		h.Set("Access-Control-Allow-Headers", "x-a")
		h.Set("Access-Control-Allow-Methods", "PUT")
	case "/preflight/closed":
		if preflight {
			h.Del("Access-Control-Allow-Origin")
			w.WriteHeader(http.StatusForbidden)
		}
	case "/preflight/redirect":
		http.Redirect(w, r, "/preflight", http.StatusTemporaryRedirect)
		return
	case "/hop":
		h.Set("Access-Control-Allow-Headers", "x-a")
		if !preflight {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusTemporaryRedirect)
			return
		}
	case "/loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
		return
	case "/error":
		w.WriteHeader(http.StatusInternalServerError)
	}
	if !preflight {
		fmt.Fprintf(w, "the secret of %s", r.URL.Path)
	}
}

func TestRun(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.run.test", protocol)
	silent := mount(t, stage, "https://silent.run.test", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		func(o *tap.Options) { o.Header = 100 * time.Millisecond })
	b := mount(t, stage, "https://b.run.test", protocol)
	mount(t, stage, "http://plain.run.test", protocol)
	xa := cors.Headers{{Name: "X-A", Value: "1"}}
	hop := func(to string) string { return "/hop?to=" + url.QueryEscape(to) }
	from := func(v scenarios.Vector, at scenarios.Attempt) scenarios.Attempt {
		at.Vector = v
		return at
	}
	const failed = "net::ERR_FAILED"
	cases := []struct {
		name    string
		attempt scenarios.Attempt
		read    string // the body, where the page could read
		status  int
		block   scenarios.Block
		wire    string
	}{
		{name: "open", attempt: a.get("/open"), read: "the secret of /open", status: 200, wire: "GET 200"},
		{name: "an error", attempt: a.get("/error"), read: "the secret of /error", status: 500, wire: "GET 500"},
		{name: "no header", attempt: a.get("/closed"), block: scenarios.Block{Reason: cors.MissingAllowOriginHeader, Network: failed}, wire: "GET 200"},
		{name: "wildcard, with credentials", attempt: a.get("/wildcard"), block: scenarios.Block{Reason: cors.WildcardOriginNotAllowed, Network: failed}, wire: "GET 200"},
		{
			name: "wildcard, without", attempt: func() scenarios.Attempt { x := a.get("/wildcard"); x.Omit = true; return x }(),
			read: "the secret of /wildcard", status: 200, wire: "GET 200",
		},
		{name: "another origin", attempt: a.get("/other"), block: scenarios.Block{Reason: cors.AllowOriginMismatch, Parameter: "https://other.test", Network: failed}, wire: "GET 200"},
		{
			name: "preflight", attempt: func() scenarios.Attempt { x := a.get("/preflight"); x.Headers = xa; return x }(),
			read: "the secret of /preflight", status: 200, wire: "OPTIONS 200, GET 200",
		},
		{
			name: "a write, which the tap withholds", attempt: func() scenarios.Attempt { x := a.get("/preflight"); x.Method = "PUT"; x.Body = "x"; return x }(),
			block: scenarios.Block{Reason: cors.MissingAllowOriginHeader, Network: failed}, wire: "OPTIONS 200, PUT withheld",
		},
		{
			name: "preflight refused", attempt: func() scenarios.Attempt { x := a.get("/preflight/closed"); x.Headers = xa; return x }(),
			block: scenarios.Block{Reason: cors.PreflightMissingAllowOriginHeader, Network: failed}, wire: "OPTIONS 403",
		},
		{
			name: "method refused", attempt: func() scenarios.Attempt { x := a.get("/preflight"); x.Method = "DELETE"; return x }(),
			block: scenarios.Block{Reason: cors.MethodDisallowedByPreflightResponse, Parameter: "DELETE", Network: failed}, wire: "OPTIONS 200",
		},
		{
			name: "header refused", attempt: func() scenarios.Attempt { x := a.get("/open"); x.Headers = xa; return x }(),
			block: scenarios.Block{Reason: cors.HeaderDisallowedByPreflightResponse, Parameter: "x-a", Network: failed}, wire: "OPTIONS 200",
		},
		{
			name: "preflight redirected", attempt: func() scenarios.Attempt { x := a.get("/preflight/redirect"); x.Headers = xa; return x }(),
			block: scenarios.Block{Reason: cors.PreflightDisallowedRedirect, Network: failed}, wire: "OPTIONS 307",
		},
		{name: "redirect", attempt: a.get(hop("https://b.run.test/open")), read: "the secret of /open", status: 200, wire: "GET 307, GET 200"},
		{
			name: "redirect with a preflight each", attempt: func() scenarios.Attempt {
				x := a.get(hop("https://b.run.test/preflight"))
				x.Headers = xa
				return x
			}(),
			read: "the secret of /preflight", status: 200, wire: "OPTIONS 200, GET 307, OPTIONS 200, GET 200",
		},
		{
			name: "refused behind a redirect", attempt: a.get(hop("https://b.run.test/closed")),
			block: scenarios.Block{Reason: cors.MissingAllowOriginHeader, Network: failed}, wire: "GET 307, GET 200",
		},
		{
			name: "redirect with a password", attempt: a.get(hop("https://u:p@b.run.test/open")),
			block: scenarios.Block{Reason: cors.RedirectContainsCredentials, Network: failed}, wire: "GET 307",
		},
		{name: "redirect to nowhere", attempt: a.get(hop("https://nowhere.test/")), block: scenarios.Block{Network: "net::ERR_EMPTY_RESPONSE"}, wire: "GET 307"},
		{name: "redirect to mixed content", attempt: a.get(hop("http://plain.run.test/open")), block: scenarios.Block{Network: "mixed-content"}, wire: "GET 307"},
		{
			name: "redirect in a loop", attempt: a.get("/loop"), block: scenarios.Block{Network: "net::ERR_TOO_MANY_REDIRECTS"},
			wire: strings.TrimSuffix(strings.Repeat("GET 302, ", 20), ", "),
		},
		{name: "mixed content", attempt: scenarios.Attempt{Vector: scenarios.Fetch, Method: "GET", URL: "http://plain.run.test/open"}, block: scenarios.Block{Network: "mixed-content"}},
		{name: "nowhere", attempt: scenarios.Attempt{Vector: scenarios.Fetch, Method: "GET", URL: "https://nowhere.test/"}, block: scenarios.Block{Network: "net::ERR_EMPTY_RESPONSE"}},
		{
			name: "nowhere, preflight", attempt: scenarios.Attempt{Vector: scenarios.Fetch, Method: "DELETE", URL: "https://nowhere.test/"},
			block: scenarios.Block{Network: "net::ERR_EMPTY_RESPONSE"},
		},
		{name: "a port that browsers refuse", attempt: scenarios.Attempt{Vector: scenarios.Fetch, Method: "GET", URL: "https://api.run.test:22/"}, block: scenarios.Block{Network: "net::ERR_UNSAFE_PORT"}},
		{name: "no answer", attempt: silent.get("/"), block: scenarios.Block{Reason: cors.MissingAllowOriginHeader, Network: failed}, wire: "GET unanswered"},
		{name: "sandboxed frame", attempt: from(scenarios.SandboxedFrame, a.get("/open")), read: "the secret of /open", status: 200, wire: "GET 200"},
		{
			name: "sandboxed frame, refused", attempt: from(scenarios.SandboxedFrame, a.get("/other")),
			block: scenarios.Block{Reason: cors.AllowOriginMismatch, Parameter: "https://other.test", Network: failed}, wire: "GET 200",
		},
		{
			name: "sandboxed frame, preflight", attempt: func() scenarios.Attempt {
				x := from(scenarios.SandboxedFrame, a.get("/preflight"))
				x.Headers = xa
				return x
			}(),
			read: "the secret of /preflight", status: 200, wire: "OPTIONS 200, GET 200",
		},
		{name: "data frame", attempt: from(scenarios.DataFrame, a.get("/open")), read: "the secret of /open", status: 200, wire: "GET 200"},
		{name: "data frame, refused", attempt: from(scenarios.DataFrame, a.get("/closed")), block: scenarios.Block{Reason: cors.MissingAllowOriginHeader, Network: failed}, wire: "GET 200"},
	}
	attempts := make([]scenarios.Attempt, len(cases))
	for i, c := range cases {
		attempts[i] = c.attempt
	}
	tab := openTab(t, browser, anyone)
	open(t, tab, evil)
	sightings := run(t, tab, attempts...)
	for i, c := range cases {
		s := sightings[i]
		if s.Fault != "" || s.Page == nil {
			t.Errorf("%s: %+v", c.name, s)
			continue
		}
		if s.Page.Readable != (c.read != "") || s.Page.Body != c.read || s.Page.Status != c.status || s.Page.Readable != (s.Page.Error == "") {
			t.Errorf("%s: the page saw %+v", c.name, *s.Page)
		}
		if s.Block != c.block {
			t.Errorf("%s: Chrome said %+v, want %+v", c.name, s.Block, c.block)
		}
		if got := wire(s, a, b, silent); got != c.wire {
			t.Errorf("%s: on the wire %q, want %q", c.name, got, c.wire)
		}
		if c.read == "" {
			if s.Loot != nil {
				t.Errorf("%s: loot of what could not be read: %+v", c.name, s.Loot)
			}
		} else if s.Loot == nil || s.Loot.Excerpt != c.read || s.Loot.SHA256 != hash(c.read) {
			t.Errorf("%s: the loot is %+v", c.name, s.Loot)
		}
		if len(s.Exchanges) > 0 && c.name != "no answer" {
			x, _ := a.tap.Exchange(s.Exchanges[0])
			if got, want := x.Request.Origin(), c.attempt.Origin().String(); got != want {
				t.Errorf("%s: Origin: %s, want %s", c.name, got, want)
			}
		}
	}
	if lost := browser.Lost(); lost != nil {
		t.Errorf("evidence was lost: %v", lost)
	}
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// TestRunUnsendable: what no page may send does not pass for a refusal.
func TestRunUnsendable(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.unsendable.test", protocol)
	tab := openTab(t, browser, anyone)
	open(t, tab, evil)
	trace, password := a.get("/open"), a.get("/open")
	trace.Method = "TRACE"
	password.URL = "https://u:p@api.unsendable.test/open"
	sightings := run(t, tab, trace, a.get("/open"), password)
	for _, i := range []int{0, 2} {
		if s := sightings[i]; !strings.HasPrefix(s.Fault, "no page can make this request: TypeError") || len(s.Exchanges) > 0 || s.Block != (scenarios.Block{}) {
			t.Errorf("%+v", s)
		}
	}
	if s := sightings[1]; s.Fault != "" || !s.Page.Readable {
		t.Errorf("beside them: %+v", s)
	}
}

// TestRunTrusted: the trusted front end tells the attacker nothing.
func TestRunTrusted(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.trusted.test", protocol)
	app := cors.MustParseOrigin("https://app.trusted.test")
	tab := openTab(t, browser, anyone)
	if err := tab.Open(bounded(t), app, TrustedFront); err != nil {
		t.Fatal(err)
	}
	at := a.get("/open")
	at.Page, at.Trusted = app, true
	s := run(t, tab, at)[0]
	if !s.Page.Readable || s.Loot != nil {
		t.Errorf("%+v", s)
	}
	if got := a.request(t, s).Origin(); got != app.String() {
		t.Errorf("Origin: %s", got)
	}
}

// TestRunLargeBodies: the page reads so much and no more, and keeps what came of a
// body that broke off.
func TestRunLargeBodies(t *testing.T) {
	stage, browser := lab(t)
	endless := mount(t, stage, "https://api.endless.test", func(w http.ResponseWriter, r *http.Request) {
		grant(w, r)
		for {
			if _, err := io.WriteString(w, strings.Repeat("é", 512)); err != nil {
				return
			}
		}
	})
	arrived := make(chan bool)
	var once sync.Once
	stage.Mount(cors.MustParseOrigin("https://api.broken.test"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		grant(w, r)
		w.Header().Set(tap.ExchangeHeader, "broken")
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "half a secret")
		_ = http.NewResponseController(w).Flush()
		<-arrived
		panic(http.ErrAbortHandler)
	}))
	tab := openTab(t, browser, anyone)
	err := chromedp.Listen(tab.ctx, func(ev any) {
		if e, ok := ev.(*network.EventDataReceived); ok && e.DataLength == int64(len("half a secret")) {
			once.Do(func() { close(arrived) })
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	open(t, tab, evil)
	all := run(t, tab, endless.get("/"), scenarios.Attempt{Vector: scenarios.Fetch, Method: "GET", URL: "https://api.broken.test/"})
	s := all[0]
	if !s.Page.Readable || s.Page.Body != strings.Repeat("é", bodyLimit/2) || s.Page.Error != "" || s.Block != (scenarios.Block{}) {
		t.Errorf("endless: %d bytes, %q, %+v", len(s.Page.Body), s.Page.Error, s.Block)
	}
	if s.Loot == nil || s.Loot.Bytes != bodyLimit || s.Loot.SHA256 != hash(s.Page.Body) {
		t.Errorf("endless: the loot is %+v", s.Loot)
	}
	s = all[1]
	if !s.Page.Readable || s.Page.Body != "half a secret" || s.Page.Error == "" {
		t.Errorf("broken off: %+v", *s.Page)
	}
	if s.Loot == nil || s.Loot.Excerpt != "half a secret" {
		t.Errorf("broken off: the loot is %+v", s.Loot)
	}
}

// TestRunMany makes more attempts at once than the page has under way, of all
// kinds, and finds each sighting at its own attempt.
func TestRunMany(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.many.test", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/closed/") {
			grant(w, r)
			w.Header().Set("Access-Control-Allow-Headers", "x-a")
		}
		_, _ = io.WriteString(w, r.URL.Path)
	})
	kinds := []string{"open", "closed", "preflight"}
	attempts := make([]scenarios.Attempt, 200)
	for i := range attempts {
		attempts[i] = a.get(fmt.Sprintf("/%s/%d", kinds[i%3], i))
		if i%3 == 2 {
			attempts[i].Headers = cors.Headers{{Name: "X-A", Value: "1"}}
		}
		if i%7 == 0 {
			attempts[i].Vector = scenarios.DataFrame
		}
	}
	tab := openTab(t, browser, anyone)
	open(t, tab, evil)
	for i, s := range run(t, tab, attempts...) {
		path := strings.TrimPrefix(attempts[i].URL, a.origin.String())
		want := sightingOf[kinds[i%3]]
		if s.Fault != "" || s.Page.Readable != want.read || s.Block.Reason != want.reason || wire(s, a) != want.wire {
			t.Errorf("%s: %+v, %+v, %s", path, s, *s.Page, wire(s, a))
		}
		for _, id := range s.Exchanges {
			if x, _ := a.tap.Exchange(id); x.Request.URL != attempts[i].URL {
				t.Errorf("%s: the exchange is of %s", path, x.Request.URL)
			}
		}
		if want.read && (s.Page.Body != path || s.Loot == nil || s.Loot.Excerpt != path) {
			t.Errorf("%s: the page got %q, the collector %+v", path, s.Page.Body, s.Loot)
		}
	}
}

var sightingOf = map[string]struct {
	read   bool
	reason cors.Reason
	wire   string
}{
	"open":      {true, "", "GET 200"},
	"closed":    {false, cors.MissingAllowOriginHeader, "GET 200"},
	"preflight": {true, "", "OPTIONS 200, GET 200"},
}

// TestRunUncached: each attempt is a request of its own, and so is its preflight.
func TestRunUncached(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.uncached.test", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=1000")
		w.Header().Set("Access-Control-Max-Age", "1000")
		w.Header().Set("Access-Control-Allow-Headers", "x-a")
		grant(w, r)
	})
	at := a.get("/")
	at.Headers = cors.Headers{{Name: "X-A", Value: "1"}}
	// The browser's own tab and one with a context.
	for _, victim := range []string{anyone, "another"} {
		tab := openTab(t, browser, victim)
		open(t, tab, evil)
		for i, s := range run(t, tab, at, at, at) {
			if got := wire(s, a); got != "OPTIONS 200, GET 200" {
				t.Errorf("%s, attempt %d: on the wire %q", victim, i, got)
			}
		}
	}
}

// TestOpen opens pages wherever an attacker may have one.
func TestOpen(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.open.test", protocol)
	tab := openTab(t, browser, anyone)
	for _, origin := range []string{
		"https://evil.open.test", "http://evil.open.test",
		"https://evil.example.com", "http://evil.example.com", // no upgrade to https
		"https://evil.open.test:8443", "http://evil.open.test:8080",
		"https://192.168.7.7", "http://192.168.7.7:9000", "http://127.0.0.1", "https://[::1]:9000", "http://[2001:db8::1]",
		"http://localhost", "https://localhost:3000", "http://evil.localhost",
		"https://xn--bcher-kva.test", "https://a_b.test", "https://a$b&c'd.test", "http://evil.open.test.",
	} {
		o := cors.MustParseOrigin(origin)
		before := browser.Navigations()
		open(t, tab, o)
		open(t, tab, o)
		if got := browser.Navigations() - before; got != 1 {
			t.Errorf("%s: %d navigations for a page that was open", origin, got)
		}
		s := run(t, tab, a.get("/open"))[0]
		if !s.Page.Readable || s.Loot == nil {
			t.Errorf("%s: %+v", origin, s)
		}
		if got := a.request(t, s).Origin(); got != origin {
			t.Errorf("%s: sent as Origin: %s", origin, got)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	stage, browser := lab(t)
	tab := openTab(t, browser, anyone)
	// On the preloaded HSTS list. The page over https is not to be taken for it,
	// even where there is one.
	stage.Play(cors.MustParseOrigin("https://played.dev"), Malicious)
	for origin, says := range map[string]string{
		"http://evil.dev":      "it became https://evil.dev",
		"http://played.dev":    "it became https://played.dev",
		`https://a"b.test`:     "cannot be served",
		"https://evil.test.":   "ERR_SSL_PROTOCOL_ERROR", // see loopback.Authority.TLSConfig
		"https://evil.test:22": "ERR_UNSAFE_PORT",
	} {
		err := tab.Open(bounded(t), cors.MustParseOrigin(origin), Malicious)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), origin) {
			t.Errorf("%s: %v", origin, err)
		}
		if tab.open {
			t.Errorf("%s: counts as open", origin)
		}
	}
	open(t, tab, evil)
}

// TestNames: a name is never used twice, so that loot is never taken for that of
// another attempt.
func TestNames(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.names.test", protocol)
	var mu sync.Mutex
	var names []string
	for range 2 {
		tab := openTab(t, browser, "named")
		err := chromedp.Listen(tab.ctx, func(ev any) {
			if e, ok := ev.(*network.EventRequestWillBeSent); ok && strings.Contains(e.Request.URL, collectorPath) {
				mu.Lock()
				defer mu.Unlock()
				names = append(names, e.Request.URL)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		open(t, tab, evil)
		for range 2 {
			run(t, tab, a.get("/1"), a.get("/2"))
		}
		browser.CloseTab("named")
	}
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(names)
	if n := len(names); n != 8 || len(slices.Compact(names)) != n {
		t.Errorf("%d names: %q", n, names)
	}
}

// TestVictims: each has cookies of its own, and their tabs work side by side.
func TestVictims(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.victims.test", func(w http.ResponseWriter, r *http.Request) {
		grant(w, r)
		_, _ = io.WriteString(w, r.Header.Get("Cookie"))
	})
	names := []string{"alice", "bob"}
	tabs := make([]*Tab, len(names))
	for i, name := range names {
		tabs[i] = openTab(t, browser, name)
		if err := tabs[i].SetCookie(bounded(t), a.origin, "session", name); err != nil {
			t.Fatal(err)
		}
		if again := openTab(t, browser, name); again != tabs[i] {
			t.Errorf("%s has two tabs", name)
		}
	}
	ctx := bounded(t)
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() {
			tab := tabs[i]
			for range 2 {
				if err := tab.Open(ctx, evil, Malicious); err != nil {
					t.Error(err)
					return
				}
				omit := a.get("/")
				omit.Omit = true
				sightings, err := tab.Run(ctx, []Task{{Attempt: a.get("/")}, {Attempt: omit}})
				if err != nil {
					t.Error(err)
					return
				}
				if got, want := sightings[0].Page.Body, "session="+name; got != want || sightings[0].Loot == nil || sightings[0].Loot.Excerpt != want {
					t.Errorf("%s sent %q, the loot is %+v", name, got, sightings[0].Loot)
				}
				if got := sightings[1].Page.Body; got != "" || sightings[1].Loot != nil {
					t.Errorf("%s sent %q although the credentials are to stay home", name, got)
				}
				if err := tab.Visit(ctx, a.origin.String()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	cookies, err := tabs[1].Cookies(ctx, a.origin.String()+"/")
	want := StoredCookie{Name: "session", Value: "bob", Domain: "api.victims.test", Path: "/", SameSite: "None", Secure: true, HTTPOnly: true}
	if err != nil || len(cookies) != 1 || cookies[0] != want {
		t.Errorf("bob's cookies: %+v, %v", cookies, err)
	}
	pages := func() (n int) {
		targets, err := chromedp.Targets(browser.root)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range targets {
			if at.Type == "page" {
				n++
			}
		}
		return n
	}
	before := pages()
	browser.CloseTab("bob")
	if n := pages(); n != before-1 {
		t.Errorf("CloseTab leaves %d pages of %d", n, before)
	}
	cookies, err = openTab(t, browser, "bob").Cookies(ctx, a.origin.String()+"/")
	if err != nil || len(cookies) != 0 {
		t.Errorf("bob's cookies after CloseTab: %+v, %v", cookies, err)
	}
}

// TestVisit: whatever the target answers to a navigation, the tab is usable.
func TestVisit(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.visit.test", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/204":
			w.WriteHeader(http.StatusNoContent)
		case "/download":
			w.Header().Set("Content-Disposition", "attachment; filename=crossexam-test.txt")
			_, _ = io.WriteString(w, "downloaded")
		case "/alert":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<script>alert(1); confirm(2) || prompt(3)</script>")
		case "/leave":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<script>onbeforeunload = (e) => e.preventDefault()</script>")
		case "/spin":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<script>for (;;);</script>")
		case "/500":
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	tab := openTab(t, browser, anyone)
	for _, path := range []string{"/", "/204", "/download", "/alert", "/leave", "/spin", "/500"} {
		if err := tab.Visit(bounded(t), a.origin.String()+path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		open(t, tab, evil)
		if s := run(t, tab, a.get("/"))[0]; s.Block.Reason != cors.MissingAllowOriginHeader {
			t.Errorf("after %s: %+v", path, s)
		}
	}
	if err := tab.Visit(bounded(t), "https://nowhere.test/"); err == nil || !strings.Contains(err.Error(), "ERR_EMPTY_RESPONSE") {
		t.Errorf("nowhere: %v", err)
	}
	if tab.open {
		t.Error("a page counts as open after a visit elsewhere")
	}
}

func TestPost(t *testing.T) {
	stage, browser := lab(t)
	var origin atomic.Value
	a := mount(t, stage, "https://api.post.test", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		origin.Store(r.Header.Get("Origin"))
		if r.Method == "POST" && r.Header.Get("Content-Type") == "application/json" && string(body) == `{"password":"</script>"}` {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
			w.WriteHeader(http.StatusCreated)
		}
	}, func(o *tap.Options) { o.AllowWrite = func(string, string) bool { return true } })
	tab := openTab(t, browser, anyone)
	post := func() (int, error) {
		return tab.Post(bounded(t), a.origin.String()+"/login", "application/json", `{"password":"</script>"}`)
	}
	open(t, tab, evil)
	if status, err := post(); status != 201 || err != nil {
		t.Errorf("%d, %v", status, err)
	}
	if cookies, err := tab.Cookies(bounded(t), a.origin.String()+"/"); len(cookies) != 1 || err != nil {
		t.Errorf("cookies %+v, %v", cookies, err)
	}
	if got := origin.Load(); got != a.origin.String() {
		t.Errorf("the login came from %v", got)
	}
	open(t, tab, evil)
	if s := run(t, tab, a.get("/"))[0]; a.request(t, s).Origin() != evil.String() {
		t.Errorf("after the login a page of %s is open", a.request(t, s).Origin())
	}
}

func TestShow(t *testing.T) {
	_, browser := lab(t)
	tab := openTab(t, browser, anyone)
	open(t, tab, evil)
	const title, text = `Stolen from "https://api.test"`, "</script><b>a secret</b>\u2028"
	if err := tab.Show(bounded(t), title, text); err != nil {
		t.Fatal(err)
	}
	shown, err := chromedp.Run(tab.ctx, chromedp.Evaluate[[]string](
		`[document.getElementById("loot-title").textContent, document.getElementById("loot-text").textContent]`))
	if err != nil || !slices.Equal(shown, []string{title, text}) {
		t.Errorf("shows %q, %v", shown, err)
	}
	png, err := tab.Screenshot(bounded(t))
	if err != nil || !strings.HasPrefix(string(png), "\x89PNG\r\n") {
		t.Errorf("the screenshot is %.10q, %v", png, err)
	}
}

// A browser that is told to makes one request after the other, from pages and
// from frames: while one is under way the page asks another API, which what it had
// asked for before would have overtaken.
func TestParallel(t *testing.T) {
	stage, browser := ownLab(t, Options{Parallel: 1})
	tab := openTab(t, browser, anyone)
	other := mount(t, stage, "https://other.parallel.test", grant)
	ask := chromedp.Evaluate[bool](fmt.Sprintf("fetch(%q).then((r) => r.ok)", other.origin.String()+"/"), chromedp.EvalAwaitPromise)
	var mu sync.Mutex
	now, most := 0, 0
	a := mount(t, stage, "https://api.parallel.test", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		if ok, err := chromedp.Run(tab.ctx, ask); err != nil || !ok {
			t.Errorf("the other API answered: %t, %v", ok, err)
		}
		grant(w, r)
		mu.Lock()
		now--
		mu.Unlock()
	})
	open(t, tab, evil)
	run(t, tab, a.get("/1"), a.get("/2"), a.get("/3"), a.get("/4"))
	var frames []Frame
	for i := range 4 {
		frames = append(frames, Frame{
			Origin: cors.MustParseOrigin(fmt.Sprintf("https://frame%d.test", i)),
			Tasks:  []Task{{Attempt: a.get(fmt.Sprintf("/%d", i))}, {Attempt: a.get("/more")}},
		})
	}
	if _, err := tab.RunFrames(bounded(t), frames); err != nil {
		t.Fatal(err)
	}
	if most != 1 {
		t.Errorf("%d requests were under way at once", most)
	}
}
