package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/sweep"
)

// A sweep needs no browser, says what is granted by header and how sure that is, and
// never that anything conforms.
func TestSweepOnly(t *testing.T) {
	t.Parallel()
	front := cors.MustParseOrigin("https://notebook.example.com")
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	hardened := fixtures.Share{Policy: fixtures.Hardened(), Routes: 30}
	broken := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie(fixtures.CookieName)
		if err == nil { // a secret in what is no HTTP
			hijacked, _, _ := http.NewResponseController(w).Hijack()
			_, _ = hijacked.Write([]byte("HTTP/1.1 " + c.Value + "\x1b[31m\r\n\r\n"))
			_ = hijacked.Close()
		}
	})
	cookie := "--cookie=" + fixtures.CookieName + "=a-long-secret-value; SameSite=None; Secure"
	session := "--cookie=" + fixtures.RoutesCookie + "; SameSite=None; Secure"
	sibling, _ := fixtures.PolicyNamed("any-sibling")
	advised := serve(fixtures.NewRoutes(1, []cors.Origin{front}, fixtures.Share{Policy: sibling, Routes: 10}))
	for _, c := range []struct {
		name string
		url  string
		args []string
		code int
		says []string
	}{
		{"hardened", serve(fixtures.NewRoutes(1, []cors.Origin{front}, hardened)), nil, 0,
			[]string{"30 endpoints in 1 policy class", "P1: not granted to anyone but trusted origins; 30 endpoints, 30 of them private", "Nothing was granted to anyone that should not be", "What a browser really does was not tried"}},
		{"seven policies", serve(fixtures.NewRoutes(1, []cors.Origin{front}, fixtures.SevenPolicies(60)...)), nil, 1,
			[]string{"60 endpoints in 7 policy classes", "any origin: granted with credentials", "null, the origin of every sandboxed frame: granted with credentials", "begins with", "over http", "Suspected: 15 endpoints of P1, P2, P3, P4, P5"}},
		{"against advice", advised, nil, 0,
			[]string{"P1: granted to others than the trusted origins", "it takes a page on some host under example.com", "Against advice: 10 endpoints of P1", "Nothing else was granted"}},
		{"against advice, strict", advised, []string{"--strict", session}, 1, []string{"Against advice"}},
		{"assumed", serve(fixtures.NewRoutes(1, []cors.Origin{cors.MustParseOrigin("http://localhost:3000")}, hardened)), []string{"--trusted=", session}, 0,
			[]string{"P1: not granted to anyone but origins that are assumed to be trusted", "(an assumption)"}},
		{"nobody there", "http://127.0.0.1:9", nil, 3, []string{"refused the connection"}},
		{"no HTTP", serve(broken), []string{"--read=/me", cookie}, 3, []string{"1 of 1 endpoints did not answer every question"}},
		{"a mistake", "http://127.0.0.1:9", []string{"--label=WLD"}, 2, []string{"sweep-only"}},
		{"no path", "http://127.0.0.1:9", []string{"--read=me"}, 2, []string{"is not a path"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"test", c.url, "--sweep-only"}, c.args...)
			if i := slices.Index(args, "--trusted="); i >= 0 {
				args = slices.Delete(args, i, i+1) // nobody says
			} else {
				args = append(args, "--trusted="+front.String())
			}
			if len(c.args) == 0 {
				args = append(args, session)
			}
			r := crossexam(t, []string{"CROSSEXAM_BROWSER=/nonexistent"}, args...)
			r.expect(t, c.code)
			all := r.stdout + r.stderr
			for _, want := range c.says {
				if !strings.Contains(all, want) {
					t.Errorf("%q is missing in:\n%s", want, all)
				}
			}
			for _, not := range []string{"conform", "a-long-secret-value", "\x1b"} {
				if strings.Contains(strings.ToLower(all), not) {
					t.Errorf("%q is in:\n%s", not, all)
				}
			}
		})
	}
	t.Run("json", func(t *testing.T) {
		api := fixtures.NewRoutes(2, []cors.Origin{front}, fixtures.SevenPolicies(60)...)
		r := crossexam(t, []string{"CROSSEXAM_BROWSER=/nonexistent"}, "test", serve(api), "--sweep-only", "--json", "--trusted="+front.String(), "--cookie="+fixtures.RoutesCookie+"; SameSite=None; Secure")
		r.expect(t, 1)
		var result sweep.Result
		if err := json.Unmarshal([]byte(r.stdout), &result); err != nil || result.Schema != sweep.Schema || len(result.Endpoints) != 60 || len(result.Classes) != 7 || result.Requests == 0 {
			t.Errorf("%v: %d endpoints, %d classes, schema %q", err, len(result.Endpoints), len(result.Classes), result.Schema)
		}
		if strings.Contains(strings.ToLower(r.stdout), "conform") || !strings.Contains(r.stderr, "policy classes") {
			t.Errorf("%.500s", r.stderr)
		}
	})
}
