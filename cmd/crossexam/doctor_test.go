package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
)

// diagnosed is what doctor --json prints.
type diagnosed struct {
	Schema   string
	ExitCode int `json:"exit_code"`
	Checks   []struct{ Name, Outcome, Found, Advice string }
}

func diagnose(t *testing.T, env []string, args ...string) (ran, diagnosed) {
	t.Helper()
	r := crossexam(t, env, append([]string{"doctor", "--json"}, args...)...)
	var d diagnosed
	if err := json.Unmarshal([]byte(r.stdout), &d); err != nil {
		t.Fatalf("%v:\n%s\n%s", err, r.stdout, r.stderr)
	}
	if d.Schema != "crossexam/doctor/v1" || d.ExitCode != r.code || r.stderr != "" {
		t.Errorf("schema %q, exit code %d and %d, stderr %q", d.Schema, d.ExitCode, r.code, r.stderr)
	}
	return r, d
}

// outcomes are the checks in their order, such as "cookie ok".
func (d diagnosed) outcomes() []string {
	var all []string
	for _, c := range d.Checks {
		all = append(all, c.Name+" "+c.Outcome)
	}
	return all
}

func (d diagnosed) expect(t *testing.T, name, outcome string, says ...string) {
	t.Helper()
	for _, c := range d.Checks {
		if c.Name != name {
			continue
		}
		if c.Outcome != outcome {
			t.Errorf("%s is %s, want %s: %s", name, c.Outcome, outcome, c.Found)
		}
		for _, want := range says {
			if !strings.Contains(c.Found+" "+c.Advice, want) {
				t.Errorf("%s does not say %q: %s %s", name, want, c.Found, c.Advice)
			}
		}
		return
	}
	t.Errorf("no check %q in %q", name, d.outcomes())
}

func TestDoctor(t *testing.T) {
	browsertest.Needed(t)
	r, d := diagnose(t, nil)
	if r.code != 0 {
		t.Fatalf("exit code %d: %q", r.code, d.outcomes())
	}
	d.expect(t, "browser", "ok", "/")
	d.expect(t, "start", "ok", "Chrome/")
	d.expect(t, "cookie", "ok", "third-party cookies are allowed", "at the collector", "MissingAllowOriginHeader")
	d.expect(t, "basic", "ok", "at the collector", "MissingAllowOriginHeader")
	if attacker.CanHoldCertificate() == nil {
		d.expect(t, "client-cert", "ok", "at the collector", "MissingAllowOriginHeader")
	}
	d.expect(t, "network", "ok", "at the collector", "MissingAllowOriginHeader")
	d.expect(t, "local-network", "ok")
	d.expect(t, "certificates", "ok", "ERR_CERT_AUTHORITY_INVALID")
	d.expect(t, "temp", "ok", "cx") // the folder of this test
	sandbox := "ok"
	if os.Getuid() == 0 {
		sandbox = "note"
	}
	d.expect(t, "sandbox", sandbox)
}

// The words say all, in a line that fits.
func TestDoctorPrints(t *testing.T) {
	r := crossexam(t, []string{"PATH=/nonexistent", "CROSSEXAM_BROWSER=/nonexistent/chrome"}, "doctor")
	r.expect(t, 2, "FAIL  browser", "/nonexistent/chrome", "CROSSEXAM_BROWSER", "note  go", "only building", "No examination can be made")
	for line := range strings.Lines(r.stdout) {
		if len([]rune(strings.TrimRight(line, "\n"))) > 80 || strings.Contains(line, "\x1b") {
			t.Errorf("%q", line)
		}
	}
}

func TestDoctorWithoutABrowser(t *testing.T) {
	r, d := diagnose(t, []string{"CROSSEXAM_BROWSER=/nonexistent/chrome"})
	r.expect(t, 2)
	d.expect(t, "browser", "missing", "/nonexistent/chrome", "CROSSEXAM_BROWSER", "Name an executable")
	if slices.ContainsFunc(d.outcomes(), func(s string) bool { return strings.HasPrefix(s, "cookie") || strings.HasPrefix(s, "start") }) {
		t.Errorf("checked without a browser: %q", d.outcomes())
	}
}

// A program that is no browser is found out when it is started.
func TestDoctorWithAFakeBrowser(t *testing.T) {
	fake := filepath.Join(t.TempDir(), "chrome")
	if err := os.WriteFile(fake, []byte("#!/bin/sh\necho 'I am no browser' >&2\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r, d := diagnose(t, nil, "--browser", fake)
	r.expect(t, 2)
	d.expect(t, "browser", "ok", fake)
	d.expect(t, "start", "missing", "does not behave as Chrome", "I am no browser", "--browser")
}

// A posture in which attacks with credentials cannot be seen fails their controls,
// and no other.
func TestDoctorWithThirdPartyCookiesBlocked(t *testing.T) {
	browsertest.Needed(t)
	r, d := diagnose(t, []string{"PATH=/nonexistent"}, "--block-third-party-cookies")
	r.expect(t, 3)
	d.expect(t, "client-cert", "note", "apt-get install libnss3-tools")
	d.expect(t, "go", "note")
	d.expect(t, "cookie", "failed", "without the victim's credential", "--block-third-party-cookies")
	d.expect(t, "basic", "failed", "--block-third-party-cookies")
	d.expect(t, "network", "ok")
	d.expect(t, "certificates", "ok")
}

func TestDoctorNeedsATemporaryFolder(t *testing.T) {
	r, d := diagnose(t, []string{"TMPDIR=/dev/null", "CROSSEXAM_BROWSER=/nonexistent"})
	r.expect(t, 2)
	d.expect(t, "temp", "missing", "/dev/null", "Set TMPDIR")
	_, d = diagnose(t, []string{"TMPDIR=" + filepath.Join(t.TempDir(), strings.Repeat("long", 20)), "CROSSEXAM_BROWSER=/nonexistent"})
	d.expect(t, "temp", "note", "/tmp", "too long")
}
