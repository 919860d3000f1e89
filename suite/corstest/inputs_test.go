package corstest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/suite/corstest"
	"github.com/crossexam/crossexam/target"
)

// cookieTrap is an API like Open Notebook's on Starlette before 1.0 behind a proxy with
// a password: "*" for everybody, and an echo with credentials as soon as a request has
// any cookie.
func cookieTrap(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); r.Method != http.MethodOptions && (user != "alice" || password != "opensesame") {
		w.Header().Set("WWW-Authenticate", `Basic realm="proxy"`)
		http.Error(w, "the proxy wants a password", http.StatusUnauthorized)
		return
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		if r.Header.Get("Cookie") != "" {
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintln(w, `[{"name": "the diary of Alice"}]`)
}

// guarded wants a session cookie and a token against forgery on every request.
func guarded(allowed func(origin string) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" && allowed(origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Headers", "X-CSRF-Token")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if c, err := r.Cookie("session"); err != nil || c.Value != "alice-7f3a" || r.Header.Get("X-CSRF-Token") != "t0ken-9c21" {
			http.Error(w, "log in first", http.StatusUnauthorized)
			return
		}
		fmt.Fprintln(w, `{"name": "Alice"}`)
	})
}

// search is read by POST of JSON alone, or by whatever type the body has.
func search(anyType bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin == "https://app.example.com" || anyType && r.Method == http.MethodPost && origin != "" {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		}
		body, _ := io.ReadAll(r.Body)
		c, err := r.Cookie("session")
		switch {
		case r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		case r.Method != http.MethodPost:
			http.Error(w, "POST only", http.StatusMethodNotAllowed)
		case !anyType && r.Header.Get("Content-Type") != "application/json":
			http.Error(w, "JSON only", http.StatusUnsupportedMediaType)
		case err != nil || c.Value != "alice-7f3a" || !strings.Contains(string(body), "query"):
			fmt.Fprintln(w, `{"errors": [{"message": "log in first"}]}`)
		default:
			fmt.Fprintln(w, `{"data": {"me": {"name": "Alice"}}}`)
		}
	})
}

func TestInputsOfUsualAPIs(t *testing.T) {
	browsertest.Needed(t)
	trusted, session := corstest.Trusted("https://app.example.com"), corstest.Cookie("session=alice-7f3a; Secure; HttpOnly; SameSite=None")
	at := corstest.At("https://api.example.com")
	query := corstest.Configure(func(c *target.Config) { c.GraphQL = target.GraphQLConfig{Path: "/graphql", Query: "{ me { name } }"} })
	list := func(origin string) bool { return origin == "https://app.example.com" }
	for name, tt := range map[string]struct {
		handler http.Handler
		options []corstest.Option
		id      string
		verdict scenarios.Verdict
		stolen  bool
	}{
		"a password and any cookie": {http.HandlerFunc(cookieTrap), []corstest.Option{at, trusted, corstest.Read("/api/notebooks"), corstest.Basic("alice", "opensesame")}, "WLD-001", scenarios.Violates, true},
		"a cookie and a token":      {guarded(list), []corstest.Option{at, trusted, session, corstest.Read("/me"), corstest.Header("X-CSRF-Token", "t0ken-9c21")}, "TRU-001", scenarios.Conforms, false},
		"a query":                   {search(false), []corstest.Option{at, trusted, session, query}, "WLD-001", scenarios.Conforms, false},
		"a query of any type":       {search(true), []corstest.Option{at, trusted, session, query}, "WLD-001", scenarios.Violates, true},
		"the query of a front end":  {search(false), []corstest.Option{at, trusted, session, query}, "TRU-001", scenarios.Conforms, false},
		"one origin":                {http.HandlerFunc(profile), []corstest.Option{at, corstest.SameOrigin(), corstest.Cookie("session=alice-7f3a9c21; Secure; HttpOnly"), corstest.Read("/me")}, "ORG-001", scenarios.Conforms, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := corstest.Examine(t.Context(), tt.handler, append(tt.options, corstest.Only(tt.id))...)
			if err != nil {
				t.Fatal(err)
			}
			c := find(t, r, tt.id)
			if c.Verdict != tt.verdict || (r.Summary.Exfiltration == report.Proven) != tt.stolen {
				t.Errorf("%s, exfiltration %s: %s", c.Verdict, r.Summary.Exfiltration, c.Reason)
			}
			for _, c := range r.Results {
				if strings.Contains(c.Reason, "t0ken-9c21") {
					t.Errorf("the token stands in %s", c.Reason)
				}
			}
		})
	}
}
