package attacker

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// baker sets the cookies of a path's name and says which came.
func baker(w http.ResponseWriter, r *http.Request) {
	grant(w, r)
	attributes := map[string]string{
		"/none":        "SameSite=None; Secure",
		"/lax":         "SameSite=Lax; Secure",
		"/strict":      "SameSite=Strict; Secure",
		"/unset":       "Secure",
		"/partitioned": "SameSite=None; Secure; Partitioned; Path=/",
	}
	if a, ok := attributes[r.URL.Path]; ok && r.Header.Get("Origin") == "" {
		w.Header().Set("Set-Cookie", strings.TrimPrefix(r.URL.Path, "/")+"=1; "+a)
	}
	_, _ = io.WriteString(w, r.Header.Get("Cookie"))
}

// heldBack visits the API's paths, which set a cookie each, and then reads it from
// a page: what came, and what Chrome says of the rest.
func heldBack(t *testing.T, tab *Tab, a *api, from cors.Origin, paths ...string) (came string, reasons []string) {
	t.Helper()
	for _, path := range paths {
		if err := tab.Visit(bounded(t), a.origin.String()+path); err != nil {
			t.Fatal(err)
		}
	}
	open(t, tab, from)
	s := run(t, tab, a.get("/"))[0]
	if !s.Page.Readable {
		t.Fatalf("%+v", s)
	}
	for _, reason := range s.HeldBack {
		// Chrome 156 says SchemefulSameSiteLax, also where the schemes are the same.
		reasons = append(reasons, strings.TrimPrefix(reason, "Schemeful"))
	}
	slices.Sort(reasons)
	return s.Page.Body, reasons
}

// TestHeldBack has Chrome say why it keeps cookies home.
func TestHeldBack(t *testing.T) {
	stage, browser := lab(t)
	sibling := cors.MustParseOrigin("https://evil.baker.test")
	insecure := cors.MustParseOrigin("http://evil.baker.test") // another site, by the scheme
	for i, c := range []struct {
		path    string
		from    cors.Origin
		came    string
		reasons []string
	}{
		{"/none", evil, "none=1", nil},
		{"/lax", evil, "", []string{"SameSiteLax"}},
		{"/strict", evil, "", []string{"SameSiteStrict"}},
		{"/unset", evil, "", []string{"SameSiteUnspecifiedTreatedAsLax"}},
		{"/strict", sibling, "strict=1", nil},
		{"/strict", insecure, "", []string{"SameSiteStrict"}},
		// Without the site it was set on, there is no such cookie.
		{"/partitioned", evil, "", nil},
	} {
		// The cookies of the others are of the same site, and no matter of this one.
		a := mount(t, stage, fmt.Sprintf("https://api%d.baker.test", i), baker)
		came, reasons := heldBack(t, openTab(t, browser, anyone), a, c.from, c.path)
		if came != c.came || !slices.Equal(reasons, c.reasons) {
			t.Errorf("%s from %s: %q came, held back for %q", c.path, c.from, came, reasons)
		}
	}
}

// TestThirdPartyCookiesBlocked is about the other posture.
func TestThirdPartyCookiesBlocked(t *testing.T) {
	stage, browser := ownLab(t, Options{Posture: Posture{BlockThirdPartyCookies: true}})
	if !browser.Info().Posture.BlockThirdPartyCookies {
		t.Error("the posture is not in the browser's info")
	}
	a := mount(t, stage, "https://api.baker.test", baker)
	for _, victim := range []string{"the first", "one with a browser context"} {
		tab := openTab(t, browser, victim)
		came, reasons := heldBack(t, tab, a, evil, "/none")
		if came != "" || !slices.Equal(reasons, []string{"UserPreferences"}) {
			t.Errorf("%s: %q came, held back for %q", victim, came, reasons)
		}
		// A sibling of the target's is no third party.
		came, reasons = heldBack(t, tab, a, cors.MustParseOrigin("https://evil.baker.test"))
		if came != "none=1" || len(reasons) != 0 {
			t.Errorf("%s, same site: %q came, held back for %q", victim, came, reasons)
		}
	}
}

