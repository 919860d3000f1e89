package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/child"
	"github.com/crossexam/crossexam/child/childtest"
	"github.com/crossexam/crossexam/nginx"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// The deployments of docs/guide.md, on real frameworks, examined with flags alone: as
// most tutorials have them, and mended.

// python, node and plainGo start the servers of fixtures/stacks on a port; env has
// what mends them, or nothing.
func python(t *testing.T, env ...string) string {
	t.Helper()
	return startServer(t, "fixtures/stacks/fastapi", env, func(port string) []string {
		return []string{filepath.Join(root(t), "bin/stacks/fastapi/bin/uvicorn"), "app:app", "--port", port}
	})
}

func node(t *testing.T, env ...string) string {
	t.Helper()
	modules := "NODE_PATH=" + filepath.Join(root(t), "bin/stacks/express/node_modules")
	return startServer(t, "fixtures/stacks/express", append(env, modules), func(string) []string { return []string{"node", "server.js"} })
}

func plainGo(t *testing.T, env ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "plaingo")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./fixtures/stacks/plaingo")
	build.Dir = root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return startServer(t, ".", env, func(string) []string { return []string{program} })
}

// behindNginx puts nginx in front of a server; lines are what it adds to the
// location.
func behindNginx(t *testing.T, upstream, lines string) string {
	t.Helper()
	s, err := nginx.Start(t.Context(), nginx.Config{Server: fmt.Sprintf("location / { proxy_pass http://%s; %s }", upstream, lines)})
	if errors.Is(err, nginx.ErrMissing) {
		childtest.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.Addr()
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// startServer starts a program on a free port, given as PORT too, until the test
// ends, and gives its address when it accepts connections.
func startServer(t *testing.T, dir string, env []string, argv func(port string) []string) string {
	t.Helper()
	number, err := child.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(number)
	words := argv(port)
	p, err := child.Start(child.Command{Argv: words, Dir: filepath.Join(root(t), dir), Env: append(os.Environ(), append(env, "PORT="+port)...)})
	if err != nil {
		childtest.Missing(t, err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s printed:\n%s", words[0], p.Log())
		}
	})
	addr := net.JoinHostPort("127.0.0.1", port)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = p.Await(ctx, func(ctx context.Context) error {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return c.Close()
	})
	if err != nil {
		t.Fatalf("%s does not listen at %s: %v", words[0], addr, err)
	}
	return addr
}

// login gives the Set-Cookie line that the server answers a login with, as the
// guide's curl shows it.
func login(t *testing.T, addr string) string {
	t.Helper()
	res, err := http.Post("http://"+addr+"/login", "application/json", strings.NewReader(`{"username":"alice","password":"correct horse"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || len(res.Header.Values("Set-Cookie")) != 1 {
		t.Fatalf("the login was answered %s with %q", res.Status, res.Header.Values("Set-Cookie"))
	}
	return "CROSSEXAM_COOKIE=" + res.Header.Get("Set-Cookie")
}

func TestStacks(t *testing.T) {
	browsertest.Needed(t)
	const notes, shop, ops = "https://notes.example.com", "http://localhost:3000", "https://ops.example.com"
	for _, c := range []struct {
		name string
		run  func(t *testing.T) ran
		code int
		says string
		// violated are the requirements that fail the run, without those that follow
		// from another one.
		violated string
	}{
		{
			name: "FastAPI with the wildcard", code: 1, says: "Any web page can read this API with a visitor's session.",
			run: func(t *testing.T) ran {
				addr := python(t)
				return crossexam(t, []string{login(t, addr)}, "test", "http://"+addr, "--trusted", notes)
			},
			violated: "CRD-004 ERR-002 PRE-001 PRE-002 PRE-003 WLD-001",
		},
		{
			name: "FastAPI with a list", says: "No web page of another origin could read",
			run: func(t *testing.T) ran {
				addr := python(t, "ORIGINS="+notes)
				return crossexam(t, []string{login(t, addr)}, "test", "http://"+addr, "--trusted", notes)
			},
		},
		{
			name: "nginx that adds its own headers", code: 1, says: "The trusted front end cannot do all of its work (TRU-001",
			run: func(t *testing.T) ran {
				app := python(t, "ORIGINS="+notes)
				addr := behindNginx(t, app, "add_header Access-Control-Allow-Origin "+notes+" always;")
				return crossexam(t, []string{login(t, addr)}, "test", "http://"+addr, "--trusted", notes)
			},
			violated: "ERR-007 HDR-001 TRU-001",
		},
		{
			name: "nginx that leaves them to FastAPI", says: "The trusted front end can do its work.",
			run: func(t *testing.T) ran {
				app := python(t, "ORIGINS="+notes)
				addr := behindNginx(t, app, "")
				return crossexam(t, []string{login(t, addr)}, "test", "http://"+addr, "--trusted", notes)
			},
		},
		{
			name: "Express that echoes", code: 1, says: "Every origin is echoed, with credentials",
			run: func(t *testing.T) ran {
				addr := node(t)
				url := "http://" + strings.Replace(addr, "127.0.0.1", "localhost", 1)
				return crossexam(t, []string{login(t, addr)}, "test", url, "--trusted", shop, "--read", "/api/orders")
			},
			violated: "CRD-004 PRE-002 PRE-003 WLD-001",
		},
		{
			name: "Express with a list", says: "No web page of another origin could read",
			run: func(t *testing.T) ran {
				addr := node(t, "ORIGINS="+shop)
				url := "http://" + strings.Replace(addr, "127.0.0.1", "localhost", 1)
				return crossexam(t, []string{login(t, addr)}, "test", url, "--trusted", shop, "--read", "/api/orders")
			},
		},
		{
			name: "net/http with the wildcard", code: 1, says: "Any web page can read this API from a visitor's network.",
			run: func(t *testing.T) ran {
				return crossexam(t, nil, "test", "http://"+plainGo(t), "--trusted", ops, "--read", "/v1/hosts")
			},
			violated: "ERR-002 NET-001 NET-004 PRE-002 PRE-003 WLD-003",
		},
		{
			name: "net/http with a list", says: "No web page of another origin could read",
			run: func(t *testing.T) ran {
				return crossexam(t, nil, "test", "http://"+plainGo(t, "ORIGINS="+ops), "--trusted", ops, "--read", "/v1/hosts")
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.run(t)
			r.expect(t, c.code)
			if !strings.Contains(r.stdout, c.says) {
				t.Errorf("it does not say %q:\n%s", c.says, r.stdout)
			}
			if got := strings.Join(causes(r.report(t)), " "); got != c.violated {
				t.Errorf("violated %s, want %s", got, c.violated)
			}
		})
	}
}

// causes are the IDs of what fails the run and does not follow from another one.
func causes(r report.Report) []string {
	var ids []string
	for _, c := range r.Results {
		if c.Fails && c.Verdict == scenarios.Violates && c.FollowsFrom == "" && !slices.Contains(ids, c.ID) {
			ids = append(ids, c.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
