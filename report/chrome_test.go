package report

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
)

// The page works in a real browser, from the disk and under its own policy: nothing is
// wider than the screen, links unfold what they lead to, and requirements are found.
func TestPageInChrome(t *testing.T) {
	dir := t.TempDir()
	if err := WriteAll(dir, reportOf(ofRecording(t, "wildcard-echo-with-cookie"), Meta{}), nil, 0); err != nil {
		t.Fatal(err)
	}
	page := (&url.URL{Scheme: "file", Path: filepath.Join(dir, "report.html")}).String()
	r := browsertest.OpenReader(t, "MAP * ~NOTFOUND")
	r.Seen(1280, "light")
	r.Open(page)
	r.Quiet("opening")
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			r.Seen(width, scheme)
			if got := r.Says("document.documentElement.scrollWidth <= innerWidth"); got != "true" {
				t.Errorf("%d pixels, %s: the page is %s wide", width, scheme, r.Says("document.documentElement.scrollWidth"))
			}
			if width == 1280 || scheme == "light" {
				r.Accessible(fmt.Sprintf("%d pixels, %s", width, scheme))
			}
		}
	}
	for _, c := range []struct{ what, do, want string }{
		{"a link unfolds what it leads to", `new Promise(done => { addEventListener("hashchange", () => done(document.getElementById("card-ORG-001").open)); location.hash = "card-ORG-001"; })`, "true"},
		{"every cell leads to evidence", `[...document.querySelectorAll(".heat a")].every(a => document.querySelector(a.hash))`, "true"},
		{"a search", `(words.value = "sandboxed null", words.dispatchEvent(new Event("input")), [...document.querySelectorAll("[data-verdict]:not([hidden])")].map(c => c.id).slice(0, 1))`, "card-NUL-001"},
		{"Enter in the search", `(words.form.requestSubmit(), location.search)`, ""},
		{"a verdict", `(words.value = "", verdict.value = "conforms", verdict.dispatchEvent(new Event("change")), document.querySelectorAll("[data-verdict=violates]:not([hidden])").length)`, "0"},
		{"how many were found", `document.getElementById("found").textContent.endsWith("requirements")`, "true"},
		{"a stack", `(document.getElementById("stack-nginx").click(), getComputedStyle(document.querySelector(".snippet-nginx")).display + getComputedStyle(document.querySelector(".snippet-fastapi")).display)`, "blocknone"},
		{"a curl", `document.querySelector("button[data-copy]").dataset.copy.startsWith("curl -i ")`, "true"},
		{"the keyboard comes to all of it", `[...document.querySelectorAll("a, button, input, select, summary")].every(e => e.tabIndex >= 0)`, "true"},
	} {
		if got := r.Says(c.do); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	// On paper there are the first results of what is violated, and the evidence that was unfolded.
	if _, err := chromedp.Call(r.Tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	r.Says(`(words.value = verdict.value = "", words.dispatchEvent(new Event("input")), document.querySelectorAll("details[open]").forEach(d => d.open = false), document.querySelector("#card-ORG-001 .evidence").open = true)`)
	for _, c := range []struct{ what, do, want string }{
		{"violated results", `[...document.querySelectorAll(".card.violates .entries")].every(l => [...l.children].every((e, i) => e.checkVisibility() === i < 3))`, "true"},
		{"conforming results", `[...document.querySelectorAll(".card.conforms .entries > li")].some(e => e.checkVisibility())`, "false"},
		{"evidence", `[...document.querySelectorAll(".evidence")].filter(e => e.checkVisibility()).length`, "1"},
	} {
		if got := r.Says(c.do); got != c.want {
			t.Errorf("printed, %s: %s, want %s", c.what, got, c.want)
		}
	}
	r.Quiet("using it")
}

// Each page of poc/ reads what it says from the API that was examined, in whichever way
// the malicious page did, and nothing where nothing is granted.
func TestProofsInChrome(t *testing.T) {
	policy := fixtures.WildcardEchoAlways()
	policy.SocketsFromAnywhere, policy.JSONP = true, true
	api, err := loopback.Serve(fixtures.Notebook{Policy: policy, Login: fixtures.NoLogin}.Handler(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	// The fixture's policies want https, and these pages are at http origins. It wants a
	// header, and a POST of JSON.
	suffix, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if origin, err := cors.ParseOrigin(q.Header.Get("Origin")); err == nil && strings.HasSuffix(origin.Host(), "example.com") {
			w.Header().Set("Access-Control-Allow-Origin", origin.String())
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Headers", "Content-Type, X-Tenant")
		}
		body, _ := io.ReadAll(q.Body)
		if q.Method == "OPTIONS" || q.Header.Get("X-Tenant") == "blue" && string(body) == `{"query":"{ me }"}` {
			fmt.Fprint(w, sampleLoot)
			return
		}
		http.Error(w, "no", http.StatusBadRequest)
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
	_, port, _ := strings.Cut(files.Addr(), ":")
	anywhere, near := "http://localhost:"+port, "http://evilexample.com:"+port
	r := browsertest.OpenReader(t, "MAP evilexample.com "+files.Addr())
	shown := func(page string) string {
		r.Open(page)
		return r.Says(`(document.getElementById("run").click(), new Promise(done => {
			const shown = document.getElementById("verdict");
			const look = () => /^(READ|NOT READ)/.test(shown.textContent) && done(shown.textContent + document.getElementById("shown").textContent);
			new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
		}))`)
	}
	for _, c := range []struct {
		page, id, origin, at string
		change               func(*scenarios.Attempt)
	}{
		{"every-origin", "WLD-003", sampleEvil, anywhere, func(a *scenarios.Attempt) { a.URL = "http://" + api.Addr() + "/api/notebooks" }},
		{"null-origin", "NUL-001", "null", anywhere, func(a *scenarios.Attempt) { a.URL = "http://" + api.Addr() + "/api/notebooks" }},
		{"ALT-001", "ALT-001", sampleEvil, anywhere, func(a *scenarios.Attempt) {
			a.Vector, a.URL = scenarios.WebSocket, "http://"+api.Addr()+fixtures.LivePath
		}},
		{"ALT-002", "ALT-002", sampleEvil, anywhere, func(a *scenarios.Attempt) {
			a.Vector, a.URL = scenarios.EventSource, "http://"+api.Addr()+fixtures.EventsPath
		}},
		{"ALT-004", "ALT-004", sampleEvil, anywhere, func(a *scenarios.Attempt) {
			a.Vector, a.URL = scenarios.Script, "http://"+api.Addr()+"/api/notebooks?callback=crossexam"
		}},
		{"ends-with", "ORG-003", near, near, func(a *scenarios.Attempt) {
			a.Method, a.URL, a.Body = "POST", "http://"+suffix.Addr()+"/graphql", `{"query":"{ me }"}`
			a.Headers = cors.Headers{{Name: "Content-Type", Value: "application/json"}, {Name: "X-Tenant", Value: "blue"}}
		}},
	} {
		result := stolen(c.id, c.origin)
		o := &result.Observations[0]
		o.Attempt.Identity, result.Subject.Credential = scenarios.Network, scenarios.Network
		c.change(&o.Attempt)
		if c.page == "ends-with" {
			result.Judgement.Rule = &scenarios.Rule{Kind: scenarios.EndsWith, Value: "example.com"}
		}
		record := of(result)
		record.Target = scenarios.Target{URL: "http://" + suffix.Addr(), Endpoints: []scenarios.Endpoint{graphQL}}
		if err := WriteAll(filepath.Join(dir, c.id), reportOf(record, Meta{}), nil, 0); err != nil {
			t.Fatal(err)
		}
		got := shown(c.at + "/" + c.id + "/poc/" + c.page + ".html")
		if !strings.HasPrefix(got, "READ: this page got status ") || !strings.Contains(got, "Merger talks") {
			t.Errorf("%s: %s", c.page, got)
		}
		r.Quiet(c.page)
	}
	if got := shown(anywhere + "/ORG-003/poc/ends-with.html"); !strings.HasPrefix(got, "NOT READ") {
		t.Errorf("from another origin: %s", got)
	}
}
