package sweep_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/target"
)

var front = cors.MustParseOrigin("https://notebook.example.com")

// swept serves the handler as api.example.com, and sweeps it.
func swept(t *testing.T, h http.Handler, change func(*target.Config)) sweep.Result {
	t.Helper()
	r, err := sweep.Run(t.Context(), sweep.Request{Deployment: deployed(t, h, change), Run: "crossexam-test"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// deployed is the deployment of a handler that is served as api.example.com, with what its
// document says.
func deployed(t *testing.T, h http.Handler, change func(*target.Config)) *target.Deployment {
	t.Helper()
	server, err := loopback.Serve(h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c := target.Config{
		URL: "http://" + server.Addr(), Trusted: []string{front.String()},
		Credentials: target.CredentialsConfig{Cookies: []string{fixtures.RoutesCookie + "; Path=/; Secure; SameSite=None"}},
	}
	if change != nil {
		change(&c)
	}
	d, err := c.Deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.NeedsDiscovery() {
		if c, _, err = c.DiscoverAt(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if d, err = c.Redeploy(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	// Only now: what is on loopback is http, and near-misses of it are too.
	d.Upstream.URL, d.Upstream.Address = &url.URL{Scheme: "http", Host: "api.example.com"}, server.Addr()
	d.Facts.URL = "https://api.example.com"
	d.Limits.RequestsPerSecond = 0
	return &d
}

// policies are the names of the fixture's policies in each class, by its ID.
func policies(r sweep.Result, of *fixtures.Routes) map[string][]string {
	found := map[string][]string{}
	for _, e := range r.Endpoints {
		name := of.Policy(strings.TrimPrefix(e.Endpoint, "GET "))
		if !slices.Contains(found[e.Class], name) {
			found[e.Class] = append(found[e.Class], name)
		}
	}
	return found
}

// 500 endpoints in 7 policies, shuffled, are 7 classes, each of one policy.
func TestSevenClassesOf500(t *testing.T) {
	api := fixtures.NewRoutes(1, []cors.Origin{front}, fixtures.SevenPolicies(500)...)
	r := swept(t, api, nil)
	found := policies(r, api)
	if len(r.Endpoints) != 500 || len(r.Classes) != 7 || len(found) != 7 {
		t.Fatalf("%d endpoints in %d classes: %v", len(r.Endpoints), len(r.Classes), found)
	}
	seen := map[string]bool{}
	for _, c := range r.Classes {
		names := found[c.ID]
		if len(names) != 1 || seen[names[0]] {
			t.Fatalf("class %s has the policies %v", c.ID, names)
		}
		seen[names[0]] = true
		suspect := names[0] != "hardened" && names[0] != "wildcard-without-credentials"
		if c.Suspect != suspect || c.Private != c.Size {
			t.Errorf("%s: suspect %v, %d of %d private, granted %v", names[0], c.Suspect, c.Private, c.Size, c.Granted)
		}
		if word := c.Word(); (word == "granted") != (names[0] != "hardened") {
			t.Errorf("%s: %s, granted %v", names[0], word, c.Granted)
		}
	}
	if !r.Suspects() || r.Doubt() != "" {
		t.Errorf("suspects %v, doubt %q", r.Suspects(), r.Doubt())
	}
	t.Logf("%d requests, %d ms", r.Requests, r.DurationMS)
}

// What is not known is said, and is no pass.
func TestDoubt(t *testing.T) {
	reply := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`[{"owner":"victim"}]`))
		}
	}
	private := func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie(fixtures.CookieName); err != nil {
			reply(http.StatusUnauthorized)(w, r)
			return
		}
		reply(http.StatusOK)(w, r)
	}
	reads := func(paths ...string) func(*target.Config) {
		return func(c *target.Config) { c.OpenAPI, c.Reads = "none", paths }
	}
	var asked, failed atomic.Int32
	var down atomic.Bool
	for _, c := range []struct {
		name   string
		h      http.HandlerFunc
		change func(*target.Config)
		doubt  string // a part of it; empty for none
	}{
		{"private", private, reads("/me"), ""},
		{"refused", reply(http.StatusForbidden), reads("/me", "/you"), "the victim's credential is refused (GET /me answered 403)"},
		{"a refusal of every foreign origin", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Origin") != "" {
				reply(http.StatusUnauthorized)(w, r)
				return
			}
			private(w, r)
		}, func(c *target.Config) { c.OpenAPI, c.Reads, c.Trusted = "none", []string{"/me"}, []string{} }, ""},
		{"sent to a login", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, reads("/me"), "answered 302"},
		{"one fails", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/broken" {
				reply(http.StatusInternalServerError)(w, r)
				return
			}
			private(w, r)
		}, reads("/me", "/broken"), "1 of 2 endpoints did not answer every question: GET /broken (it answered 500)"},
		{"an error for every foreign origin", func(w http.ResponseWriter, r *http.Request) {
			if o := r.Header.Get("Origin"); o != "" && o != front.String() {
				reply(http.StatusInternalServerError)(w, r)
				return
			}
			private(w, r)
		}, reads("/me"), ""},
		{"an error for one origin, once", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Origin") == "null" && failed.Add(1) == 1 {
				reply(http.StatusInternalServerError)(w, r)
				return
			}
			private(w, r)
		}, reads("/me"), "it answered 500"},
		{"an error that grants", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Origin") == "null" {
				w.Header().Set(cors.HeaderAllowOrigin, "null")
				w.Header().Set(cors.HeaderAllowCredentials, "true")
				reply(http.StatusInternalServerError)(w, r)
				return
			}
			private(w, r)
		}, reads("/me"), "it answered 500"},
		{"an error from the first foreign origin on", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Origin") != "" || down.Load() {
				down.Store(true)
				reply(http.StatusInternalServerError)(w, r)
				return
			}
			private(w, r)
		}, reads("/me"), "it answered 500"},
		{"too many requests", func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1) > 4 {
				reply(http.StatusTooManyRequests)(w, r)
				return
			}
			private(w, r)
		}, func(c *target.Config) { reads("/me")(c); c.Limits.Patience = 1 }, "it answered 429, that requests are too many"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := swept(t, c.h, c.change)
			doubt := r.Doubt()
			if (doubt == "") != (c.doubt == "") || !strings.Contains(doubt, c.doubt) {
				t.Errorf("the doubt is %q", doubt)
			}
			for _, e := range r.Endpoints {
				if (e.Unanswered == "") != (e.Class != "") {
					t.Errorf("%+v", e)
				}
			}
			if r.Suspects() {
				t.Errorf("something is suspected: %+v", r.Classes)
			}
		})
	}
}

