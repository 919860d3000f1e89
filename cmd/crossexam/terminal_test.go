package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
)

// In the log of a CI a long examination is a few lines, on a terminal one line that
// fits it, whatever a target calls itself.
func TestProgress(t *testing.T) {
	browsertest.Needed(t)
	var log, screen bytes.Buffer
	plain := &progress{w: &log, hide: report.Visible}
	onTerminal := &progress{w: &screen, hide: report.Visible, width: func() int { return 40 }}
	const pages = 500
	for i := range pages {
		at := engine.Progress{Scenario: "ORG-001", Doing: "https://\x1b[31m" + strings.Repeat("é", 50), Attempts: i, Of: pages}
		plain.at(at)
		onTerminal.at(at)
	}
	onTerminal.done()
	if lines := strings.Count(log.String(), "\n"); lines != 9 {
		t.Errorf("%d lines:\n%s", lines, log.String())
	}
	if !strings.Contains(log.String(), " 90%  450/500 attempts  ORG-001: https://") || strings.Contains(log.String(), "\x1b") {
		t.Errorf("%s", log.String())
	}
	rewritten := strings.Split(screen.String(), "\r\x1b[K")
	if len(rewritten) != pages+2 || rewritten[pages+1] != "" {
		t.Errorf("%d lines, and then %q", len(rewritten), rewritten[len(rewritten)-1])
	}
	for _, line := range rewritten {
		if n := len([]rune(line)); n > 39 || strings.ContainsAny(line, "\n\x1b") {
			t.Fatalf("%d columns: %q", n, line)
		}
	}
	silent := &progress{w: &screen, silent: true, width: func() int { return 40 }}
	screen.Reset()
	silent.at(engine.Progress{})
	silent.tell("something")
	silent.done()
	if screen.Len() != 0 {
		t.Errorf("it should be silent: %q", screen.String())
	}
}

// With --json standard output is report.json, and all else is on standard error.
func TestJSON(t *testing.T) {
	browsertest.Needed(t)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !grant(w, r) {
			fmt.Fprint(w, `{"diary": "private"}`)
		}
	})
	r := examineURL(t, url, "--json", "--label=WLD")
	r.expect(t, 0)
	file, err := os.ReadFile(filepath.Join(r.out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if r.stdout != string(file) {
		t.Errorf("standard output is not report.json:\n%s", r.stdout)
	}
	var parsed report.Report
	if err := json.Unmarshal([]byte(r.stdout), &parsed); err != nil || len(parsed.Results) == 0 {
		t.Errorf("%v: %d results", err, len(parsed.Results))
	}
	for _, want := range []string{"starting the browser", "Exit code 0", "report.html"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("standard error does not say %q:\n%s", want, r.stderr)
		}
	}
	r = examineURL(t, url, "--json", "--dry-run")
	r.expect(t, 2, "json", "dry-run")
}

func TestQuiet(t *testing.T) {
	browsertest.Needed(t)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { grant(w, r) })
	r := examineURL(t, url, "--quiet", "--label=WLD || HDR")
	if r.stderr != "" || strings.Contains(r.stdout, "VIOLATES") || !strings.Contains(r.stdout, "Exit code") {
		t.Errorf("stdout:\n%s\nstderr:\n%s", r.stdout, r.stderr)
	}
}

// Every command explains itself in 80 columns, with examples that are commands.
func TestHelp(t *testing.T) {
	var all func(*cobra.Command)
	all = func(c *cobra.Command) {
		var help bytes.Buffer
		c.SetOut(&help)
		if err := c.Help(); err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(help.String()) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
				t.Errorf("%s --help: %d columns: %s", c.CommandPath(), n, line)
			}
		}
		if !strings.Contains(c.Example, c.CommandPath()+" ") && !strings.HasSuffix(c.Example, c.CommandPath()) && !strings.Contains(c.Example, c.CommandPath()+"\n") {
			t.Errorf("%s has no example of itself", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			all(sub)
		}
	}
	all(rootCommand())
}

func TestSuggestions(t *testing.T) {
	crossexam(t, nil, "test", "--trused=https://a.example").expect(t, 2, "unknown flag: --trused; did you mean --trusted?", "crossexam test --help")
	crossexam(t, nil, "tets").expect(t, 2, "Did you mean this?", "test")
	r := crossexam(t, nil, "doctor", "--starlette")
	r.expect(t, 2, "unknown flag: --starlette")
	if strings.Contains(r.stderr, "did you mean") {
		t.Errorf("%s", r.stderr)
	}
}

// The shells ask the command itself what can follow.
func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		begun []string
		want  []string
		not   string
	}{
		{[]string{"explain", "wld-00"}, []string{"WLD-001\tA page on", "WLD-002"}, "ORG-001"},
		{[]string{"explain", "WLD-001", ""}, nil, "WLD"},
		{[]string{"test", "--label", ""}, []string{"ORG\tWhich origins", "TRU-001"}, ""},
		{[]string{""}, []string{"doctor\t", "explain\t"}, ""},
	} {
		r := crossexam(t, nil, append([]string{"__complete"}, c.begun...)...)
		r.expect(t, 0, ":4\n") // no file names
		for _, want := range c.want {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("%q: no %q in:\n%s", c.begun, want, r.stdout)
			}
		}
		if c.not != "" && strings.Contains(r.stdout, c.not) {
			t.Errorf("%q: %q in:\n%s", c.begun, c.not, r.stdout)
		}
	}
	// The scripts are cobra's; each shell that is here reads its own.
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script := crossexam(t, nil, "completion", shell)
		script.expect(t, 0)
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not installed", shell)
			continue
		}
		c := exec.Command(path, "-n")
		c.Stdin = strings.NewReader(script.stdout)
		if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
	}
}
