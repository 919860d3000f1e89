package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// policyVariable has the test binary be the notebook API as a program, under the
// policy it names, with CORS_ORIGINS from the environment. It says at its start
// what it was told.
const policyVariable = "NOTEBOOK_POLICY"

func serveNotebook(policy, port string) error {
	p, ok := fixtures.PolicyNamed(policy)
	if !ok {
		return fmt.Errorf("there is no policy %q", policy)
	}
	value, set := os.LookupEnv("CORS_ORIGINS")
	configured := fixtures.ParseCORSOrigins(value, set)
	fmt.Fprintln(os.Stderr, "the password is", os.Getenv("NOTEBOOK_PASSWORD"))
	n := fixtures.Notebook{Policy: p, CORSOrigins: &configured, Log: os.Stderr}
	return http.ListenAndServe("127.0.0.1:"+port, n.Handler())
}

// launchFile is a crossexam.yaml that starts the test binary. mark is on the
// programs' command lines.
func launchFile(t *testing.T, policy, mark, more string) string {
	t.Helper()
	command, err := json.Marshal([]string{os.Args[0], "{port}", mark})
	if err != nil {
		t.Fatal(err)
	}
	return save(t, "crossexam.yaml", "trusted: [https://app.example]\nread: [/api/notebooks]\npreset: open-notebook\n"+
		"launch:\n  command: "+string(command)+"\n  ready: /health\n  timeout: 3m\n"+
		"  env: {"+policyVariable+": "+policy+", NOTEBOOK_PASSWORD: '${PASSWORD_OF_TESTS}'}\n"+more)
}

// outputs are all that a run printed and wrote, by where it is.
func outputs(t *testing.T, r ran) map[string]string {
	t.Helper()
	all := map[string]string{"standard output": r.stdout, "standard error": r.stderr}
	err := filepath.WalkDir(r.out, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A target that Crossexam starts is examined, what it logs is read, and each way to
// misconfigure it is judged; afterwards none of the programs is left.
func TestLaunch(t *testing.T) {
	browsertest.Needed(t)
	env := []string{"PASSWORD_OF_TESTS=hunter2-of-the-program"}
	for policy, want := range map[string]struct {
		code     int
		convicts []string
	}{
		"hardened":             {0, nil},
		"wildcard-echo-always": {1, []string{"CORS_ORIGINS not set", `CORS_ORIGINS=""`, `CORS_ORIGINS="https://app.example,*"`}},
	} {
		t.Run(policy, func(t *testing.T) {
			mark := filepath.Join(t.TempDir(), "mark")
			r := crossexam(t, env, "test", "--config", launchFile(t, policy, mark, ""), "--label=CFG || WLD-003", "--verbose")
			parsed := r.report(t)
			var convicts []string
			judged := map[string]int{}
			for _, c := range parsed.Results {
				judged[c.ID]++
				if c.Verdict == scenarios.Violates {
					convicts = append(convicts, c.Subject.Endpoint)
				} else if c.Verdict != scenarios.Conforms {
					t.Errorf("%s %s: %s: %s", c.ID, c.Subject.Endpoint, c.Verdict, c.Reason)
				}
			}
			slices.Sort(convicts)
			if parsed.Summary.Requests < 5 { // the page's among them: its requests go through the target's own tap
				t.Errorf("the target got %d requests", parsed.Summary.Requests)
			}
			if r.code != want.code || judged["WLD-003"] == 0 || !slices.Equal(convicts, want.convicts) || judged["CFG-001"] != 1 || judged["CFG-002"] != 1 || judged["CFG-003"] != 6 {
				t.Errorf("exit code %d, convicted by %q, judged %v\n%s%s", r.code, convicts, judged, r.stdout, r.stderr)
			}
			if left := processesWith(t, mark); len(left) > 0 {
				t.Errorf("left running: %q", left)
			}
			for where, text := range outputs(t, r) {
				if strings.Contains(text, "hunter2-of-the-program") {
					t.Errorf("the program's secret is in %s", where)
				}
			}
		})
	}
}

// What a program logs of its secrets is quoted by nobody.
func TestLaunchLogIsRedacted(t *testing.T) {
	browsertest.Needed(t)
	file := launchFile(t, "hardened", "mark", "startup_log: {origins: 'the password is (.*)'}\n")
	r := crossexam(t, []string{"PASSWORD_OF_TESTS=hunter2-of-the-program"}, "test", "--config", file, "--label=CFG-002")
	r.expect(t, 1, "CFG-002", "[redacted]")
	for where, text := range outputs(t, r) {
		if strings.Contains(text, "hunter2-of-the-program") {
			t.Errorf("the program's secret is in %s", where)
		}
	}
}

// What cannot be started is an error of the configuration, with its place, and
// without what the program was told.
func TestLaunchThatFails(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	r := crossexam(t, []string{"PASSWORD_OF_TESTS=hunter2-of-the-program"}, "test", "--config", launchFile(t, "nothing", mark, ""), "--label=CFG")
	r.expect(t, 2, "crossexam.yaml:4:1: launch", "exit status 1", `no policy "nothing"`)
	if left := processesWith(t, mark); len(left) > 0 {
		t.Errorf("left running: %q", left)
	}
	if strings.Contains(r.stderr, "hunter2") {
		t.Error(r.stderr)
	}
}

// A command gives the startup log, and its failures are told apart.
func TestStartupLogOfACommand(t *testing.T) {
	browsertest.Needed(t)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { grant(w, r) })
	file := func(command string) string {
		return save(t, "crossexam.yaml", "target: "+url+"\ntrusted: [https://app.example]\nread: [/private]\nstartup_log: {command: "+command+"}\n")
	}
	examine := func(command string, more ...string) ran {
		return crossexam(t, nil, append([]string{"test", "--config", file(command), "--label=CFG-001 || CFG-002"}, more...)...)
	}
	examine(`[echo, "CORS allowed origins: ['https://app.example']"]`).expect(t, 0, "2 conform")
	examine(`[echo, "CORS allowed origins: ['*']"]`).expect(t, 1, "CFG-002")
	examine("[crossexam-no-such-program]").expect(t, 2, "crossexam.yaml:4:1: startup_log", "crossexam-no-such-program", "is it installed")
	examine("[sh, -c, 'echo no such container >&2; exit 7']").expect(t, 2, "exit status 7: no such container")
	examine("['true']").expect(t, 2, "it printed nothing")
	// A flag wins over the file's command.
	log := save(t, "api.log", "CORS allowed origins: ['https://app.example']\n")
	examine("[crossexam-no-such-program]", "--startup-log="+log).expect(t, 0, "2 conform")
}

// A dry run names the programs, and starts none.
func TestDryRunOfPrograms(t *testing.T) {
	touched := filepath.Join(t.TempDir(), "touched")
	file := launchFile(t, "hardened", touched, "startup_log: {command: [touch, "+touched+"]}\n")
	r := crossexam(t, []string{"PASSWORD_OF_TESTS=hunter2-of-the-program"}, "test", "--config", file, "--dry-run")
	r.expect(t, 0, "Not run, and would be for the startup log: touch "+touched, os.Args[0]+" {port} "+touched,
		`1. with CORS_ORIGINS="https://app.example"`, "7. with CORS_ORIGINS not set", "http://127.0.0.1:1/api/notebooks", "http://127.0.0.1:7/api/notebooks")
	if _, err := os.Stat(touched); err == nil {
		t.Error("the command was run")
	}
	if strings.Contains(r.stdout+r.stderr, "hunter2") {
		t.Errorf("%s", r.stdout)
	}
}
