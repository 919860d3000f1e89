package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/child/childtest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
)

// A composite is what action.yml says, as far as the runner of these tests knows it.
type composite struct {
	Inputs map[string]struct {
		Default string `yaml:"default"`
	} `yaml:"inputs"`
	Outputs map[string]struct {
		Value string `yaml:"value"`
	} `yaml:"outputs"`
	Runs struct {
		Using string       `yaml:"using"`
		Steps []actionStep `yaml:"steps"`
	} `yaml:"runs"`
}

type actionStep struct {
	ID    string            `yaml:"id"`
	If    string            `yaml:"if"`
	Uses  string            `yaml:"uses"`
	Shell string            `yaml:"shell"`
	Run   string            `yaml:"run"`
	Env   map[string]string `yaml:"env"`
	With  map[string]string `yaml:"with"`
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func theAction(t *testing.T) composite {
	t.Helper()
	var c composite
	readYAML(t, filepath.Join(root(t), "action.yml"), &c)
	if c.Runs.Using != "composite" || len(c.Runs.Steps) < 5 {
		t.Fatalf("action.yml is %+v", c.Runs)
	}
	return c
}

// A runner runs the steps of the action as GitHub's does: bash with the files that
// steps write to, and the expressions that action.yml uses. What another action would
// do is remembered.
type runner struct {
	inputs  map[string]string
	env     map[string]string // replaces what a step's env says, as the addresses of servers
	temp    string
	outputs map[string]map[string]string // of steps
	exports []string                     // of GITHUB_ENV
	path    []string
	summary string
	log     string
	used    []string
}

func newRunner(t *testing.T, inputs, env map[string]string) *runner {
	t.Helper()
	for _, name := range []string{"bash", "curl", "tar", "unzip"} {
		if _, err := exec.LookPath(name); err != nil {
			childtest.Missing(t, err)
		}
	}
	// What a test does not serve is nowhere: none goes to the network.
	served := map[string]string{"CHROME_VERSIONS": "http://127.0.0.1:9", "CHROME_DOWNLOADS": "http://127.0.0.1:9", "RELEASES": "http://127.0.0.1:9"}
	maps.Copy(served, env)
	return &runner{inputs: inputs, env: served, temp: t.TempDir(), outputs: map[string]map[string]string{}}
}

var expression = regexp.MustCompile(`\$\{\{ *([^}]*?) *\}\}`)

// value is what an expression's name stands for.
func (r *runner) value(t *testing.T, c composite, name string) string {
	t.Helper()
	parts := strings.Split(name, ".")
	switch {
	case parts[0] == "inputs" && len(parts) == 2:
		in, known := c.Inputs[parts[1]]
		if !known {
			t.Fatalf("%s is no input", name)
		}
		if v, given := r.inputs[parts[1]]; given {
			return v
		}
		return in.Default
	case parts[0] == "steps" && len(parts) == 4 && parts[2] == "outputs":
		if !slices.ContainsFunc(c.Runs.Steps, func(s actionStep) bool { return s.ID == parts[1] }) {
			t.Fatalf("%s is of no step", name)
		}
		return r.outputs[parts[1]][parts[3]]
	case name == "github.action_path":
		return root(t)
	case name == "github.action_ref":
		return "v1"
	case name == "runner.os":
		return "Linux"
	case name == "runner.arch":
		return "X64"
	}
	t.Fatalf("the runner of these tests does not know %s", name)
	return ""
}

func (r *runner) expand(t *testing.T, c composite, text string) string {
	t.Helper()
	return expression.ReplaceAllStringFunc(text, func(e string) string { return r.value(t, c, expression.FindStringSubmatch(e)[1]) })
}

var comparison = regexp.MustCompile(`^([a-z0-9._-]+) (==|!=) '([^']*)'$`)

func (r *runner) holds(t *testing.T, c composite, condition string) bool {
	t.Helper()
	if condition == "" {
		return true
	}
	for part := range strings.SplitSeq(condition, " && ") {
		m := comparison.FindStringSubmatch(part)
		if m == nil {
			t.Fatalf("the runner of these tests does not know the condition %s", part)
		}
		if (r.value(t, c, m[1]) == m[3]) != (m[2] == "==") {
			return false
		}
	}
	return true
}

// run runs all steps until one fails, and gives its exit code.
func (r *runner) run(t *testing.T, c composite, working string) int {
	t.Helper()
	for _, s := range c.Runs.Steps {
		if !r.holds(t, c, s.If) {
			continue
		}
		if s.Uses != "" {
			with := ""
			for _, k := range slices.Sorted(func(yield func(string) bool) {
				for k := range s.With {
					if !yield(k) {
						return
					}
				}
			}) {
				with += " " + k + "=" + r.expand(t, c, s.With[k])
			}
			r.used = append(r.used, s.Uses+with)
			continue
		}
		if code := r.step(t, c, s, working); code != 0 {
			return code
		}
	}
	return 0
}

func (r *runner) step(t *testing.T, c composite, s actionStep, working string) int {
	t.Helper()
	if s.Shell != "bash" {
		t.Fatalf("the step %s has the shell %q", s.ID, s.Shell)
	}
	files := map[string]string{}
	env := append(os.Environ(), "GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH="+root(t), "RUNNER_TEMP="+r.temp, "RUNNER_TOOL_CACHE="+filepath.Join(r.temp, "tools"), "RUNNER_OS=Linux", "RUNNER_ARCH=X64")
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"} {
		files[name] = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(files[name], nil, 0o600); err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+files[name])
	}
	env = append(env, r.exports...)
	for k, v := range s.Env {
		v = r.expand(t, c, v)
		if own, replaced := r.env[k]; replaced {
			v = own
		}
		env = append(env, k+"="+v)
	}
	env = append(env, "PATH="+strings.Join(append(slices.Clone(r.path), os.Getenv("PATH")), ":"))
	// As GitHub's runner starts it.
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
	cmd.Dir, cmd.Env = working, env
	out, err := cmd.CombinedOutput()
	r.log += string(out)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	written := func(name string) string {
		text, err := os.ReadFile(files[name])
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	r.outputs[s.ID] = map[string]string{}
	for line := range strings.Lines(written("GITHUB_OUTPUT")) {
		k, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		r.outputs[s.ID][k] = v
	}
	r.exports = append(r.exports, strings.Split(strings.TrimSpace(written("GITHUB_ENV")), "\n")...)
	if p := strings.TrimSpace(written("GITHUB_PATH")); p != "" {
		r.path = append([]string{p}, r.path...)
	}
	r.summary += written("GITHUB_STEP_SUMMARY")
	return cmd.ProcessState.ExitCode()
}

