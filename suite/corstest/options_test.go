package corstest_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/suite/corstest"
	"github.com/crossexam/crossexam/target"
)

// echoing lets every origin read what answer gives.
func echoing(answer http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", cmp.Or(r.Header.Get("Origin"), "*"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		if r.Method != http.MethodOptions {
			answer(w, r)
		}
	})
}

func behindBasic(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user != "alice" || password != "opensesame" {
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	fmt.Fprintln(w, `{"name": "Alice"}`)
}

func behindBearer(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer front-end-token" {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	fmt.Fprintln(w, `{"name": "Alice"}`)
}

func open(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, `{"name": "Alice"}`) }

func find(t *testing.T, r report.Report, id string) report.Result {
	t.Helper()
	i := slices.IndexFunc(r.Results, func(c report.Result) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no result of %s", id)
	}
	return r.Results[i]
}

// What the options say is what is examined.
func TestOptions(t *testing.T) {
	browsertest.Needed(t)
	trusted := corstest.Trusted("https://app.example.com")
	read := corstest.Read("/me")
	for name, c := range map[string]struct {
		handler    http.HandlerFunc
		options    []corstest.Option
		id         string
		verdict    scenarios.Verdict
		credential scenarios.Credential
		endpoint   string
	}{
		"basic":             {behindBasic, []corstest.Option{trusted, read, corstest.Basic("alice", "opensesame")}, "WLD-001", scenarios.Violates, scenarios.Basic, "GET /me"},
		"bearer":            {behindBearer, []corstest.Option{trusted, read, corstest.Bearer("front-end-token")}, "TRU-005", scenarios.Conforms, scenarios.Bearer, "GET /me"},
		"place in network":  {open, []corstest.Option{trusted, read}, "WLD-003", scenarios.Violates, scenarios.Network, "GET /me"},
		"no place":          {behindBearer, []corstest.Option{trusted, read, corstest.Bearer("front-end-token"), corstest.Configure(func(c *target.Config) { c.Credentials.Network = new(bool) })}, "WLD-003", scenarios.NotApplicable, "", ""},
		"public name":       {behindBearer, []corstest.Option{trusted, read, corstest.Bearer("front-end-token"), corstest.At("https://api.example.com")}, "WLD-003", scenarios.NotApplicable, "", ""},
		"open to anybody":   {open, []corstest.Option{trusted, corstest.Open("/me")}, "WLD-003", scenarios.NotApplicable, "", ""},
		"policy":            {open, []corstest.Option{trusted, read, corstest.Policy(target.PolicyConfig{Methods: []string{"PUT"}})}, "TRU-002", scenarios.Violates, "", "PUT /me"},
		"write":             {open, []corstest.Option{trusted, corstest.Endpoint(target.EndpointConfig{Method: "PUT", Path: "/me"}), read}, "TRU-002", scenarios.Violates, "", "PUT /me"},
		"below a base path": {open, []corstest.Option{trusted, read, corstest.At("http://127.0.0.1:8080/v1")}, "WLD-003", scenarios.Violates, scenarios.Network, "GET /me"},
	} {
		t.Run(name, func(t *testing.T) {
			var below atomic.Bool
			h := echoing(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v1/me" {
					below.Store(true)
				}
				c.handler(w, r)
			})
			r, err := corstest.Examine(t.Context(), h, append(c.options, corstest.Only(c.id))...)
			if err != nil {
				t.Fatal(err)
			}
			got := find(t, r, c.id)
			if got.Verdict != c.verdict || c.credential != "" && got.Subject.Credential != c.credential || c.endpoint != "" && got.Subject.Endpoint != c.endpoint {
				t.Errorf("%s of %s: %s", got.Verdict, got.Subject, got.Reason)
			}
			if below.Load() != (name == "below a base path") {
				t.Errorf("/v1/me was asked for: %t", below.Load())
			}
		})
	}
}

// A write reaches the handler only where that is said to be safe.
func TestWritesAreWithheld(t *testing.T) {
	browsertest.Needed(t)
	for _, safe := range []bool{false, true} {
		var body atomic.Value
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				b, _ := io.ReadAll(r.Body)
				body.Store(string(b))
			}
			echoing(open).ServeHTTP(w, r)
		})
		_, err := corstest.Examine(t.Context(), h, corstest.Trusted("https://app.example.com"), corstest.Read("/me"),
			corstest.Endpoint(target.EndpointConfig{Method: "POST", Path: "/me", Body: `{"a":1}`, SafeToWrite: safe}),
			corstest.Only("ALT-003", "TRU"))
		if err != nil {
			t.Fatal(err)
		}
		if got, arrived := body.Load().(string); arrived != safe {
			t.Errorf("safe %t, arrived %t: %q", safe, arrived, got)
		}
	}
}

// What cannot be examined is an error, and no report that could be taken for a pass.
func TestExamineErrors(t *testing.T) {
	trusted := corstest.Trusted("https://app.example.com")
	for name, c := range map[string]struct {
		options []corstest.Option
		is      any // what the error can be taken as
	}{
		"bad URL":           {[]corstest.Option{trusted, corstest.At("api.example.com"), corstest.Read("/me")}, new(target.Problems)},
		"no trusted origin": {[]corstest.Option{corstest.Read("/me")}, new(target.Problems)},
		"bad cookie":        {[]corstest.Option{trusted, corstest.Read("/me"), corstest.Cookie("nothing")}, new(target.Problems)},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := corstest.Examine(t.Context(), echoing(open), c.options...)
			if !errors.As(err, c.is) || len(r.Results) > 0 {
				t.Errorf("error %v, %d results", err, len(r.Results))
			}
		})
	}
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	r, err := corstest.Examine(t.Context(), broken, trusted, corstest.Read("/me"))
	var fault *engine.Fault
	if !errors.As(err, &fault) || fault.Stage != engine.StageReach || r.Fault == nil || r.ExitCode() != report.ExitNoVerdict {
		t.Errorf("error %v, fault %v", err, r.Fault)
	}
}
