package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// namedAfter is an API that names what it has after the token that it got, as it is told,
// in percent encoding, in hexadecimal and in base64.
func namedAfter(secret string) (h http.HandlerFunc, echoes map[string]string) {
	echoes = map[string]string{
		"raw": secret, "path": url.PathEscape(secret), "hex": hex.EncodeToString([]byte(secret)),
		"base64": url.PathEscape(base64.StdEncoding.EncodeToString([]byte("x" + secret))),
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case grant(w, r):
			return
		case r.URL.Path != "/openapi.json" && r.Header.Get("Authorization") != "Bearer "+secret:
			w.WriteHeader(http.StatusUnauthorized)
			return
		case r.URL.Path != "/openapi.json":
			fmt.Fprintf(w, `{"diary": "of the victim", "at": %q}`, r.URL.Path)
			return
		}
		fmt.Fprintf(w, `{"openapi":"3.1.0","info":{"title":%q,"version":"1"},"components":{"securitySchemes":{"k":{"type":"apiKey","in":"header","name":"X-%s"}}},"paths":{"/things":{"get":{}}`,
			secret, echoes["hex"])
		for name, echo := range echoes {
			for _, method := range []string{"get", "put"} {
				fmt.Fprintf(w, `,"/%s-%s/%s":{%q:{"security":[{"k":[]}]}}`, name, method, echo, method)
			}
		}
		fmt.Fprint(w, "}}")
	}, echoes
}

// What is hidden in a file of YAML leaves it one.
func TestHiddenLinesAreYAML(t *testing.T) {
	const file = "policy:\n  exposed: [ETag, hunter2, X-hunter2-Id]\n"
	if got, want := string(hidingOf([]string{"hunter2"}).lines([]byte(file))), "policy:\n  exposed: [ETag, redacted, X-redacted-Id]\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A run tells which endpoints there are, while it goes on and in the names of JUnit's
// cases too.
func TestEndpointsNamedAfterASecret(t *testing.T) {
	browsertest.Needed(t)
	const secret = "hunter2/secret+value"
	h, echoes := namedAfter(secret)
	r := crossexam(t, []string{"CROSSEXAM_BEARER=" + secret}, "test", serve(t, h), "--trusted=https://app.example", "--label=WLD-001 || TRU-001", "--verbose")
	if parsed := r.report(t); len(parsed.Results) < 4 || parsed.Fault != nil {
		t.Fatalf("%d results, fault %+v\n%s", len(parsed.Results), parsed.Fault, r.stderr)
	}
	for where, text := range outputs(t, r) {
		for name, echo := range echoes {
			if strings.Contains(strings.ReplaceAll(text, "\n  ", ""), echo) {
				t.Errorf("%s is in %s", name, where)
			}
		}
	}
}

// What init writes is meant to be checked in. An API that says a credential again, in the
// names of what it has, gets it into neither the file nor the terminal.
func TestInitWritesNoSecret(t *testing.T) {
	const secret = "hunter2/secret+value"
	h, echoes := namedAfter(secret)
	target := serve(t, h)
	file := filepath.Join(t.TempDir(), "crossexam.yaml")
	r := crossexam(t, []string{"CROSSEXAM_BEARER=" + secret}, "init", target, "--trusted=https://app.example", "--output", file)
	r.expect(t, 0, "/things", "Paths with a secret of the victim in them are left out:")
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, echo := range echoes {
		for where, text := range map[string]string{"the file": string(written), "the terminal": r.stdout + r.stderr} {
			if strings.Contains(strings.ReplaceAll(text, "\n  ", ""), echo) {
				t.Errorf("%s is in %s\n%s", name, where, text)
			}
		}
	}
	crossexam(t, nil, "test", "--config", file, "--dry-run").expect(t, 0, target+"/things")
}

// A program that says why it does not start may say its secrets too, as it likes.
func TestErrorsHideSecrets(t *testing.T) {
	const secret = "hunter2/secret+value"
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	script := save(t, "says.sh", "echo no: "+encoded+"; exit 7\n")
	for name, yaml := range map[string]string{
		"launch": "trusted: [https://app.example]\nread: [/me]\ncredentials: {bearer: '${SECRET}'}\nlaunch: {command: [sh, " + script + ", '{port}'], variable: ORIGINS}\n",
		"log":    "target: http://127.0.0.1:1\ntrusted: [https://app.example]\nread: [/me]\ncredentials: {bearer: '${SECRET}'}\nstartup_log: {command: [sh, " + script + "]}\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := save(t, "crossexam.yaml", yaml)
			r := crossexam(t, []string{"SECRET=" + secret}, "test", "--config", file)
			r.expect(t, 2, "no: [redacted]")
			if strings.Contains(r.stdout+r.stderr, encoded) {
				t.Errorf("it says the secret\n%s", r.stderr)
			}
		})
	}
}
