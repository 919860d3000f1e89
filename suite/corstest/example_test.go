package corstest_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/suite/corstest"
)

// profile is a private endpoint: it wants Alice's session.
func profile(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("session"); err != nil || c.Value != "alice-7f3a9c21" {
		http.Error(w, "log in first", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintln(w, `{"name": "Alice", "salary": 4200}`)
}

// withCORS lets the origins read next that allowed says, with their cookies.
func withCORS(allowed func(origin string) bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /me", profile)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		w.Header().Set("Cache-Control", "no-store")
		if origin := r.Header.Get("Origin"); allowed(origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// careful compares the origin with a list.
func careful() http.Handler {
	return withCORS(func(origin string) bool { return origin == "https://app.example.com" })
}

// careless lets everybody in.
func careless() http.Handler {
	return withCORS(func(origin string) bool { return origin != "" })
}

// production is what a front end on another host than the API meets.
func production(more ...corstest.Option) []corstest.Option {
	return append([]corstest.Option{
		corstest.At("https://api.example.com"),
		corstest.Trusted("https://app.example.com"),
		corstest.Read("/me"),
		corstest.Cookie("session=alice-7f3a9c21; Secure; HttpOnly; SameSite=None"),
	}, more...)
}

// violated are the requirements that the handler violates and that fail a test.
func violated(h http.Handler) ([]string, error) {
	r, err := corstest.Examine(context.Background(), h, production()...)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range r.Results {
		if c.Verdict == scenarios.Violates && c.Fails {
			ids = append(ids, c.ID)
		}
	}
	return slices.Compact(ids), nil
}

// A test of a team's handler, as it stands in a file of theirs. That the subtests
// fail where they must is another test's matter.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestCORS(t *testing.T) {
		corstest.Run(t, careful(),
			corstest.At("https://api.example.com"),
			corstest.Trusted("https://app.example.com"),
			corstest.Read("/me"),
			corstest.Cookie("session=alice-7f3a9c21; Secure; HttpOnly; SameSite=None"))
	}
}

// An API that compares the origin with a list violates nothing.
func ExampleExamine() {
	r, err := corstest.Examine(context.Background(), careful(), production()...)
	if err != nil {
		fmt.Println("could not judge:", err)
		return
	}
	fmt.Println(r.Headline())
	fmt.Println(r.FrontEnd())
	fmt.Println("exit code", r.ExitCode())
	// Output:
	// No web page of another origin could read the private data at GET /me.
	// The trusted front end can do its work.
	// exit code 0
}

// The wrong way: to echo every origin, and allow credentials. Whoever does that has
// left it to every page on the web to read what the visitor can read.
func ExampleExamine_wrong() {
	ids, err := violated(careless())
	if err != nil {
		fmt.Println("could not judge:", err)
		return
	}
	for _, family := range []string{"WLD", "ORG", "NUL", "CRD", "ERR"} {
		fmt.Println(family, slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id[:3] != family }))
	}
	// Output:
	// WLD [WLD-001 WLD-002]
	// ORG [ORG-001 ORG-002 ORG-003 ORG-004 ORG-005 ORG-006 ORG-011 ORG-012 ORG-013 ORG-014 ORG-015]
	// NUL [NUL-001 NUL-002 NUL-003]
	// CRD [CRD-002 CRD-004]
	// ERR [ERR-002]
}
