package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sweptAPI has /health for everybody, and private data at every other path for who has the
// session, which POST /login gives for the right password. It grants what grants says; method is
// that of a preflight where it is one. constant has it send the trusted origin whatever is asked.
type sweptAPI struct {
	grants   func(method, path, origin string) bool
	constant bool
	// consents says whose preflights are approved, of all requests; nil for grants.
	consents func(method, path, origin string) bool
	bare     bool // without Access-Control-Allow-Credentials
}

const sweptFront = "https://app.example.com"

func (a sweptAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method, origin := r.Method, r.Header.Get("Origin")
	grants := a.grants
	if method == http.MethodOptions {
		method = r.Header.Get("Access-Control-Request-Method")
		if a.consents != nil {
			grants = a.consents
		}
	}
	w.Header().Set("Vary", "Origin")
	if a.constant {
		w.Header().Set("Access-Control-Allow-Origin", sweptFront)
	} else if origin != "" && grants(method, r.URL.Path, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
	if w.Header().Get("Access-Control-Allow-Origin") != "" && !a.bare {
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Allow-Methods", method)
		w.Header().Set("Access-Control-Allow-Headers", "content-type")
	}
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	session, err := r.Cookie("sid")
	switch {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Path == "/login" && strings.Contains(string(body), "correct-horse"):
		w.Header().Set("Set-Cookie", "sid=victims-session; Path=/; Secure; SameSite=None")
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Path == "/health":
		fmt.Fprint(w, `{"status":"up"}`)
	case err != nil || session.Value != "victims-session":
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":"log in"}`)
	default:
		fmt.Fprintf(w, `{"owner":"alice@example.com","of":%q,"asked":%q}`, r.URL.Path, body)
	}
}

// What a sweep says of the usual mistakes, of right policies, and where it cannot tell: the
// word, the sentence and the exit code. Endpoints are each judged on their own, also where they
// share a path.
func TestWordsOfASweep(t *testing.T) {
	t.Parallel()
	is := func(origins ...string) func(_, _, origin string) bool {
		return func(_, _, o string) bool {
			for _, want := range origins {
				if o == want {
					return true
				}
			}
			return false
		}
	}
	trusted := is(sweptFront)
	everyone := func(_, _, _ string) bool { return true }
	const (
		reads   = "endpoints: [{path: /me}, {path: /export}]\n"
		session = "credentials: {cookies: [\"sid=victims-session; SameSite=None; Secure\"]}\n"
		refused = "credentials: {cookies: [\"sid=anothers-session; SameSite=None; Secure\"]}\n"
		nothing = "Nothing was granted to anyone that should not be."
	)
	login := func(password string) string {
		return "credentials: {login: {path: /login, json: {username: alice, password: " + password + "}}}\n"
	}
	for _, c := range []struct {
		name   string
		api    sweptAPI
		config string
		code   int
		says   []string
		not    string
	}{
		{"echo", sweptAPI{grants: everyone}, reads + session, 1,
			[]string{"2 endpoints in 1 policy class", "P1: granted to anyone", "any origin: granted with credentials", "Suspected: 2 endpoints of P1"}, "Not everything"},
		{"suffix", sweptAPI{grants: func(_, _, o string) bool { return strings.HasSuffix(o, "example.com") }}, reads + session, 1,
			[]string{"P1: granted to anyone", "letters before the trusted domain: granted with credentials", `every origin that ends with "example.com"`}, ""},
		{"null", sweptAPI{grants: is(sweptFront, "null")}, reads + session, 1,
			[]string{"null, the origin of every sandboxed frame: granted with credentials", "granted to what is trusted: " + sweptFront}, "any origin"},
		{"subdomain", sweptAPI{grants: func(_, _, o string) bool {
			return strings.HasPrefix(o, "https://") && strings.HasSuffix(o, ".example.com")
		}}, reads + session, 0, []string{"P1: granted to others than the trusted origins", "Against advice: 2 endpoints of P1"}, "Suspected"},
		{"http", sweptAPI{grants: is(sweptFront, "http://app.example.com")}, reads + session, 1,
			[]string{"P1: granted to others than the trusted origins", "the trusted host over http: granted with credentials", "it takes a place on the victim's network path"}, ""},
		{"static", sweptAPI{constant: true}, reads + session, 0,
			[]string{"P1: not granted to anyone but trusted origins; 2 endpoints, 2 of them private", nothing}, "and not granted"},
		{"none", sweptAPI{grants: is()}, reads + session, 0,
			[]string{"P1: not granted to anyone;", "trusted, and not granted with the victim's credential: " + sweptFront, nothing}, "granted to what is trusted"},
		{"without credentials", sweptAPI{grants: everyone, bare: true}, reads + session, 0,
			[]string{"any origin: granted without credentials", "trusted, and not granted with the victim's credential: " + sweptFront, nothing}, "granted with credentials"},
		{"by route", sweptAPI{grants: func(_, path, o string) bool { return o == sweptFront || path == "/export" }}, reads + session, 1,
			[]string{"in 2 policy classes", "P1: granted to anyone; 1 endpoint, 1 of them private: GET /export", "P2: not granted to anyone but trusted origins; 1 endpoint, 1 of them private: GET /me", "Suspected: 1 endpoint of P1"}, ""},
		{"by method", sweptAPI{grants: func(method, _, o string) bool { return o == sweptFront || method == "POST" }}, session +
			"endpoints: [{path: /me}, {method: POST, path: /me, body: '{}', reads: true}, {method: DELETE, path: /me}]\n", 1,
			[]string{"P1: granted to anyone; 1 endpoint, 1 of them private: POST /me", "any origin, by a preflight for POST", "P2: not granted to anyone but trusted origins; 1 endpoint, 1 of them private: GET /me"}, "for DELETE"},
		{"a write for everyone", sweptAPI{grants: func(method, _, o string) bool { return o == sweptFront || method == "DELETE" }}, session +
			"endpoints: [{path: /me}, {path: /other}, {method: DELETE, path: /me}]\n", 1,
			[]string{"P1: granted to anyone; 1 endpoint, 1 of them private: GET /me", "any origin, by a preflight for DELETE: granted with credentials", "P2: not granted to anyone but trusted origins"}, ""},
		{"replies for everyone, to those who may ask", sweptAPI{grants: everyone, consents: trusted}, session +
			"endpoints: [{method: POST, path: /me, body: '{}', reads: true}]\n", 0,
			[]string{"P1: not granted to anyone but trusted origins; 1 endpoint, 1 of them private: POST /me", nothing}, "any origin"},
		{"queries on one path", sweptAPI{grants: trusted}, session + "endpoints:\n" +
			"  - {method: POST, path: /graphql, name: me, body: '{\"query\":\"{me}\"}', reads: true}\n" +
			"  - {method: POST, path: /graphql, name: settings, body: '{\"query\":\"{settings}\"}', reads: true}\n" +
			"  - {path: /graphql}\n", 0,
			[]string{"3 endpoints in 1 policy class", "3 of them private: POST /graphql#me, POST /graphql#settings, GET /graphql", nothing}, ""},
		{"behind a login", sweptAPI{grants: trusted}, reads + login("correct-horse"), 0, []string{"2 of them private", nothing}, ""},
		{"a wrong password", sweptAPI{grants: trusted}, "endpoints: [{path: /me}, {path: /health}]\n" + login("battery-staple"), 3,
			[]string{"0 of them private", "the victim could not log in: /login answered 401"}, nothing},
		{"a wrong password, and everyone", sweptAPI{grants: everyone}, reads + login("battery-staple"), 1,
			[]string{"Not everything is known: the victim could not log in: /login answered 401", "Suspected: 2 endpoints of P1"}, nothing},
		{"a session that is refused", sweptAPI{grants: trusted}, "endpoints: [{path: /health}, {path: /me}]\n" + refused, 3,
			[]string{"no private reply was seen; at GET /me, which answers 401, the victim's credential is refused: give a credential"}, nothing},
		{"nothing private", sweptAPI{grants: trusted}, "endpoints: [{path: /health}]\n" + session, 3, []string{"no private reply was seen"}, nothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.api)
			t.Cleanup(server.Close)
			config := filepath.Join(t.TempDir(), "crossexam.yaml")
			if err := os.WriteFile(config, []byte("target: "+server.URL+"\ntrusted: ["+sweptFront+"]\n"+c.config), 0o666); err != nil {
				t.Fatal(err)
			}
			r := crossexam(t, []string{"CROSSEXAM_BROWSER=/nonexistent"}, "test", "--config="+config, "--sweep-only")
			r.expect(t, c.code)
			all := r.stdout + r.stderr
			for _, want := range c.says {
				if !strings.Contains(all, want) {
					t.Errorf("%q is missing in:\n%s", want, all)
				}
			}
			if c.not != "" && strings.Contains(all, c.not) {
				t.Errorf("%q is in:\n%s", c.not, all)
			}
		})
	}
}
