package report

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
)

// A reader is a person's Chrome with one page open, and what its console said.
type reader struct {
	t   *testing.T
	tab context.Context

	mu       sync.Mutex
	problems []string
}

// openReader starts a Chrome in which names lead as rules say.
func openReader(t *testing.T, rules string) *reader {
	t.Helper()
	tab := browsertest.Open(t, "{}", chromedp.Flag("host-resolver-rules", rules))
	r := &reader{t: t, tab: tab}
	err := chromedp.Listen(tab, func(ev any) {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			r.problems = append(r.problems, ev.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
				r.problems = append(r.problems, ev.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reader) open(url string) {
	r.t.Helper()
	if err := chromedp.Do(r.tab, chromedp.Navigate(url)); err != nil {
		r.t.Fatal(err)
	}
}

// says evaluates an expression in the page.
func (r *reader) says(expression string) string {
	r.t.Helper()
	got, err := chromedp.Run(r.tab, chromedp.Evaluate[string]("(async () => String(await ("+expression+")))()", chromedp.EvalAwaitPromise))
	if err != nil {
		r.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// quiet fails where the console complained.
func (r *reader) quiet(what string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.problems {
		r.t.Errorf("%s: the console says %s", what, p)
	}
	r.problems = nil
}

func (r *reader) seen(width int64, scheme string) {
	r.t.Helper()
	if err := chromedp.Do(r.tab, chromedp.EmulateViewport(width, 900)); err != nil {
		r.t.Fatal(err)
	}
	_, err := chromedp.Call(r.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// The page works in a real browser, from the disk and under its own policy: nothing is
// wider than the screen, links unfold what they lead to, and requirements are found.
func TestPageInChrome(t *testing.T) {
	dir := t.TempDir()
	if err := WriteAll(dir, reportOf(ofRecording(t, "wildcard-echo-with-cookie"), Meta{}), nil, 0); err != nil {
		t.Fatal(err)
	}
	page := (&url.URL{Scheme: "file", Path: filepath.Join(dir, "report.html")}).String()
	r := openReader(t, "MAP * ~NOTFOUND")
	r.seen(1280, "light")
	r.open(page)
	r.quiet("opening")
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			r.seen(width, scheme)
			if got := r.says("document.documentElement.scrollWidth <= innerWidth"); got != "true" {
				t.Errorf("%d pixels, %s: the page is %s wide", width, scheme, r.says("document.documentElement.scrollWidth"))
			}
			if width == 1280 || scheme == "light" {
				r.accessible(fmt.Sprintf("%d pixels, %s", width, scheme))
			}
		}
	}
	for _, c := range []struct{ what, do, want string }{
		{"a link unfolds what it leads to", `new Promise(done => { addEventListener("hashchange", () => done(document.getElementById("card-ORG-001").open)); location.hash = "card-ORG-001"; })`, "true"},
		{"every cell leads to evidence", `[...document.querySelectorAll(".heat a")].every(a => document.querySelector(a.hash))`, "true"},
		{"a search", `(words.value = "sandboxed null", words.dispatchEvent(new Event("input")), [...document.querySelectorAll("[data-verdict]:not([hidden])")].map(c => c.id).slice(0, 1))`, "card-NUL-001"},
		{"a verdict", `(words.value = "", verdict.value = "conforms", verdict.dispatchEvent(new Event("change")), document.querySelectorAll("[data-verdict=violates]:not([hidden])").length)`, "0"},
		{"how many were found", `document.getElementById("found").textContent.endsWith("requirements")`, "true"},
		{"a stack", `(document.getElementById("stack-nginx").click(), getComputedStyle(document.querySelector(".snippet-nginx")).display + getComputedStyle(document.querySelector(".snippet-fastapi")).display)`, "blocknone"},
		{"a curl", `document.querySelector("button[data-copy]").dataset.copy.startsWith("curl -i ")`, "true"},
		{"the keyboard comes to all of it", `[...document.querySelectorAll("a, button, input, select, summary")].every(e => e.tabIndex >= 0)`, "true"},
	} {
		if got := r.says(c.do); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	r.quiet("using it")
}

// axeCore is where scripts/stacks installs what judges accessibility.
var axeCore = filepath.Join("..", "bin", "stacks", "axe", "node_modules", "axe-core", "axe.min.js")

// accessible runs axe-core's rules of WCAG 2 A and AA, contrast among them. It comes in
// by the debugger, which the page's policy does not concern.
func (r *reader) accessible(what string) {
	r.t.Helper()
	source, err := os.ReadFile(axeCore)
	if errors.Is(err, os.ErrNotExist) {
		r.t.Fatal("axe-core is not installed: run scripts/stacks, or make test, which runs it")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	if err := chromedp.Do(r.tab, chromedp.Evaluate[chromedp.Void](string(source)+";undefined")); err != nil {
		r.t.Fatal(err)
	}
	found := r.says(`axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).then(r => r.violations.map(v => v.id + ": " + v.help + "\n  " + v.nodes.slice(0, 3).map(n => n.target + " " + n.failureSummary.replace(/\s+/g, " ")).join("\n  ")).join("\n"))`)
	if found != "" {
		r.t.Errorf("%s:\n%s", what, found)
	}
}

// Each page of poc/ reads what it says from the API that was examined.
func TestProofsInChrome(t *testing.T) {
	api, err := loopback.Serve(fixtures.Notebook{Policy: fixtures.WildcardEchoAlways(), Login: fixtures.NoLogin}.Handler(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	// The fixture's policies want https, and these pages are at http origins.
	suffix, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if origin, err := cors.ParseOrigin(q.Header.Get("Origin")); err == nil && strings.HasSuffix(origin.Host(), "example.com") {
			w.Header().Set("Access-Control-Allow-Origin", origin.String())
			w.Header().Set("Access-Control-Allow-Credentials", "true")
		}
		fmt.Fprint(w, sampleLoot)
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer suffix.Close()
	dir := t.TempDir()
	files, err := loopback.Serve(http.FileServer(http.Dir(dir)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	at := func(id, origin, api string) engine.Result {
		c := stolen(id, origin)
		c.Observations[0].Attempt.URL = "http://" + api + "/api/notebooks"
		c.Observations[0].Attempt.Identity, c.Subject.Credential = scenarios.Network, scenarios.Network
		return c
	}
	_, port, _ := strings.Cut(files.Addr(), ":")
	near := at("ORG-003", "http://evilexample.com:"+port, suffix.Addr())
	near.Judgement.Rule = &scenarios.Rule{Kind: scenarios.EndsWith, Value: "example.com"}
	report := reportOf(of(at("WLD-003", sampleEvil, api.Addr()), at("NUL-001", "null", api.Addr()), near), Meta{})
	if err := WriteAll(dir, report, nil, 0); err != nil {
		t.Fatal(err)
	}
	r := openReader(t, "MAP evilexample.com "+files.Addr())
	for page, origin := range map[string]string{
		"every-origin.html": "http://localhost:" + port, "null-origin.html": "http://localhost:" + port, "ends-with.html": "http://evilexample.com:" + port,
	} {
		r.open(origin + "/poc/" + page)
		got := r.says(`(document.getElementById("run").click(), new Promise(done => {
			const shown = document.getElementById("verdict");
			const look = () => /^(READ|NOT READ)/.test(shown.textContent) && done(shown.textContent + document.getElementById("shown").textContent);
			new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
		}))`)
		if !strings.HasPrefix(got, "READ: this page got status 200") || !strings.Contains(got, "Merger talks") {
			t.Errorf("%s: %s", page, got)
		}
		r.quiet(page)
	}
	// And reads nothing where nothing is granted.
	r.open("http://localhost:" + port + "/poc/ends-with.html")
	if got := r.says(`(document.getElementById("run").click(), new Promise(done => new MutationObserver(() => { const s = document.getElementById("verdict").textContent; if (/^(READ|NOT)/.test(s)) done(s); }).observe(document.body, { childList: true, subtree: true, characterData: true })))`); !strings.HasPrefix(got, "NOT READ") {
		t.Errorf("from another origin: %s", got)
	}
}
