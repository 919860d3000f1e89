package target

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// Without a document only data that is not at every path counts as private, and
// where there is none nothing is made up.
func TestGuessesAreData(t *testing.T) {
	type reply struct{ media, body string }
	const jsonType, html = "application/json", "text/html; charset=utf-8"
	for name, c := range map[string]struct {
		replies map[string]reply // "*" for every other path; 404 without
		cookie  string
		want    string
		left    string
	}{
		"nothing":                          {nil, "", "", ""},
		"a landing page":                   {map[string]reply{"/": {html, "<!doctype html><title>Tool</title>"}}, "", "", "GET / (it answered with a page"},
		"a landing page, logged in":        {map[string]reply{"/": {html, "<!doctype html><title>Tool</title>"}}, "s=1; Secure", "", "GET / (it answered with a page"},
		"one page for every path":          {map[string]reply{"*": {html, "<html><div id=root>"}}, "s=1; Secure", "", ""},
		"a page that says it is not":       {map[string]reply{"/me": {jsonType, "<!DOCTYPE html><p>x"}}, "", "", "GET /me"},
		"one JSON for every path":          {map[string]reply{"*": {jsonType, `{"error": "no such thing"}`}}, "", "", ""},
		"an echo of the path":              {map[string]reply{"*": {jsonType, `{"you asked for": "PATH"}`}}, "", "", ""},
		"a word":                           {map[string]reply{"/": {"text/plain", "Ollama is running"}}, "", "", "GET /"},
		"a greeting":                       {map[string]reply{"/": {jsonType, `{"message": "Open Notebook API is running"}`}}, "", "GET /", ""},
		"a health word, a version":         {map[string]reply{"/health": {jsonType, `{"status": "ok"}`}, "/api": {jsonType, `{"name": "x", "version": "1.2"}`}}, "", "GET /api\nGET /health", ""},
		"data at the root":                 {map[string]reply{"/": {jsonType, `[{"iban": "DE00"}]`}}, "", "GET / private", ""},
		"data":                             {map[string]reply{"/me": {jsonType, `{"name": "Alice"}`}, "/": {html, "<html>"}}, "", "GET /me private", ""},
		"data as XML":                      {map[string]reply{"/api/user": {"application/xml", `<user><name>Alice</name></user>`}}, "", "GET /api/user private", ""},
		"settings, where nothing usual is": {map[string]reply{"/settings": {jsonType, `{"owner": "Alice"}`}, "/flows": {jsonType, `[{"id": "f1", "token": "x"}]`}, "/": {html, "<html>"}}, "", "GET /settings private\nGET /flows private", ""},
		"settings, beside what is usual":   {map[string]reply{"/settings": {jsonType, `{"owner": "Alice"}`}, "/me": {jsonType, `{"name": "Alice"}`}}, "", "GET /me private", ""},
		"links of what is seldom": {map[string]reply{
			"/account":     {jsonType, `{"owner": "Alice", "invoices": "/v1/invoices"}`},
			"/v1/invoices": {jsonType, `[{"total": 7}]`},
		}, "", "GET /account private\nGET /v1/invoices private", ""},
		"an empty reply": {map[string]reply{"/me": {jsonType, ""}}, "", "", "GET /me"},
		"links": {map[string]reply{
			"/":            {jsonType, `{"invoices": "ORIGIN/v1/invoices", "langs": "/v1/languages", "out": "/v1/logout", "evil": "https://evil.test/x", "hole": "/v1/{id}", "user": "http://u:p@h/x", "version": "2"}`},
			"/v1/invoices": {jsonType, `[{"total": 7}]`}, "/v1/languages": {jsonType, `["en"]`}, "/v1/logout": {jsonType, `{"x": 1}`},
		}, "", "GET /\nGET /v1/invoices private\nGET /v1/languages", "/v1/logout"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				out, ok := c.replies[r.URL.Path]
				if !ok {
					out, ok = c.replies["*"]
				}
				if !ok || strings.Contains(r.URL.Path, "openapi") || strings.Contains(r.URL.Path, "docs") {
					http.NotFound(w, r)
					return
				}
				w.Header().Set("Content-Type", out.media)
				fmt.Fprint(w, strings.NewReplacer("PATH", r.URL.Path, "ORIGIN", "http://"+r.Host).Replace(out.body))
			}))
			defer server.Close()
			config := Config{URL: server.URL}
			if c.cookie != "" {
				config.Credentials.Cookies = []string{c.cookie}
			}
			config, found, err := config.discover(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := paths(found.Reads); got != c.want {
				t.Errorf("reads:\n%s\nwant:\n%s", got, c.want)
			}
			if _, all := c.replies["*"]; (found.Alike != nil) != (all || len(c.replies) == 0) {
				t.Errorf("every path is answered with %+v", found.Alike)
			}
			summary := strings.Join(found.Summary(), "\n")
			if !strings.Contains(summary, c.left) || c.want == "" && !strings.Contains(summary, "`read`") {
				t.Errorf("it says:\n%s", summary)
			}
			d, err := config.Deployment(t.Context())
			if err != nil || len(d.Facts.Reads()) != len(found.Reads) {
				t.Errorf("it examines %v, %v", d.Facts.Reads(), err)
			}
		})
	}
}

func TestSaysLittle(t *testing.T) {
	for _, c := range []struct {
		path, body string
		want       bool
	}{
		{"/", `{"message": "Welcome to the API", "version": "1.0", "docs": "/docs"}`, true},
		{"/", `"pong"`, true},
		{"/x", `{"status": "ok", "uptime": 7}`, true},
		{"/api/v1", `{"anything": "https://api.example.com/x"}`, true},
		{"/x", `{"avatar": "/img/1.png"}`, false},
		{"/", `{"message": "hello", "balance": 7}`, false},
		{"/", `{"status": {"user": "alice"}}`, false},
		{"/me", `{"name": "alice"}`, false},
		{"/orders", `[]`, false},
		{"/x", `[{"name": "alice"}]`, false},
		{"/x", `not JSON`, false},
	} {
		if got := saysLittle(c.path, &cors.Response{Status: 200, Body: c.body}); got != c.want {
			t.Errorf("%s %s: %t", c.path, c.body, got)
		}
	}
}
