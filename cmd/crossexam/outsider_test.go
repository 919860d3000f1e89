package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// Of an API of which nobody says what it should trust a run says what it does trust:
// what an owner may mean is a question, and is proved; all else convicts.
func TestAnOutsidersRun(t *testing.T) {
	browsertest.Needed(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Origin")
		if o := r.Header.Get("Origin"); o == "https://app.example.com" || o == "null" {
			w.Header().Set("Access-Control-Allow-Origin", o)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
		}
		session, err := r.Cookie("session")
		switch {
		case r.URL.Path == "/":
			w.Header().Set("Content-Security-Policy", "frame-ancestors https://app.example.com")
		case r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		case err != nil || session.Value != "x":
			http.Error(w, "login", http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"user": "alice"}`)
		}
	}))
	t.Cleanup(server.Close)
	r := crossexam(t, nil, "test", server.URL, "--read=/me", "--cookie=session=x; SameSite=None; Secure; HttpOnly", "--label=TRU || ORG-001 || NUL-002")
	r.expect(t, 1)
	for _, want := range []string{"No trusted origin was named", "--trusted", "exact list", "NUL-002",
		"https://app.example.com (named in the Content-Security-Policy of /) may read GET /me, proved in the browser: is it yours?"} {
		if !strings.Contains(strings.Join(strings.Fields(r.stdout), " "), want) {
			t.Errorf("%q is missing in:\n%s", want, r.stdout)
		}
	}
	rep := r.report(t)
	if rep.Inferred == nil {
		t.Fatal("nothing was inferred")
	}
	if len(rep.Target.TrustedOrigins) > 0 {
		t.Errorf("what is assumed is told as trusted: %v", rep.Target.TrustedOrigins)
	}
	for _, c := range rep.Results {
		if c.Subject.Origin == "https://app.example.com" && c.Verdict != scenarios.NotApplicable || c.Family == "TRU" && c.Verdict != scenarios.NotApplicable {
			t.Errorf("%s of %s: %s", c.ID, c.Subject, c.Verdict)
		}
	}
	// What is written to correct and check in is a configuration.
	c, err := target.LoadConfig(filepath.Join(r.out, "policy.yaml"))
	if err != nil || c.URL != server.URL || !slices.Equal(c.Trusted, []string{"https://app.example.com"}) || !slices.Equal(c.Reads, []string{"/me"}) || c.Policy.Credentials != "include" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, name := range []string{"summary.md", "report.html"} {
		if data, err := os.ReadFile(filepath.Join(r.out, name)); err != nil || !strings.Contains(string(data), "is it yours?") {
			t.Errorf("%s does not ask: %v", name, err)
		}
	}
}
