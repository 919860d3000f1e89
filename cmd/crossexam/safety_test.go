package main

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/tap"
)

// A witness is an API that remembers who asked for what.
type witness struct {
	answer http.HandlerFunc

	mu    sync.Mutex
	asked []string // "GET /path?query"
	runs  map[string]bool
	now   int // requests under way
	most  int
}

func (a *witness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked = append(a.asked, r.Method+" "+r.RequestURI)
	if a.runs == nil {
		a.runs = map[string]bool{}
	}
	a.runs[r.Header.Get(tap.RunHeader)] = true
	a.now++
	a.most = max(a.most, a.now)
	a.mu.Unlock()
	a.answer(w, r)
	a.mu.Lock()
	a.now--
	a.mu.Unlock()
}

func (a *witness) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// names are those of the runs that asked.
func (a *witness) names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.runs))
}

// together is how many requests were under way at once, at the most.
func (a *witness) together() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.most
}

// company waits until another request has been under way at the same time, once.
func (a *witness) company(atMost time.Duration) {
	for deadline := time.Now().Add(atMost); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if a.together() > 1 {
			return
		}
	}
}

// private answers /private to anybody who may, and nothing else.
func private(w http.ResponseWriter, r *http.Request) {
	if !grant(w, r) && r.URL.Path != "/private" {
		w.WriteHeader(http.StatusNotFound)
	}
	fmt.Fprint(w, "a private reply")
}

