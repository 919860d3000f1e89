package engine_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// What strangers' servers do that says nothing of their CORS policy is not judged as if it
// did, and what they do in their own way is judged right.
func TestStrangersServers(t *testing.T) {
	const front = "https://app.example.com"
	type api struct {
		trusts  func(origin string) bool
		private func() string
		// instead answers in the API's place, and reports whether it did.
		instead func(w http.ResponseWriter, r *http.Request, number int32) bool
	}
	listed := func(origin string) bool { return origin == front }
	endsWith := func(origin string) bool { return strings.HasSuffix(origin, "example.com") }
	alice := func() string { return `{"user":"alice"}` }
	never := func(http.ResponseWriter, *http.Request, int32) bool { return false }
	// after the first n requests of the victim, these get another answer; everybody, where
	// the gateway answers.
	after := func(n int32, status int, media, body string) func(http.ResponseWriter, *http.Request, int32) bool {
		return func(w http.ResponseWriter, r *http.Request, number int32) bool {
			_, err := r.Cookie("session")
			if number <= n || status != http.StatusBadGateway && (err != nil || r.Method == http.MethodOptions) {
				return false
			}
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	var calls atomic.Int32
	lab := openLab(t, attacker.Options{})
	var catalogue []scenarios.Scenario
	for _, id := range []string{"WLD-001", "ORG-003", "NUL-001", "PRE-008", "ERR-001", "TRU-001", "HDR-007", "ALT-004"} {
		s, _ := scenarios.Find(id)
		catalogue = append(catalogue, s)
	}
	for name, c := range map[string]struct {
		api      api
		also     []string // to be read besides /me
		violated []string
		doubts   bool // some must be there
		kind     engine.DiagnosisKind
	}{
		"a list": {api{listed, alice, never}, nil, nil, false, ""},
		"an error for every foreign origin": {api{listed, alice, func(w http.ResponseWriter, r *http.Request, _ int32) bool {
			origin := r.Header.Get("Origin")
			if origin != "" && origin != front {
				http.Error(w, "Error: Not allowed by CORS", http.StatusInternalServerError)
			}
			return origin != "" && origin != front
		}}, nil, nil, false, ""},
		"a reply that differs each time": {api{listed, func() string {
			return fmt.Sprintf(`{"user":"alice","request":"%d"}`, calls.Add(1))
		}, never}, nil, nil, false, ""},
		"public data beside private": {api{listed, alice, never}, []string{"/brand"}, nil, false, ""},
		"a match of the end":         {api{endsWith, alice, never}, nil, []string{"ORG-003"}, false, ""},
		"a gateway without a target": {api{endsWith, alice, after(12, 502, "text/html", "<h1>502</h1>")}, nil, nil, true, engine.TargetFails},
		"a gateway whose target starts again": {api{endsWith, alice, func(w http.ResponseWriter, _ *http.Request, number int32) bool {
			if number < 12 || number > 16 {
				return false
			}
			w.WriteHeader(http.StatusBadGateway)
			return true
		}}, nil, []string{"ORG-003"}, false, ""},
		"a session for a few reads": {api{endsWith, alice, after(12, 401, "application/json", "{}")}, nil, nil, true, engine.SessionEnded},
		"a login page after a few":  {api{endsWith, alice, after(12, 200, "text/html", "<!doctype html><form>")}, nil, nil, true, engine.ReplyChanged},
		"no request without an Origin": {api{listed, alice, func(w http.ResponseWriter, r *http.Request, _ int32) bool {
			if r.Header.Get("Origin") == "" {
				w.WriteHeader(http.StatusForbidden)
			}
			return r.Header.Get("Origin") == ""
		}}, nil, nil, false, ""},
		"a login on another host": {api{listed, alice, redirectsToLogin}, nil, []string{"ERR-001"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var number atomic.Int32
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := number.Add(1)
				w.Header().Set("Cache-Control", "no-store")
				if r.URL.Path == "/brand" {
					w.Header().Set(cors.HeaderAllowOrigin, "*")
					fmt.Fprint(w, `{"brand":"Acme"}`)
					return
				}
				if c.api.instead(w, r, n) {
					return
				}
				w.Header().Set("Vary", "Origin")
				w.Header().Set("Content-Type", "application/json")
				if origin := r.Header.Get("Origin"); c.api.trusts(origin) {
					w.Header().Set(cors.HeaderAllowOrigin, origin)
					w.Header().Set(cors.HeaderAllowCredentials, "true")
					w.Header().Set(cors.HeaderAllowHeaders, "content-type")
				}
				session, err := r.Cookie("session")
				switch {
				case r.Method == http.MethodOptions:
					w.WriteHeader(http.StatusNoContent)
				case err != nil || session.Value != "x":
					w.WriteHeader(http.StatusUnauthorized)
				case r.URL.Path != "/me":
					w.WriteHeader(http.StatusNotFound)
				default:
					fmt.Fprint(w, c.api.private())
				}
			})
			server, err := loopback.Serve(handler, lab.Stage().Authority())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Close() })
			config := target.Config{
				URL: "https://api.example.org", Trusted: []string{front}, OpenAPI: "none", Reads: append([]string{"/me"}, c.also...),
				Credentials: target.CredentialsConfig{Cookies: []string{"session=x; Path=/; Secure; SameSite=None"}},
			}.ServedAt(server.Addr(), lab.Stage().Authority())
			if c.kind == engine.TargetFails { // which is not waited for long
				config.Limits.Patience = time.Second
			}
			record, err := engine.Examine(t.Context(), engine.Request{Lab: lab, Config: config, Catalogue: catalogue})
			if err != nil {
				t.Fatal(err)
			}
			got, doubts := convicted(record), 0
			for _, r := range record.Results {
				if r.Verdict() == scenarios.CannotTell {
					doubts++
				}
			}
			var kinds []engine.DiagnosisKind
			for _, d := range record.Diagnoses {
				kinds = append(kinds, d.Kind)
			}
			if !slices.Equal(got, c.violated) || (doubts > 0) != c.doubts || len(kinds) > 1 || c.kind != "" && !slices.Contains(kinds, c.kind) || c.kind == "" && len(kinds) > 0 {
				t.Errorf("convicted by %v, %d doubts, diagnoses %v", got, doubts, kinds)
				for _, r := range record.Results {
					t.Logf("%s %s: %s: %s", r.Scenario.ID, r.Subject.Origin, r.Verdict(), r.Judgement.Reason)
				}
			}
		})
	}
}

// redirectsToLogin sends whoever has no session to a login on another host, preflights
// apart.
func redirectsToLogin(w http.ResponseWriter, r *http.Request, _ int32) bool {
	if _, err := r.Cookie("session"); err == nil || r.Method == http.MethodOptions {
		return false
	}
	w.Header().Set("Location", "https://login.example.net/authorize")
	w.WriteHeader(http.StatusFound)
	return true
}