// releases serves the built command as a release, with a checksum, and gives the
// address and the checksum.
func releases(t *testing.T, program string, listed func(sum string) string) (address, sum string) {
	t.Helper()
	var archive bytes.Buffer
	packed := gzip.NewWriter(&archive)
	files := tar.NewWriter(packed)
	content, err := os.ReadFile(program)
	if err == nil {
		err = files.WriteHeader(&tar.Header{Name: "crossexam", Mode: 0o755, Size: int64(len(content))})
	}
	if err == nil {
		_, err = files.Write(content)
	}
	if err = errors.Join(err, files.Close(), packed.Close()); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(archive.Bytes())
	sum = hex.EncodeToString(hash[:])
	const name = "crossexam_linux_amd64.tar.gz"
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/latest/download/" + name, "/download/v1.2.3/" + name:
			_, _ = w.Write(archive.Bytes())
		case "/latest/download/checksums.txt", "/download/v1.2.3/checksums.txt":
			_, _ = io.WriteString(w, strings.Repeat("0", 64)+"  crossexam_darwin_arm64.tar.gz\n"+listed(sum))
		default:
			http.NotFound(w, r)
		}
	}), sum
}

func wellListed(sum string) string { return sum + "  crossexam_linux_amd64.tar.gz\n" }

// standIn is a program in the place of crossexam, which says that it is one.
func standIn(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crossexam")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n[ \"$1\" = --version ] && echo crossexam version v1.2.3 && exit\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// On the whole way: the release is downloaded and held to its checksum, the API
// examined, summary and annotations written, the SARIF file handed on, the job failed.
func TestActionExamines(t *testing.T) {
	browsertest.Needed(t)
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the runner of these tests is Linux on amd64")
	}
	n := fixtures.Notebook{Policy: fixtures.WildcardEchoAlways(), Login: fixtures.SessionCookie, Origins: []cors.Origin{cors.MustParseOrigin("https://app.example")}}
	url := serve(t, n.Handler().ServeHTTP)
	secret := sessionOf(t, url)
	address, sum := releases(t, binary, wellListed)
	working := t.TempDir()
	r := newRunner(t, map[string]string{
		"target": url, "trusted": "https://app.example\n", "read": "  /api/notebooks\n\n", "label": "WLD-001", "flags": "--quiet", "upload-sarif": "true", "checksum": strings.ToUpper(sum),
		"cookie": fixtures.CookieName + "=" + secret + "; SameSite=None; Secure",
	}, map[string]string{"RELEASES": address})
	code := r.run(t, theAction(t), working)
	if code != 1 || r.outputs["examine"]["exit-code"] != "1" {
		t.Errorf("exit code %d, output %v\n%s", code, r.outputs["examine"], r.log)
	}
	if !strings.Contains(r.log, "\n::error title=Crossexam%3A ") || !strings.Contains(r.summary, "## Crossexam:") || !strings.Contains(r.summary, "WLD-001: ") {
		t.Errorf("log:\n%s\nsummary:\n%s", r.log, r.summary)
	}
	if strings.Contains(r.log+r.summary, secret) {
		t.Error("the session is in the log or the summary")
	}
	if len(r.used) != 1 || !strings.HasPrefix(r.used[0], "github/codeql-action/upload-sarif@") || !strings.HasSuffix(r.used[0], " sarif_file=crossexam-report/results.sarif") {
		t.Errorf("used: %q", r.used)
	}
	if info, err := os.Stat(filepath.Join(working, "crossexam-report/results.sarif")); err != nil || info.Size() == 0 {
		t.Error(err)
	}
}

