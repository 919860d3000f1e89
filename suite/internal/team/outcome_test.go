package team_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// An outcome is how a run of the team's suite ended.
type outcome struct {
	code   int
	output string
	specs  map[string][]string // names, by state
}

// runTeam runs the suite in a process of its own, since Ginkgo allows one run in
// each, and sees to it that no browser's profile is left.
func runTeam(t *testing.T, env []string, flags ...string) outcome {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir, whose path may be too long for a browser's profile.
	temp, err := os.MkdirTemp("", "team")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, "outcome")
	cmd := exec.Command(self, append([]string{"-test.run=^TestTeam$", "-ginkgo.no-color"}, flags...)...)
	cmd.Env = append(os.Environ(), append([]string{"TMPDIR=" + temp, "TEAM_OUTCOME=" + file}, env...)...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{code: cmd.ProcessState.ExitCode(), output: string(out), specs: map[string][]string{}}
	f, err := os.Open(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		state, name, _ := strings.Cut(s.Text(), " ")
		o.specs[state] = append(o.specs[state], name)
	}
	left, err := filepath.Glob(filepath.Join(temp, "*crossexam-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	return o
}

// expect checks the exit code and what is printed.
func (o outcome) expect(t *testing.T, code int, says ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code %d, expected %d", o.code, code)
	}
	for _, text := range says {
		if !strings.Contains(o.output, text) {
			t.Errorf("it does not say %q", text)
		}
	}
	if t.Failed() {
		t.Log(o.output)
	}
}

// in tells whether a spec whose name has these words ended in the state.
func (o outcome) in(state string, words ...string) bool {
	return slices.ContainsFunc(o.specs[state], func(name string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(name, w) })
	})
}

// needsBrowser is browsertest.Needed, which a team does not import.
func needsBrowser(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a browser")
	}
}

const ownSpec = "asks strangers to log in"

// A careless API fails, and says why; the other registration and the team's own
// spec pass.
func TestCareless(t *testing.T) {
	needsBrowser(t)
	o := runTeam(t, []string{"TEAM_API=careless"}, "-ginkgo.label-filter=own || WLD || NUL-001", "-ginkgo.randomize-all", "-ginkgo.v")
	o.expect(t, 1,
		"WLD-001 is violated (must, high)",
		"expected:  A page on an arbitrary origin cannot read",
		"happened:  https://evil.test read the 200 reply with the victim's cookie",
		"subject:   GET /me from https://evil.test with cookie",
		"fix:")
	for _, c := range []struct {
		state string
		words []string
	}{
		{"failed", []string{"CORS", "WLD-001"}},
		{"failed", []string{"CORS", "WLD-002"}},
		{"failed", []string{"CORS", "NUL-001"}},
		{"passed", []string{"CORS", "WLD-004"}},
		{"skipped", []string{"CORS", "WLD-003"}}, // a session is asked for
		{"passed", []string{"Another API", "WLD-001"}},
		{"passed", []string{ownSpec}},
		{"skipped", []string{"CORS", "ORG-001"}}, // the filter
	} {
		if !o.in(c.state, c.words...) {
			t.Errorf("%v did not end as %s: %v", c.words, c.state, o.specs)
		}
	}
	if strings.Contains(o.output, session) {
		t.Error("the session is printed")
	}
}

// An accepted violation is skipped with the reason; an entry that excuses nothing
// fails its requirement.
func TestAcceptedDeviations(t *testing.T) {
	needsBrowser(t)
	file := filepath.Join(t.TempDir(), "accepted.yaml")
	const entry = "- {id: %s, reason: it moves in spring, owner: the team, expires: %s}\n"
	day := time.Now().AddDate(0, 0, 30).Format(time.DateOnly)
	if err := os.WriteFile(file, fmt.Appendf(nil, entry+entry, "WLD-001", day, "WLD-004", day), 0o600); err != nil {
		t.Fatal(err)
	}
	o := runTeam(t, []string{"TEAM_API=careless", "TEAM_ACCEPTED=" + file}, "-ginkgo.label-filter=WLD && !another", "-ginkgo.v")
	o.expect(t, 1, "accepted until "+day+" by the team: it moves in spring", "it is stale")
	if !o.in("skipped", "CORS", "WLD-001") || !o.in("failed", "CORS", "WLD-002") || !o.in("failed", "CORS", "WLD-004") {
		t.Error(o.specs)
	}
}

// A server for each spec is another examination for each.
func TestServerForEachSpec(t *testing.T) {
	needsBrowser(t)
	o := runTeam(t, []string{"TEAM_API=each"}, "-ginkgo.label-filter=another && WLD")
	o.expect(t, 0)
	if !o.in("passed", "Another API", "WLD-001") || !o.in("passed", "Another API", "WLD-002") {
		t.Error(o.specs)
	}
}

// A filter that leaves out Crossexam needs no browser.
func TestOwnSpecsAlone(t *testing.T) {
	o := runTeam(t, []string{"CROSSEXAM_BROWSER=/nonexistent"}, "-ginkgo.label-filter=!crossexam")
	o.expect(t, 0)
	if !o.in("passed", ownSpec) || o.in("passed", "WLD-001") {
		t.Error(o.specs)
	}
}

// Trouble of the harness fails one spec of the registration, however often that is
// tried, and no other.
func TestTroubleFailsOnce(t *testing.T) {
	needsBrowser(t)
	for name, c := range map[string]struct {
		env  string
		says string
	}{
		"nobody listens": {"TEAM_API=down", "cannot reach http://127.0.0.1:1"},
		"no browser":     {"CROSSEXAM_BROWSER=/nonexistent", "no Chrome or Chromium found"},
	} {
		t.Run(name, func(t *testing.T) {
			o := runTeam(t, []string{c.env}, "-ginkgo.label-filter=(crossexam && NUL || own) && !another", "-ginkgo.flake-attempts=2", "-ginkgo.v")
			o.expect(t, 1, "could not judge: ", c.says, "could not judge, as CORS NUL NUL-001")
			if len(o.specs["failed"]) != 1 || !o.in("skipped", "NUL-002") || !o.in("passed", ownSpec) {
				t.Error(o.specs)
			}
		})
	}
}

// However the suite ends, the browser ends with it.
func TestAccidents(t *testing.T) {
	needsBrowser(t)
	for name, c := range map[string]struct {
		env   string
		flags []string
		says  string
		state string // of the third spec
	}{
		"abort":     {"abort", nil, "the team has seen enough", "aborted"},
		"interrupt": {"interrupt", nil, "Interrupted by User", "interrupted"},
		"fail fast": {"fail", []string{"-ginkgo.fail-fast"}, "the team's own check", "failed"},
		"fail":      {"fail", nil, "the team's own check", "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			o := runTeam(t, []string{"TEAM_ACCIDENT=" + c.env}, append(c.flags, "-ginkgo.label-filter=accident && WLD")...)
			o.expect(t, 1, c.says)
			if !o.in(c.state, "WLD-003") || !o.in("passed", "WLD-002") {
				t.Error(o.specs)
			}
			if goesOn := name == "fail"; o.in("passed", "WLD-004") != goesOn {
				t.Errorf("WLD-004 passed: %t: %v", !goesOn, o.specs)
			}
		})
	}
}
