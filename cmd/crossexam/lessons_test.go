package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/fixtures"
)

// lessonsPage serves the lessons, and opens them in a Chrome as people have it, which
// finds the names below localhost by itself. preferences are those of its profile.
func lessonsPage(t *testing.T, preferences string) (tab context.Context, url string) {
	t.Helper()
	browsertest.Needed(t)
	listeners, err := listenTwice(0)
	if err != nil {
		t.Fatal(err)
	}
	listeners[0].Close()
	server := httptest.NewUnstartedServer(nil)
	server.Listener.Close()
	server.Listener = listeners[1]
	_, port, _ := strings.Cut(listeners[1].Addr().String(), ":")
	server.Config.Handler = newLessons(port, http.NotFoundHandler())
	server.Start()
	t.Cleanup(server.Close)
	return browsertest.Open(t, preferences), "http://" + lessonsHost + ":" + port + "/"
}

// settled waits for the end of the run that an action begins, and gives what is shown.
const settled = `action => new Promise(resolve => {
	const text = id => document.getElementById(id).textContent
	const shown = () => [text('outcome'), text('front-outcome'), text('decides'), text('loot'), text('why')]
	const ended = new MutationObserver(() => {
		if (!document.body.dataset.done) return
		ended.disconnect()
		resolve(shown())
	})
	ended.observe(document.body, { attributes: true, attributeFilter: ['data-done'] })
	if (action) action()
	else if (document.body.dataset.done) resolve(shown())
})`

const choose = `(id, value) => { const s = document.getElementById(id); s.value = value; s.dispatchEvent(new Event('change')) }`

// In a Chrome, each lesson shows what it says: the attack succeeds or fails, and the
// front end works or does not.
func TestLessons(t *testing.T) {
	tab, url := lessonsPage(t, browsertest.CookiesAllowed)
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	do := func(action string) []string {
		t.Helper()
		shown, err := chromedp.Run(tab, chromedp.Evaluate[[]string]("("+settled+")("+action+")", chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		return shown
	}
	violations := `window.violations = []; document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI))`
	if _, err := chromedp.Run(tab, chromedp.Evaluate[any](violations+"; null")); err != nil {
		t.Fatal(err)
	}
	const stolen, blocked, nothing, works = "Stolen", "Blocked", "Nothing private", "It works"
	want := []struct{ outcome, front string }{
		{stolen, works}, {stolen, works}, {blocked, works}, {stolen, works}, {blocked, "It is broken"}, {stolen, works},
		{stolen, works}, {stolen, works}, {stolen, works}, {nothing, works}, {blocked, works},
	}
	if plan := lessonPlan(); len(plan) != len(want) {
		t.Fatalf("%d lessons", len(plan))
	}
	for i, w := range want {
		action := "() => document.getElementById('next').click()"
		if i == 0 {
			action = "null"
		}
		got := do(action)
		loot := strings.Contains(got[3], "Merger talks")
		if got[0] != w.outcome || got[1] != w.front || loot != (w.outcome == stolen) {
			t.Errorf("lesson %d, %s: %q", i+1, lessonPlan()[i].Title, got)
		}
	}
	// The switches: the right policy of the last lesson, and then the careless one.
	if got := do("() => (" + choose + ")('policy', 'wildcard-echo-always')"); got[0] != stolen || !strings.Contains(got[2], "http://blog.notebook.localhost") || !strings.Contains(got[2], "true") {
		t.Errorf("the sibling: %q", got)
	}
	if got := do("() => (" + choose + ")('attacker', 'site')"); got[0] != nothing || !strings.Contains(got[4], "SameSite") {
		t.Errorf("SameSite=Lax and another site: %q", got)
	}
	if got := do("() => document.getElementById('login').click()"); !strings.Contains(got[1], "401") {
		t.Errorf("logged out: %q", got)
	}
	names, err := chromedp.Run(tab, chromedp.Evaluate[[]string]("[...document.getElementById('policy').options].map(o => o.value)"))
	if err != nil || !slices.Equal(names, policyNames()) {
		t.Errorf("the policies are %q, %v", names, err)
	}
	broken, err := chromedp.Run(tab, chromedp.Evaluate[[]string]("window.violations"))
	if err != nil || len(broken) > 0 {
		t.Errorf("the page breaks its own Content-Security-Policy: %q, %v", broken, err)
	}
}

// Without a browser: only the page of the lessons turns the switches, and each host
// serves its own.
func TestLessonsHosts(t *testing.T) {
	l := newLessons("8000", http.NotFoundHandler())
	ask := func(method, host, path, origin, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://"+host+":8000"+path, strings.NewReader(body))
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		return w
	}
	const state = `{"policy":"hardened","credential":"network"}`
	const lab = "http://" + lessonsHost + ":8000"
	for _, c := range []struct {
		method, host, path, origin, body string
		status                           int
	}{
		{"GET", lessonsHost, "/", "", "", 200},
		{"GET", "evil.localhost", "/", "", "", 404}, // what is no lesson's is another's
		{"GET", "evil.localhost", "/lessons/attack", "", "", 200},
		{"GET", frontHost, "/lessons/attack", "", "", 404},
		{"GET", "evil.localhost", "/lessons/front", "", "", 404},
		{"GET", frontHost, "/lessons/front", "", "", 200},
		{"POST", lessonsHost, "/lessons/state", "http://evil.localhost:8000", state, 403},
		{"POST", lessonsHost, "/lessons/state", "", state, 403},
		{"POST", "evil.localhost", "/lessons/state", lab, state, 404},
		{"POST", lessonsHost, "/lessons/state", lab, `{"policy":"hardend"}`, 400},
		{"POST", lessonsHost, "/lessons/state", lab, `{`, 400},
		{"POST", lessonsHost, "/lessons/state", lab, state, 204},
		{"GET", "127.0.0.1", "/lessons.json", "", "", 404},
	} {
		if w := ask(c.method, c.host, c.path, c.origin, c.body); w.Code != c.status {
			t.Errorf("%s %s%s from %q: %d, want %d", c.method, c.host, c.path, c.origin, w.Code, c.status)
		}
	}
	if w := ask("GET", apiHost, privatePath+"?run=1", "http://evil.localhost:8000", ""); w.Header().Get("Access-Control-Allow-Origin") != "" || w.Code != 200 {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
	for range 200 {
		ask("GET", apiHost, privatePath+"?run="+strings.Repeat("x", len(l.runs)), "", "")
	}
	if len(l.seen) > keptRuns || len(l.runs) > keptRuns {
		t.Errorf("%d runs are kept", len(l.seen))
	}
	for _, each := range lessonPlan() {
		if _, ok := fixtures.PolicyNamed(each.Policy); !ok {
			t.Errorf("%s: there is no policy %s", each.Title, each.Policy)
		}
		if err := l.set(each.Policy, each.Credential); err != nil {
			t.Error(err)
		}
		if !slices.ContainsFunc(attackerChoices("8000"), func(a attackerChoice) bool { return a.Name == each.Attacker }) {
			t.Errorf("%s: there is no attacker %s", each.Title, each.Attacker)
		}
	}
}