// A sweep only reads: what is sent is GET and OPTIONS, but for what the operator declared.
func TestSweepOnlyReads(t *testing.T) {
	methods := make(chan string, 10000)
	api := fixtures.NewRoutes(3, []cors.Origin{front}, fixtures.SevenPolicies(40)...)
	swept(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		methods <- r.Method
		api.ServeHTTP(w, r)
	}), nil)
	close(methods)
	sent := map[string]int{}
	for m := range methods {
		sent[m]++
	}
	if len(sent) != 2 || sent["GET"] == 0 || sent["OPTIONS"] == 0 {
		t.Errorf("sent %v", sent)
	}
}

// A preflight that approves of a write for everybody is found where no read is granted.
func TestPreflightOfAWriteForEveryone(t *testing.T) {
	d := deployed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") == "DELETE" {
			w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Methods", "DELETE")
			return
		}
		if r.Header.Get("Origin") == front.String() {
			w.Header().Set("Access-Control-Allow-Origin", front.String())
			w.Header().Set("Access-Control-Allow-Credentials", "true")
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[{"owner":"victim"}]`))
	}), func(c *target.Config) { c.OpenAPI, c.Reads = "none", []string{"/a", "/b"} })
	d.Discovery = &target.Discovery{Methods: map[string][]string{"/b": {"DELETE"}}}
	r, err := sweep.Run(t.Context(), sweep.Request{Deployment: d})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Classes) != 2 || !r.Classes[0].Suspect || r.Classes[1].Suspect || len(r.Classes[0].Granted) != 1 || r.Classes[0].Granted[0].Method != "DELETE" {
		t.Errorf("%+v", r.Classes)
	}
}

// What redirects to https is swept there where the operator asked for that, as it is
// examined, and the notes say so.
func TestSweepFollowsToHTTPS(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[{"owner":"victim"}]`))
	}))
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, secure.URL+r.URL.Path, http.StatusMovedPermanently)
	}))
	t.Cleanup(plain.Close)
	for _, follow := range []bool{false, true} {
		r, err := sweep.Run(t.Context(), sweep.Request{Config: target.Config{
			URL: plain.URL, Trusted: []string{front.String()}, OpenAPI: "none", Reads: []string{"/me"}, FollowToHTTPS: follow, InsecureSkipVerify: true,
		}})
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(strings.Join(r.Notes, " "), "was examined instead"); told != follow || (r.Target == secure.URL) != follow || (r.Doubt() == "") != follow {
			t.Errorf("follow %v: %s, %q, %q", follow, r.Target, r.Notes, r.Doubt())
		}
	}
}
