package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/fixtures/frontend"
)

// notesAPI starts the API of the front end on FastAPI, with the lines of a policy or
// without any, and gives its address at localhost.
func notesAPI(t *testing.T, policy string) (addr string) {
	t.Helper()
	present(t, filepath.Join(root(t), "bin/stacks/fastapi"))
	var env []string
	if policy != "" {
		env = append(env, "POLICY="+save(t, "policy.py", policy))
	}
	return startServer(t, "fixtures/frontend", append(env, "PYTHONDONTWRITEBYTECODE=1"), func(port string) []string {
		return []string{filepath.Join(root(t), "bin/stacks/fastapi/bin/uvicorn"), "notes:app", "--port", port}
	})
}

func atLocalhost(addr string) string {
	return "http://" + strings.Replace(strings.TrimPrefix(addr, "http://"), "127.0.0.1", "localhost", 1)
}

// works opens front ends in a Chrome as people have it, and tells what their work came to.
func works(t *testing.T) func(page string) (string, error) {
	t.Helper()
	path, err := attacker.FindBrowser("")
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "cx")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(profile) })
	alloc, stop := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Env("HOME="+profile, "TMPDIR="+profile),
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-background-networking", true))
	t.Cleanup(stop)
	tab, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	if err := chromedp.Do(tab); err != nil {
		t.Fatal(err)
	}
	return func(page string) (string, error) {
		ctx, cancel := context.WithTimeoutCause(tab, time.Minute, errors.New("the front end hangs"))
		defer cancel()
		if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
			return "", err
		}
		return chromedp.Run(ctx, chromedp.Evaluate[string]("work()", chromedp.EvalAwaitPromise))
	}
}

// section is the code of a stack in a file of snippets.
func section(t *testing.T, text, stack string) string {
	t.Helper()
	_, after, ok := strings.Cut(text, "\n## "+stack+"\n")
	_, code, begun := strings.Cut(after, "```\n")
	code, _, ended := strings.Cut(code, "```\n")
	if !ok || !begun || !ended {
		t.Fatalf("there is no %s in\n%s", stack, text)
	}
	return code
}

// A front end whose API knows nothing of CORS is watched at its work. The policy that is
// written, set up in the API's framework or in a proxy before it, lets it work, and
// nobody else.
func TestLearnAndSetUp(t *testing.T) {
	browsertest.Needed(t)
	api := notesAPI(t, "")
	front := atLocalhost(serve(t, frontend.Handler().ServeHTTP))
	page := func(api string) string { return front + "/?api=" + atLocalhost(api) }
	open := works(t)
	if got, err := open(page(api)); err == nil {
		t.Fatalf("the front end works without a policy: %s", got)
	}

	dir := t.TempDir()
	config, snippets := filepath.Join(dir, "crossexam.yaml"), filepath.Join(dir, "cors-policy.md")
	r := crossexam(t, nil, "learn", atLocalhost(api), "--front-end", page(api), "--script", save(t, "work.js", "await work()"), "--allow-writes", "--output", config, "--snippets", snippets)
	r.expect(t, 0, "In this browser alone", "exposed headers  Etag, X-Total-Count", "set VICTIM_PASSWORD, VICTIM_USERNAME")
	yaml, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"- \"" + front + "\"", `methods: ["GET","PATCH","POST"]`, `headers: ["Content-Type","X-Requested-With"]`, `exposed: ["Etag","X-Total-Count"]`, "credentials: include", "max_age: 600",
		`- path: "/notes/1"`, "method: PATCH", `login: {"json":{"password":"${VICTIM_PASSWORD}","username":"${VICTIM_USERNAME}"},"path":"/login"}`,
	} {
		if !strings.Contains(string(yaml), want) {
			t.Errorf("the file lacks %s\n%s", want, yaml)
		}
	}
	if strings.Contains(string(yaml), "correct horse") {
		t.Error("a secret is in the file")
	}
	text, err := os.ReadFile(snippets)
	if err != nil || !strings.Contains(string(text), "## FastAPI, Starlette\n\nThe API's answers look like this one's.") || t.Failed() {
		t.Fatalf("%v\n%s", err, text)
	}

	for name, c := range map[string]struct {
		start func(t *testing.T) string
		label string
	}{
		"FastAPI": {func(t *testing.T) string { return notesAPI(t, section(t, string(text), "FastAPI, Starlette")) }, "must || should"},
		"nginx": {func(t *testing.T) string {
			return behindNginxWith(t, notesAPI(t, ""), section(t, string(text), "nginx"))
		}, "WLD || TRU || PRE || HDR || ERR"},
	} {
		t.Run(name, func(t *testing.T) {
			addr := c.start(t)
			got, err := open(page(addr))
			if err != nil || !strings.HasPrefix(got, `1 "1-`) || !strings.HasSuffix(got, " 200") {
				t.Errorf("the front end's work came to %q: %v", got, err)
			}
			r := crossexam(t, []string{"VICTIM_USERNAME=alice", "VICTIM_PASSWORD=correct horse"}, "test", atLocalhost(addr), "--config", config, "--label", c.label)
			r.expect(t, 0, "No web page of another origin could read")
		})
	}
}

