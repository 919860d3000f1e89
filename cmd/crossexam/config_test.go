package main

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// save writes a file for one test.
func save(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	broken := save(t, "crossexam.yaml", "target: http://127.0.0.1:1\ntursted: []\n")
	for name, c := range map[string]struct {
		env, args []string
		says      []string
	}{
		"broken file":      {nil, []string{"test", "--config", broken}, []string{"crossexam.yaml:2:", `did you mean "trusted"`}},
		"no file":          {nil, []string{"test", "--config", broken + "x"}, []string{"cannot be read"}},
		"file of env":      {[]string{"CROSSEXAM_CONFIG=" + broken}, []string{"test"}, []string{"crossexam.yaml:2:"}},
		"no target":        {nil, []string{"test", "--trusted=https://a.example"}, []string{"give one URL"}},
		"env origin":       {[]string{"CROSSEXAM_TRUSTED=https://a.example/x"}, []string{"test", "http://127.0.0.1:1"}, []string{"CROSSEXAM_TRUSTED: "}},
		"both":             {nil, []string{"test", "http://127.0.0.1:1", "--bearer=a", "--bearer-file=b"}, []string{"--bearer and --bearer-file"}},
		"two from stdin":   {nil, []string{"test", "http://127.0.0.1:1", "--basic-file=-", "--bearer-file=-"}, []string{"cannot both be standard input"}},
		"no such secret":   {nil, []string{"test", "http://127.0.0.1:1", "--bearer-file=/none"}, []string{"--bearer-file: "}},
		"rate of env":      {[]string{"CROSSEXAM_RATE=fast"}, []string{"test", "http://127.0.0.1:1"}, []string{`CROSSEXAM_RATE: "fast"`}},
		"init over a file": {nil, []string{"init", "http://127.0.0.1:1", "--output", broken}, []string{"exists already", "--force"}},
	} {
		t.Run(name, func(t *testing.T) {
			crossexam(t, c.env, c.args...).expect(t, 2, c.says...)
		})
	}
}

// Flag over variable over file, seen in what a run would send.
func TestPrecedence(t *testing.T) {
	file := save(t, "crossexam.yaml", "target: http://file.invalid\ntrusted: [https://file.example]\nread: [/file]\ncredentials: {network: true}\n")
	env := []string{"CROSSEXAM_TARGET=http://env.invalid", "CROSSEXAM_TRUSTED=https://env.example,https://env2.example"}
	for name, c := range map[string]struct {
		env, args []string
		target    string
		trusted   string
	}{
		"file":     {nil, nil, "http://file.invalid/file", "https://file.example"},
		"variable": {env, nil, "http://env.invalid/file", "https://env2.example"},
		"flag":     {env, []string{"http://flag.invalid", "--trusted=https://flag.example"}, "http://flag.invalid/file", "https://flag.example"},
	} {
		t.Run(name, func(t *testing.T) {
			r := crossexam(t, c.env, append([]string{"test", "--config", file, "--dry-run"}, c.args...)...)
			r.expect(t, 0, c.target, "From a page of "+c.trusted)
			if n := strings.Count(r.stdout, ".invalid/"); n == 0 || n != strings.Count(r.stdout, strings.TrimSuffix(c.target, "file")) {
				t.Errorf("another target:\n%s", r.stdout)
			}
		})
	}
}