// How flags are given and what fails the job, with a stand-in that ends as an
// examination would.
func TestActionFlagsAndVerdicts(t *testing.T) {
	action := theAction(t)
	browser := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(browser, []byte("#!/bin/sh\necho Chromium 150.0.1.2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CROSSEXAM_BROWSER", browser)
	const report = `mkdir -p out; echo "$CROSSEXAM_COOKIE" >out/cookie; printf '%s\n' "$@" >args
touch out/report.json out/summary.md; exit $(cat code)
`
	address, _ := releases(t, standIn(t, report), wellListed)
	for name, c := range map[string]struct {
		inputs map[string]string
		ends   string
		code   int
		args   string // lines of crossexam test, or empty where it is not run
	}{
		"conforms":             {map[string]string{}, "0", 0, "test http://api --out out"},
		"violates":             {map[string]string{}, "1", 1, "test http://api --out out"},
		"could not judge":      {map[string]string{}, "3", 3, "test http://api --out out"},
		"crashed":              {map[string]string{}, "7", 7, "test http://api --out out"},
		"never, violates":      {map[string]string{"fail-on": "never"}, "1", 0, "test http://api --out out"},
		"never, doubt":         {map[string]string{"fail-on": "never"}, "3", 0, "test http://api --out out"},
		"never, stale":         {map[string]string{"fail-on": "never"}, "2", 2, "test http://api --out out"},
		"should":               {map[string]string{"fail-on": "should"}, "1", 1, "test http://api --strict --out out"},
		"new":                  {map[string]string{"fail-on": "new", "baseline": "b.json"}, "1", 1, "test http://api --baseline=b.json --fail-on-new --out out"},
		"new, without another": {map[string]string{"fail-on": "new"}, "0", 2, ""},
		"no such":              {map[string]string{"fail-on": "high"}, "0", 2, ""},
		"lists": {map[string]string{"trusted": "https://a.example\n  https://b.example  \n", "read": "/a b\n/$(id)", "flags": "--rate=5\n--preset=open-notebook", "cookie": "session=x"}, "0", 0,
			"test http://api --trusted=https://a.example --trusted=https://b.example --read=/a b --read=/$(id) --rate=5 --preset=open-notebook --out out"},
	} {
		t.Run(name, func(t *testing.T) {
			working := t.TempDir()
			if err := os.WriteFile(filepath.Join(working, "code"), []byte(c.ends), 0o600); err != nil {
				t.Fatal(err)
			}
			inputs := map[string]string{"target": "http://api", "out": "out", "version": "v1.2.3"}
			for k, v := range c.inputs {
				inputs[k] = v
			}
			r := newRunner(t, inputs, map[string]string{"RELEASES": address})
			if code := r.run(t, action, working); code != c.code {
				t.Errorf("exit code %d, want %d\n%s", code, c.code, r.log)
			}
			args, _ := os.ReadFile(filepath.Join(working, "args"))
			if got := strings.TrimSpace(strings.ReplaceAll(string(args), "\n", " ")); got != c.args {
				t.Errorf("crossexam got %s, want %s", got, c.args)
			}
			if cookie, _ := os.ReadFile(filepath.Join(working, "out/cookie")); c.args != "" && strings.TrimSpace(string(cookie)) != c.inputs["cookie"] {
				t.Errorf("the cookie was %q", cookie)
			}
			if c.args != "" && r.outputs["install"]["version"] != "v1.2.3" {
				t.Errorf("the version was %q", r.outputs["install"]["version"])
			}
		})
	}
}

// What was tampered with, or is not there, is not run.
func TestActionRefusesWhatIsNotTheRelease(t *testing.T) {
	action := theAction(t)
	for name, c := range map[string]struct {
		inputs map[string]string
		listed func(string) string
		says   string
	}{
		"another checksum is listed": {nil, func(string) string { return strings.Repeat("1", 64) + "  crossexam_linux_amd64.tar.gz\n" }, "and checksums.txt says 1111"},
		"none is listed":             {nil, func(string) string { return "" }, "does not list"},
		"another one is wanted":      {map[string]string{"checksum": strings.Repeat("2", 64)}, wellListed, "the workflow wants 2222"},
		"no such version":            {map[string]string{"version": "v9.9.9"}, wellListed, "could not be downloaded"},
		"no version":                 {map[string]string{"version": "../../evil"}, wellListed, "is none"},
	} {
		t.Run(name, func(t *testing.T) {
			address, _ := releases(t, standIn(t, "touch ran\n"), c.listed)
			working := t.TempDir()
			inputs := map[string]string{"target": "http://api"}
			for k, v := range c.inputs {
				inputs[k] = v
			}
			r := newRunner(t, inputs, map[string]string{"RELEASES": address})
			if code := r.run(t, action, working); code != 2 || !strings.Contains(r.log, "::error title=Crossexam could not be installed::") || !strings.Contains(r.log, c.says) {
				t.Errorf("exit code %d:\n%s", code, r.log)
			}
			if len(r.path) > 0 {
				t.Errorf("it is on the PATH: %v", r.path)
			}
		})
	}
}

// A browser of a version is installed once, and the cache can keep it.
func TestActionInstallsABrowser(t *testing.T) {
	action := theAction(t)
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	h := &zip.FileHeader{Name: "chrome-linux64/chrome"}
	h.SetMode(0o755)
	f, err := z.CreateHeader(h)
	if err == nil {
		_, err = io.WriteString(f, "#!/bin/sh\necho Google Chrome for Testing 150.0.1.2\n")
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	downloads := 0
	chrome := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/LATEST_RELEASE_STABLE":
			_, _ = io.WriteString(w, "150.0.1.2")
		case "/150.0.1.2/linux64/chrome-linux64.zip":
			downloads++
			_, _ = w.Write(archive.Bytes())
		default:
			http.NotFound(w, r)
		}
	})
	address, _ := releases(t, standIn(t, `[ "$1" = test ] && "$CROSSEXAM_BROWSER" --version >browser; exit 2`), wellListed)
	r := newRunner(t, map[string]string{"target": "http://api", "chrome-version": "stable"}, map[string]string{"RELEASES": address, "CHROME_VERSIONS": chrome, "CHROME_DOWNLOADS": chrome})
	working := t.TempDir()
	for range 2 { // the second finds what the cache would restore
		if code := r.run(t, action, working); code != 2 {
			t.Errorf("exit code %d:\n%s", code, r.log)
		}
	}
	if said, _ := os.ReadFile(filepath.Join(working, "browser")); !strings.Contains(string(said), "150.0.1.2") || downloads != 1 {
		t.Errorf("%d downloads, and the browser said %q\n%s", downloads, said, r.log)
	}
	want := "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae key=crossexam-chrome-150.0.1.2-Linux-X64 path=" + filepath.Join(r.temp, "tools/crossexam-chrome/150.0.1.2")
	if len(r.used) != 2 || r.used[0] != want {
		t.Errorf("used: %q", r.used)
	}
	for _, version := range []string{"../x", "newest"} {
		r := newRunner(t, map[string]string{"target": "http://api", "chrome-version": version}, map[string]string{"RELEASES": address, "CHROME_VERSIONS": chrome, "CHROME_DOWNLOADS": chrome})
		if code := r.run(t, action, working); code != 2 || !strings.Contains(r.log, "is no version of Chrome") {
			t.Errorf("%s: exit code %d:\n%s", version, code, r.log)
		}
	}
}
