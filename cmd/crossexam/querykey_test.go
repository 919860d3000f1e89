package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/scenarios"
)

// An API whose front end has a key in the query is judged: the front end reads without
// being asked, no other page has the key, and no output has it either.
func TestKeyInTheQuery(t *testing.T) {
	browsertest.Needed(t)
	const key, front = "sesame/opens+this", "https://app.example"
	api := func(open bool) string {
		return serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Vary", "Origin")
			if origin := r.Header.Get("Origin"); origin == front || open && origin != "" {
				w.Header().Set("Access-Control-Allow-Origin", origin)
			}
			w.Header().Set("Content-Type", "application/json")
			switch {
			case r.Method == http.MethodOptions:
				w.WriteHeader(http.StatusForbidden) // a simple request needs no answer to it
			case r.URL.Query().Get("api_key") != key:
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprint(w, `{"detail": "no key"}`)
			case r.URL.Path != "/me":
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprintf(w, `{"detail": "nothing here for %s"}`, r.URL.Query().Get("api_key"))
			default:
				fmt.Fprint(w, `{"name": "Alice", "balance": 1812}`)
			}
		})
	}
	for _, open := range []bool{false, true} {
		r := crossexam(t, []string{"CROSSEXAM_QUERY_KEY=api_key=" + key}, "test", api(open), "--trusted", front, "--read", "/me?lang=en", "--label", "WLD || TRU || ORG || CRD || ERR")
		want := 0
		r.expect(t, want, "The trusted front end can do its work.")
		read := false
		for _, c := range r.report(t).Results {
			read = read || c.ID == "TRU-001" && c.Verdict == scenarios.Conforms && c.Subject.Credential == scenarios.Query
		}
		if !read {
			t.Errorf("open %v: the front end's read was not judged\n%s", open, r.stdout)
		}
		err := filepath.WalkDir(r.out, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if strings.Contains(string(b), "api_key=") {
				t.Errorf("%s has a URL with the key's name", path)
			}
			for how, text := range spellings(key) {
				if strings.Contains(string(b), text) {
					t.Errorf("%s has the key (%s)", path, how)
				}
			}
			return err
		})
		if err != nil || strings.Contains(r.stdout+r.stderr, "sesame") {
			t.Errorf("%v\n%s%s", err, r.stdout, r.stderr)
		}
	}
	crossexam(t, nil, "test", "http://127.0.0.1:1", "--trusted", front, "--query-key", "sesame").expect(t, 2, "write NAME=VALUE")
}
