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
)

// What init writes is meant to be checked in. An API that says a credential again, in the
// names of what it has, gets it into neither the file nor the terminal.
func TestInitWritesNoSecret(t *testing.T) {
	const secret = "hunter2/secret+value"
	echoes := map[string]string{
		"raw": secret, "path": url.PathEscape(secret), "hex": hex.EncodeToString([]byte(secret)),
		"base64": url.PathEscape(base64.StdEncoding.EncodeToString([]byte("x" + secret))),
	}
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/openapi.json" {
			fmt.Fprint(w, "[]")
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
	})
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
