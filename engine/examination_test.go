package engine

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/target"
)

// What is wrong with the request is told from what keeps it from being judged.
func TestPrepare(t *testing.T) {
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/mine" { // which nobody guesses
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"name": "Alice"}`)
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	log := filepath.Join(t.TempDir(), "api.log")
	if err := os.WriteFile(log, []byte("x | INFO | api.main:main - CORS allowed origins: ['https://app.example.com']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	base := target.Config{URL: "http://" + server.Addr(), Trusted: []string{"https://app.example.com"}, Reads: []string{"/mine"}}
	for name, c := range map[string]struct {
		change func(*target.Config)
		says   string // empty for no error
		fault  Stage  // empty for what is wrong with the request
	}{
		"whole":             {func(*target.Config) {}, "", ""},
		"no trusted origin": {func(c *target.Config) { c.Trusted = nil }, "no trusted origin", ""},
		"nothing to read":   {func(c *target.Config) { c.Reads = nil }, "nothing was found at the target that can be read", ""},
		"a write to try": {func(c *target.Config) {
			c.Reads, c.Endpoints = nil, []target.EndpointConfig{{Method: "POST", Path: "/x"}}
		}, "no endpoint was found whose reply is private", StagePremises},
		"startup log":    {func(c *target.Config) { c.StartupLog.File = log }, "", ""},
		"log of stdin":   {func(c *target.Config) { c.StartupLog.File = "-" }, "name a file", ""},
		"starts nothing": {func(c *target.Config) { c.Launch.Command, c.Launch.Variable = []string{"true"}, "ORIGINS" }, "{port}", ""},
		"bad origin":     {func(c *target.Config) { c.Trusted = []string{"app"} }, "trusted origin", ""},
		"nobody listens": {func(c *target.Config) { c.URL, c.Reads = "http://127.0.0.1:1", nil }, "cannot reach", StageReach},
	} {
		t.Run(name, func(t *testing.T) {
			config := base
			c.change(&config)
			x, err := NewExamination(t.Context(), Request{Config: config, MustFind: true})
			if err == nil {
				defer x.Close()
				err = x.Prepare(t.Context())
			}
			var fault *Fault
			var wrong target.Problems
			asked := errors.As(err, &fault)
			switch {
			case c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("error %v", err)
			case name == "startup log" && x.Deployment().Facts.StartupLog == nil:
				t.Error("the log was not read")
			case asked != (c.fault != ""), asked && fault.Stage != c.fault, !asked && err != nil && !errors.As(err, &wrong):
				t.Errorf("it is of the wrong kind: %#v", err)
			}
		})
	}
}
