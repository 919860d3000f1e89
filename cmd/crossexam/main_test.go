package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/report"
)

// binary is the command under test, built once.
var binary string

func TestMain(m *testing.M) {
	if policy := os.Getenv(policyVariable); policy != "" {
		fmt.Fprintln(os.Stderr, serveNotebook(policy, os.Args[1]))
		os.Exit(1)
	}
	if host := os.Getenv(strangerVariable); host != "" {
		askAsStranger(host, os.Args[1])
		os.Exit(0)
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "crossexam-binary-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "crossexam")
		if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}

// ran is what one run of the command left behind.
type ran struct {
	code           int
	stdout, stderr string
	out            string // the report's folder
}

// crossexam runs the command with a temporary folder of its own, and holds it to
// leaving nothing behind there, and no browser running.
func crossexam(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	return crossexamWhile(t, env, nil, args...)
}

// crossexamWhile is [crossexam] with something that is done while it runs; the
// command may be changed before.
func crossexamWhile(t *testing.T, env []string, while *meanwhile, args ...string) ran {
	t.Helper()
	// A short path, as a user's temporary folder has: Chrome makes a socket in it.
	temp, err := os.MkdirTemp("", "cx")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	r := runIn(t, temp, env, while, args...)
	nothingIn(t, temp)
	noProcessesWith(t, temp)
	return r
}

// nothingIn holds a temporary folder to being empty.
func nothingIn(t *testing.T, temp string) {
	t.Helper()
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("left behind in the temporary folder: %s", e.Name())
	}
}

// runIn runs the command with a temporary folder of the caller's.
func runIn(t *testing.T, temp string, env []string, while *meanwhile, args ...string) ran {
	t.Helper()
	r := ran{out: filepath.Join(t.TempDir(), "report")}
	if args[0] == "test" || args[0] == "demo" {
		args = append(args, "--out", r.out)
	}
	c := exec.CommandContext(t.Context(), binary, args...)
	c.Env = append(os.Environ(), append([]string{"TMPDIR=" + temp}, env...)...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if while != nil && while.before != nil {
		while.before(c)
	}
	err := c.Start()
	if err == nil && while != nil {
		while.running(c.Process, r)
	}
	if err == nil {
		err = c.Wait()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r.code, r.stdout, r.stderr = c.ProcessState.ExitCode(), stdout.String(), stderr.String()
	return r
}

// meanwhile is what a test does with a running command.
type meanwhile struct {
	before  func(*exec.Cmd) // may be nil
	running func(*os.Process, ran)
}

// noProcessesWith waits until no process mentions the path: the helpers of a
// browser that was killed end by themselves, which no event tells.
func noProcessesWith(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left := processesWith(t, path)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left running:\n%s", strings.Join(left, "\n"))
			return
		}
	}
}

// processesWith lists the command lines of running processes that mention a path.
func processesWith(t *testing.T, path string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err == nil && bytes.Contains(line, []byte(path)) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// report reads the report that the run wrote.
func (r ran) report(t *testing.T) report.Report {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var parsed report.Report
	if err := json.Unmarshal(b, &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}

func (r ran) expect(t *testing.T, code int, stderr ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", r.code, code, r.stdout, r.stderr)
	}
	for _, want := range stderr {
		if !strings.Contains(r.stderr+r.stdout, want) {
			t.Errorf("the output does not say %q\nstdout:\n%s\nstderr:\n%s", want, r.stdout, r.stderr)
		}
	}
}

// What is wrong with the command line is said before anything is started.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	const target = "http://127.0.0.1:1"
	const trusted = "--trusted=https://app.example"
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"unknown command":    {[]string{"tset"}, []string{`"tset"`}},
		"unknown flag":       {[]string{"test", target, trusted, "--starlette"}, []string{"--starlette"}},
		"no URL":             {[]string{"test"}, []string{"give one URL"}},
		"not a URL":          {[]string{"test", "api.example.com", trusted}, []string{`"api.example.com" is not a URL`}},
		"another scheme":     {[]string{"test", "ftp://api.example.com", trusted}, []string{"write it like http"}},
		"URL with a secret":  {[]string{"test", "http://u:p@127.0.0.1:1", trusted}, []string{"--basic"}},
		"a bad pattern":      {[]string{"test", target, "--trusted=https://*.github.io"}, []string{"anyone can have a name under github.io"}},
		"origin with a path": {[]string{"test", target, "--trusted=https://app.example/ui"}, []string{`"https://app.example"`}},
		"own origin":         {[]string{"test", target, "--trusted=http://127.0.0.1:1"}, []string{"the target's own origin"}},
		"not a path":         {[]string{"test", target, trusted, "--read=api/notes"}, []string{`"api/notes" is not a path`}},
		"not a cookie":       {[]string{"test", target, trusted, "--cookie=secret-value"}, []string{"Set-Cookie syntax"}},
		"basic, no colon":    {[]string{"test", target, trusted, "--basic=secret-value"}, []string{"USER:PASSWORD"}},
		"unknown label":      {[]string{"test", target, trusted, "--label=XYZ"}, []string{"matches nothing", "WLD", "must"}},
		"bad label filter":   {[]string{"test", target, trusted, "--label=WLD &&"}, []string{"cannot be read"}},
		"unknown scenario":   {[]string{"explain", "WLD-999"}, []string{`"WLD-999"`, "crossexam list"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := crossexam(t, nil, c.args...)
			r.expect(t, 2, c.says...)
			if strings.Contains(r.stderr, "secret-value") {
				t.Errorf("the message repeats a secret: %s", r.stderr)
			}
		})
	}
}