// Every request that reaches a target stands in the dry run, and has the name of the
// run; what is withheld reaches it never, and is listed.
func TestDryRunIsTheRun(t *testing.T) {
	browsertest.Needed(t)
	api := &witness{answer: private}
	url := serve(t, api.ServeHTTP)
	file := save(t, "crossexam.yaml", `
trusted: [https://app.example]
endpoints:
  - path: /private
  - {method: PUT, path: /private, body: '{"a": 1}'}
  - {method: POST, path: /sent, body: '{"a": 1}', safe_to_write: true}
errors: [{status: 404, path: /missing}]
websockets: [/live]
event_streams: [/events]
redirects: [/old]
credentials: {network: true}
`)
	dry := crossexam(t, nil, "test", url, "--config", file, "--dry-run")
	dry.expect(t, 0)
	announced := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^  ([A-Z]+) +(http\S*)`).FindAllStringSubmatch(dry.stdout, -1) {
		announced[unlabelled(line[1]+" "+strings.TrimPrefix(line[2], url))] = true
	}
	r := crossexam(t, nil, "test", url, "--config", file)
	if len(api.requests()) < 100 || len(announced) < 10 {
		t.Fatalf("%d requests reached the target, %d are in the dry run", len(api.requests()), len(announced))
	}
	var missing []string
	for _, asked := range api.requests() {
		asked = unlabelled(asked)
		if !announced[asked] && !slices.Contains(missing, asked) {
			missing = append(missing, asked)
		}
		if strings.HasPrefix(asked, "PUT") {
			t.Errorf("a write reached the target: %s", asked)
		}
	}
	if len(missing) > 0 {
		t.Errorf("not in the dry run: %q", missing)
	}
	if !slices.Contains(api.requests(), "POST /sent") {
		t.Error("the write that is safe did not reach the target")
	}
	name := r.report(t).Run.Name
	if !slices.Equal(api.names(), []string{name}) || !strings.HasPrefix(name, "crossexam-") {
		t.Errorf("the target sees the runs %q, the report has %s", api.names(), name)
	}
	for _, where := range []string{r.stdout, outputs(t, r)[r.out+"/summary.md"]} {
		if text := strings.Join(strings.Fields(where), " "); !strings.Contains(text, "Withheld, since it could change something") || !strings.Contains(text, "PUT /private") {
			t.Errorf("it does not say what was withheld:\n%s", where)
		}
	}
	withheld := r.report(t).Withheld
	if len(withheld) == 0 || slices.ContainsFunc(api.requests(), func(asked string) bool { return asked == withheld[0].Method+" "+withheld[0].Path }) {
		t.Errorf("withheld: %+v", withheld)
	}
}

// unlabelled takes out what is random in each run.
func unlabelled(request string) string {
	return regexp.MustCompile(`[a-z2-7]{12}`).ReplaceAllString(strings.TrimSuffix(request, "/"), "RANDOM")
}

// A redirect to another host is followed by nobody: not by discovery, not by a
// login, not by the browser.
func TestRedirectOffTheHost(t *testing.T) {
	browsertest.Needed(t)
	elsewhere := &witness{answer: private}
	away := serve(t, elsewhere.ServeHTTP)
	api := &witness{answer: func(w http.ResponseWriter, r *http.Request) {
		if !grant(w, r) {
			http.Redirect(w, r, away+r.RequestURI, http.StatusTemporaryRedirect)
		}
	}}
	url := serve(t, api.ServeHTTP)
	file := save(t, "crossexam.yaml", "trusted: [https://app.example]\ncredentials: {login: {path: /login, form: {user: a, word: b0123456}}, network: true}\nredirects: [/old]\n")
	r := crossexam(t, nil, "test", url, "--config", file, "--label=WLD || HDR-008")
	if len(api.requests()) < 10 {
		t.Errorf("only %q were asked for\n%s%s", api.requests(), r.stdout, r.stderr)
	}
	if len(elsewhere.requests()) > 0 {
		t.Errorf("another server was asked for %q", elsewhere.requests())
	}
}

// What by its name ends a session or has an effect is left alone until it is named,
// and so is what is excluded.
func TestEffectsAreLeftAlone(t *testing.T) {
	browsertest.Needed(t)
	const doc = `{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{` +
		`"/private":{"get":{"responses":{"200":{"description":""}}}},"/logout":{"get":{"responses":{"200":{"description":""}}}},` +
		`"/items/reset":{"get":{"responses":{"200":{"description":""}}}},"/list":{"get":{"operationId":"unsubscribe","responses":{"200":{"description":""}}}},` +
		`"/admin/users":{"get":{"responses":{"200":{"description":""}}},"delete":{"responses":{"200":{"description":""}}}}}}`
	api := &witness{answer: func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/openapi.json" {
			fmt.Fprint(w, doc)
			return
		}
		if !grant(w, r) && r.URL.Path == "/private" {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `[{"text": "mine"}]`)
		}
	}}
	url := serve(t, api.ServeHTTP)
	dangerous := regexp.MustCompile(`/(logout|items/reset|list|admin/users)`)
	r := crossexam(t, nil, "test", url, "--trusted=https://app.example", "--exclude=/admin/*")
	if len(api.requests()) < 50 || !strings.Contains(r.stderr, "Left alone: 5 endpoints.") {
		t.Errorf("%d requests\n%s", len(api.requests()), r.stderr)
	}
	if report := fileOf(t, filepath.Join(r.out, "report.json")); !strings.Contains(report, "GET /logout") || !strings.Contains(report, `excluded by \"/admin/*\"`) {
		t.Errorf("the report does not say why they are left alone:\n%s", report)
	}
	for _, asked := range api.requests() {
		if dangerous.MatchString(asked) {
			t.Errorf("it asked for %s", asked)
		}
	}
	crossexam(t, nil, "test", url, "--trusted=https://app.example", "--read=/logout", "--label=WLD")
	if !slices.Contains(api.requests(), "GET /logout") {
		t.Error("what was named was not read")
	}
}

// No more requests are under way at once than the configuration says, and by
// default there are several: a page's first request is answered when there is a
// second.
func TestConcurrency(t *testing.T) {
	browsertest.Needed(t)
	most := func(limits string) int {
		api := &witness{}
		var first sync.Once // the others wait for it, or it for them
		api.answer = func(w http.ResponseWriter, r *http.Request) {
			if limits == "" && r.Header.Get("Origin") != "" {
				first.Do(func() { api.company(10 * time.Second) })
			}
			private(w, r)
		}
		url := serve(t, api.ServeHTTP)
		file := save(t, "crossexam.yaml", "trusted: [https://app.example]\nread: [/private]\ncredentials: {network: true}\n"+limits)
		r := crossexam(t, nil, "test", url, "--config", file, "--label=ORG || PRE")
		if len(r.report(t).Results) < 20 || r.report(t).Fault != nil {
			t.Errorf("%q: %d results, fault %+v", limits, len(r.report(t).Results), r.report(t).Fault)
		}
		return api.together()
	}
	if got := most("limits: {concurrency: 1}\n"); got != 1 {
		t.Errorf("with one at once there were %d", got)
	}
	if got := most(""); got < 2 {
		t.Errorf("by default there was never more than %d at once", got)
	}
}