// A dry run contacts nobody and needs no browser.
func TestDryRun(t *testing.T) {
	var asked atomic.Int32
	url := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	file := save(t, "crossexam.yaml", `
trusted: [https://app.example]
endpoints:
  - path: /private
  - {method: PUT, path: /private, body: '{}'}
credentials: {login: {path: /login, form: {user: me, password: secret-value}}, bearer: secret-token}
`)
	r := crossexam(t, []string{"CROSSEXAM_BROWSER=/nonexistent"}, "test", url, "--config", file, "--dry-run")
	r.expect(t, 0, "OPTIONS "+url+"/private  (preflight, if the browser asks)", "withheld from the target", "the session cookie", "POST    "+url+"/login")
	if asked.Load() != 0 {
		t.Errorf("%d requests reached the target", asked.Load())
	}
	if strings.Contains(r.stdout+r.stderr, "secret-") {
		t.Errorf("a secret is printed:\n%s", r.stdout)
	}
	if _, err := os.Stat(r.out); !os.IsNotExist(err) {
		t.Error("a report was written")
	}
	r = crossexam(t, nil, "test", url, "--trusted=https://app.example", "--dry-run")
	r.expect(t, 0, "look for endpoints", "skipped")
	openapi := save(t, "openapi.json", `{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{"/things":{"get":{"responses":{"200":{"description":""}}}}}}`)
	r = crossexam(t, nil, "test", url, "--trusted=https://app.example", "--dry-run", "--openapi", openapi)
	r.expect(t, 0, url+"/things", "was believed")
	if asked.Load() != 0 {
		t.Errorf("%d requests reached the target", asked.Load())
	}
}

// gossip is an API with every way to log in, which repeats all that it was sent to
// everybody, so that secrets get into loot and evidence.
type gossip struct{ posted atomic.Value }

func (g *gossip) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", cmp.Or(r.Header.Get("Origin"), "*"))
	if r.URL.Path == "/quoted" { // the reason of a violation quotes it
		w.Header().Set("Access-Control-Allow-Origin", "https://"+r.Header.Get("Authorization")+r.Header.Get("Cookie"))
	}
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	w.Header().Set("Access-Control-Allow-Headers", "content-type, authorization")
	switch {
	case isOptions(r):
	case r.URL.Path == "/login":
		body := make([]byte, 1000)
		n, _ := r.Body.Read(body)
		w.Header().Set("Set-Cookie", "session=set-by-login-0123; HttpOnly")
		// Word by word: the body as a whole is a secret of its own.
		g.posted.Store(strings.Join(regexp.MustCompile(`[a-z0-9-]+`).FindAllString(string(body[:n]), -1), " "))
	case r.URL.Path == "/ask" && r.Header.Get("Authorization") == "":
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	default:
		fmt.Fprint(w, r.Header.Get("Cookie"), r.Header.Get("Authorization"), g.posted.Load())
	}
}

// The startup log is read from a file or from standard input, and judged.
func TestStartupLog(t *testing.T) {
	browsertest.Needed(t)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { grant(w, r) })
	log := save(t, "api.log", "2026-11-23 | WARNING | api.main:main - CORS_ORIGINS is not set \u2014 API accepts cross-origin requests from any origin (default: '*').\n")
	r := examineURL(t, url, "--startup-log="+log, "--label=CFG")
	r.expect(t, 1, "CFG-001", "CFG-002")
	r = examineURL(t, url, "--startup-log="+log, "--preset=nothing")
	r.expect(t, 2, `no preset "nothing"`, "open-notebook or fastapi")
	r = examineURL(t, url, "--startup-log=/nonexistent.log")
	r.expect(t, 2, "startup log cannot be read", "/nonexistent.log")
}