func TestNoBrowser(t *testing.T) {
	for _, args := range [][]string{{"demo"}, {"test", "http://127.0.0.1:1", "--trusted=https://app.example"}} {
		r := crossexam(t, []string{"CROSSEXAM_BROWSER=/nonexistent/chrome"}, args...)
		r.expect(t, 2, "no Chrome or Chromium found", "/nonexistent/chrome", "CROSSEXAM_BROWSER")
	}
}

func TestDemo(t *testing.T) {
	browsertest.Needed(t)
	r := crossexam(t, nil, "demo")
	r.expect(t, 0, "STOLEN", "BLOCKED", "session cookie", "HTTP Basic", "client certificate", "with the victim's certificate", "MissingAllowOriginHeader", "Access-Control-Allow-Credentials: true")
	robbed := r.report(t)
	if robbed.Summary.Exfiltration != "proven" {
		t.Errorf("exfiltration %q on the vulnerable API", robbed.Summary.Exfiltration)
	}
	for _, f := range []string{"report.html", "screens/malicious-page-cookie.png", "screens/malicious-page-basic.png", "screens/malicious-page-client-cert.png", "hardened/report.json"} {
		if info, err := os.Stat(filepath.Join(r.out, f)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// Where no browser can be given a certificate, the demonstration says so and shows
// the rest.
func TestDemoWithoutCertificateTools(t *testing.T) {
	browsertest.Needed(t)
	r := crossexam(t, []string{"PATH=" + t.TempDir()}, "demo")
	r.expect(t, 0, "STOLEN", "BLOCKED", "HTTP Basic", "not shown", "libnss3-tools")
}

// The list and the explanations come from the catalogue.
func TestCatalogueCommands(t *testing.T) {
	r := crossexam(t, nil, "list")
	r.expect(t, 0, "WLD-001", "TRU-001", "should")
	crossexam(t, nil, "explain", "wld-001").expect(t, 0, "WLD-001 (must)", "Fix:", "Guidance:", "hardening guide")
}

// docs/catalogue.md is what the code says.
func TestCataloguePage(t *testing.T) {
	var want strings.Builder
	if err := writeCatalogue(&want); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/catalogue.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != want.String() {
		t.Error("docs/catalogue.md is out of date: make generate")
	}
}

func isOptions(r *http.Request) bool { return r.Method == http.MethodOptions }

func TestVersion(t *testing.T) {
	flag, command := crossexam(t, nil, "--version"), crossexam(t, nil, "version")
	if flag.stdout != command.stdout || !strings.HasPrefix(command.stdout, "crossexam version ") || command.code != 0 {
		t.Errorf("--version prints %q, and version %q with exit code %d", flag.stdout, command.stdout, command.code)
	}
	crossexam(t, nil, "version", "--all").expect(t, 2, "unknown flag: --all")
}