// Ctrl-C ends the lesson, and what was seen is written.
func TestLearnIsInterrupted(t *testing.T) {
	browsertest.Needed(t)
	asked := make(chan struct{}, 10)
	api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"me": "alice"}`)
		if r.URL.Path == "/me" {
			asked <- struct{}{}
		}
	})
	front := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><script>fetch(%q)</script>`, api+"/me")
	})
	dir := t.TempDir()
	config := filepath.Join(dir, "crossexam.yaml")
	r := crossexamWhile(t, nil, &meanwhile{
		before: func(c *exec.Cmd) { c.Dir = dir },
		running: func(p *os.Process, _ ran) {
			<-asked
			if err := p.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		},
	}, "learn", api, "--front-end", front, "--for", "10m", "--headless")
	text, err := os.ReadFile(config)
	if r.code != 0 || err != nil || !strings.Contains(string(text), `path: "/me"`) || !strings.Contains(string(text), "credentials: none") {
		t.Errorf("exit code %d, %v\n%s\n%s", r.code, err, r.stderr, text)
	}
}

func TestLearnUsage(t *testing.T) {
	t.Parallel()
	const api, front = "http://127.0.0.1:1", "--front-end=http://localhost:3000"
	file := save(t, "there.yaml", "x")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no API":           {[]string{front}, "give the URL of the API"},
		"no front end":     {[]string{api}, "give the page that uses the API with --front-end"},
		"no page":          {[]string{api, "--front-end=app.example.com"}, `"app.example.com" is not the URL of a page`},
		"no display":       {[]string{api, front}, "there is no display here"},
		"no window":        {[]string{api, front, "--headless"}, "--headless opens no window"},
		"no script":        {[]string{api, front, "--script=/nonexistent.js"}, "--script: open /nonexistent.js"},
		"no time":          {[]string{api, front, "--for=0s"}, "give a time such as 2m"},
		"another's flag":   {[]string{api, front, "--for=1s", "--cookie=a=secret-value"}, "--cookie has no meaning for learn"},
		"file is there":    {[]string{api, front, "--for=1s", "--output", file}, "exists already: give --force"},
		"one file":         {[]string{api, front, "--for=1s", "--output=-", "--snippets=-"}, "give another name for one of them"},
		"no storage state": {[]string{api, front, "--for=1s", "--storage-state", file}, "--storage-state " + file},
		"remote browser":   {[]string{api, front, "--for=1s", "--browser=ws://127.0.0.1:9222"}, "cannot be used here"},
	} {
		r := crossexam(t, []string{"DISPLAY=", "WAYLAND_DISPLAY="}, append([]string{"learn"}, c.args...)...)
		if r.code != 2 || !strings.Contains(strings.Join(strings.Fields(r.stderr), " "), c.says) || strings.Contains(r.stderr, "secret-value") {
			t.Errorf("%s: exit code %d: %s", name, r.code, r.stderr)
		}
	}
	crossexam(t, nil, "learn", api, front, "--for=1s", "--output=-", "--snippets=/nonexistent/x").expect(t, 3, "127.0.0.1:1 refused the connection")
}