// Whichever way a secret is given, no output has it.
func TestSecretsAreRedacted(t *testing.T) {
	browsertest.Needed(t)
	url := serve(t, new(gossip).ServeHTTP)
	const secret = "hunter2-secret-value"
	state := save(t, "state.json", `{"cookies": [{"name": "session", "value": "`+secret+`", "domain": "127.0.0.1", "path": "/"}], "origins": []}`)
	yaml := func(credentials string) string {
		return save(t, "crossexam.yaml", "trusted: [https://app.example]\nread: [/tell]\ncredentials:\n  "+credentials+"\n")
	}
	file := func(text string) string { return save(t, "secret", text+"\n") }
	for name, c := range map[string]struct{ env, args []string }{
		"quoted cookie":     {nil, []string{"--cookie=session=" + secret, "--read=/quoted"}},
		"cookie":            {nil, []string{"--cookie=session=" + secret}},
		"cookie variable":   {[]string{"CROSSEXAM_COOKIE=session=" + secret}, nil},
		"cookie file":       {nil, []string{"--cookie-file=" + file("session="+secret)}},
		"storage state":     {nil, []string{"--storage-state=" + state}},
		"basic file":        {nil, []string{"--basic-file=" + file("victim:"+secret)}},
		"bearer file":       {nil, []string{"--bearer-file=" + file(secret)}},
		"bearer in file":    {[]string{"THE_TOKEN=" + secret}, []string{"--config=" + yaml("bearer: ${THE_TOKEN}")}},
		"literal in file":   {nil, []string{"--config=" + yaml("bearer: "+secret)}},
		"reference to file": {nil, []string{"--config=" + yaml("bearer: ${file:"+file(secret)+"}")}},
		"login form":        {[]string{"PIN=" + secret}, []string{"--config=" + yaml("login: {path: /login, form: {user: victim, word: '${PIN}'}}")}},
		"login json":        {nil, []string{"--config=" + yaml("login: {path: /login, json: {user: victim, x: {y: "+secret+"}}}")}},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"test", url, "--label=WLD || TRU", "--verbose"}, c.args...)
			if !strings.Contains(strings.Join(args, " "), "--config") {
				path := "--read=/tell"
				if name == "basic file" {
					path = "--read=/ask"
				}
				args = append(args, "--trusted=https://app.example", path)
			}
			r := crossexam(t, c.env, args...)
			if parsed := r.report(t); len(parsed.Results) == 0 || parsed.Fault != nil {
				t.Fatalf("nothing was judged: %+v\n%s", parsed.Fault, r.stderr)
			}
			for where, text := range outputs(t, r) {
				for _, spelling := range []string{secret, base64.StdEncoding.EncodeToString([]byte("victim:" + secret)), "set-by-login-0123"} {
					if strings.Contains(text, spelling) {
						t.Errorf("%s is in %s", spelling, where)
					}
				}
			}
		})
	}
}

// A login that is refused is a fault of the credential, never a verdict.
func TestRefusedLogin(t *testing.T) {
	browsertest.Needed(t)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !grant(w, r) && r.URL.Path == "/login" {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	file := save(t, "crossexam.yaml", "trusted: [https://app.example]\nread: [/private]\ncredentials: {login: {path: /login, json: {user: a, password: wrong-one}}}\n")
	r := crossexam(t, nil, "test", url, "--config", file, "--label=WLD-001")
	r.expect(t, 3, "/login answered 403")
}

// What init writes is what test reads.
func TestInit(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/openapi.json":
			fmt.Fprint(w, `{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{"/things":{"get":{"responses":{"200":{"description":""}}}}}}`)
		case "/things":
			fmt.Fprint(w, "[]")
		default:
			w.WriteHeader(404)
		}
	})
	file := filepath.Join(t.TempDir(), "crossexam.yaml")
	crossexam(t, nil, "init", url, "--trusted=https://app.example", "--output", file).expect(t, 0, "/things", "Written to")
	r := crossexam(t, nil, "test", "--config", file, "--dry-run")
	r.expect(t, 0, url+"/things", "https://app.example")
	r = crossexam(t, nil, "init", url, "--output", "-")
	r.expect(t, 0)
	if !strings.Contains(r.stdout, "target: \""+url+"\"") || strings.Contains(r.stdout, "Written") {
		t.Errorf("%s", r.stdout)
	}
	crossexam(t, nil, "init", url, "--read", "/named", "--output", file, "--force").expect(t, 0, "Read: /named, /things")
	crossexam(t, nil, "test", "--config", file, "--dry-run").expect(t, 0, url+"/named", url+"/things")
	crossexam(t, nil, "init", "http://127.0.0.1:1", "--output", "-").expect(t, 3, "refused")
}