// login asks for HTTP authentication and says who came.
func login(w http.ResponseWriter, r *http.Request) {
	grant(w, r)
	user, password, _ := r.BasicAuth()
	if user != "alice" || password != "s3cret" {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	_, _ = io.WriteString(w, "hello "+user)
}

func TestAnswerPrompts(t *testing.T) {
	stage, browser := lab(t)
	prompting := func(o *tap.Options) { o.Prompts = true }
	a := mount(t, stage, "https://api.login.test", login, prompting)
	b := mount(t, stage, "https://b.login.test", login, prompting)
	c := mount(t, stage, "https://api.open.login.test", protocol)
	alice := BasicLogin{Username: "alice", Password: "s3cret"}
	for _, step := range []struct {
		name   string
		logins map[cors.Origin]BasicLogin
		of     *api
		omit   bool
		body   string
		wire   string
	}{
		{name: "cancelled", logins: map[cors.Origin]BasicLogin{a.origin: {}}, of: a, body: "hello ", wire: "GET 401"},
		{name: "without credentials nobody is asked", logins: nil, of: a, omit: true, body: "hello ", wire: "GET 401"},
		{
			name: "a wrong password is tried once", logins: map[cors.Origin]BasicLogin{a.origin: {Username: "bob", Password: "x"}},
			of: a, body: "hello bob", wire: "GET 401",
		},
		{name: "logged in", logins: map[cors.Origin]BasicLogin{a.origin: alice, b.origin: {}}, of: a, body: "hello alice", wire: "GET 200"},
		{name: "of another origin", logins: map[cors.Origin]BasicLogin{a.origin: alice, b.origin: {}}, of: b, body: "hello ", wire: "GET 401"},
		{name: "known from then on", logins: nil, of: a, body: "hello alice", wire: "GET 200"},
		{name: "no longer sent", logins: nil, of: a, omit: true, body: "hello ", wire: "GET 401"},
		{name: "off, and nothing hangs", logins: nil, of: c, body: "the secret of /", wire: "GET 200"},
	} {
		tab := openTab(t, browser, "alice")
		if err := tab.AnswerPrompts(bounded(t), step.logins); err != nil {
			t.Fatal(err)
		}
		open(t, tab, evil)
		at := step.of.get("/")
		at.Omit = step.omit
		s := run(t, tab, at)[0]
		if !s.Page.Readable || s.Page.Body != step.body || wire(s, step.of) != step.wire {
			t.Errorf("%s: %+v, on the wire %q", step.name, *s.Page, wire(s, step.of))
		}
	}
}

// TestAnswerPromptsChangesNothing: with its requests paused and continued the
// page sees what it sees without, and so do we.
func TestAnswerPromptsChangesNothing(t *testing.T) {
	stage, browser := lab(t)
	a := mount(t, stage, "https://api.paused.test", protocol)
	b := mount(t, stage, "https://b.paused.test", protocol)
	var attempts []scenarios.Attempt
	for _, path := range []string{
		"/open", "/closed", "/wildcard", "/other", "/error", "/preflight", "/preflight/closed", "/preflight/redirect",
		"/hop?to=https://b.paused.test/preflight", "/hop?to=https://nowhere.test/",
	} {
		for _, v := range []scenarios.Vector{scenarios.Fetch, scenarios.SandboxedFrame, scenarios.DataFrame} {
			for _, headers := range []cors.Headers{nil, {{Name: "X-A", Value: "1"}}} {
				at := a.get(path)
				at.Vector, at.Headers = v, headers
				attempts = append(attempts, at)
			}
		}
	}
	tab := openTab(t, browser, anyone)
	var paused atomic.Int64
	err := chromedp.Listen(tab.ctx, func(ev any) {
		if _, ok := ev.(*fetch.EventRequestPaused); ok {
			paused.Add(1)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	open(t, tab, evil)
	without := run(t, tab, attempts...)
	if err := tab.AnswerPrompts(bounded(t), map[cors.Origin]BasicLogin{a.origin: {}, b.origin: {}}); err != nil {
		t.Fatal(err)
	}
	sightings := run(t, tab, attempts...)
	if err := tab.AnswerPrompts(bounded(t), nil); err != nil {
		t.Fatal(err)
	}
	if paused.Swap(0) == 0 {
		t.Error("no request was paused, so that this test shows nothing")
	}
	run(t, tab, a.get("/open"))
	if n := paused.Load(); n != 0 {
		t.Errorf("%d requests were paused after prompts were turned off", n)
	}
	for i, with := range sightings {
		if with.Block != without[i].Block || with.Page.Body != without[i].Page.Body || with.Page.Status != without[i].Page.Status || wire(with, a, b) != wire(without[i], a, b) {
			t.Errorf("%s %s: %+v %+v %q, without prompts %+v %+v %q", attempts[i].Vector, attempts[i].URL,
				with.Block, *with.Page, wire(with, a, b), without[i].Block, *without[i].Page, wire(without[i], a, b))
		}
	}
}
