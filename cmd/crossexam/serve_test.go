package main

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
)

// served is a `crossexam serve` that runs.
type served struct {
	api, page string // host and port
	opening   string
	lines     *bufio.Reader
}

// await reads the log, however its lines are broken, until the text comes.
func (s *served) await(t *testing.T, text string) {
	t.Helper()
	var words []string
	for {
		line, err := s.lines.ReadString('\n')
		words = append(words, strings.Fields(line)...)
		if strings.Contains(strings.Join(words, " "), text) {
			return
		}
		if err != nil {
			t.Fatalf("the log ended without %q:\n%s", text, strings.Join(words, " "))
		}
	}
}

// withServed runs the command while something is done with it, and ends it with
// Ctrl-C.
func withServed(t *testing.T, do func(*served), args ...string) {
	t.Helper()
	var stdout io.Reader
	r := crossexamWhile(t, nil, &meanwhile{
		before: func(c *exec.Cmd) {
			c.Stdout = nil
			var err error
			if stdout, err = c.StdoutPipe(); err != nil {
				t.Fatal(err)
			}
		},
		running: func(p *os.Process, _ ran) {
			// Should what is awaited never come, the log ends.
			hangs := time.AfterFunc(2*time.Minute, func() { _ = p.Kill() })
			defer hangs.Stop()
			s := &served{lines: bufio.NewReader(stdout)}
			for !strings.Contains(s.opening, "Ctrl-C") {
				line, err := s.lines.ReadString('\n')
				if err != nil {
					t.Fatalf("it ended: %s", s.opening)
				}
				s.opening += line
			}
			s.api = regexp.MustCompile(`The API: http://(127\.0\.0\.1:\d+)/`).FindStringSubmatch(s.opening)[1]
			port := regexp.MustCompile(`http://localhost:(\d+)/`).FindStringSubmatch(s.opening)[1]
			s.page = "localhost:" + port
			do(s)
			send(t, p, os.Interrupt)
			_, _ = io.Copy(io.Discard, s.lines)
		},
	}, append([]string{"serve"}, args...)...)
	r.expect(t, 0)
}

// Both are there, on loopback only, and what is printed is what happens.
func TestServe(t *testing.T) {
	withServed(t, func(s *served) {
		page := get(t, "http://"+s.page+"/", "")
		if !strings.Contains(page, "attackAlone(") || !strings.Contains(page, s.api) {
			t.Errorf("%s", page)
		}
		if body := get(t, "http://"+s.api+privatePath, "http://"+s.page); !strings.Contains(body, "Merger talks") {
			t.Errorf("%s", body)
		}
		s.await(t, "GET /api/notebooks 200, Origin: http://"+s.page+", no credential; granted to http://"+s.page+" with credentials")
		answer, err := http.Post("http://"+s.page+"/crossexam-collector?attempt=x", "text/plain", strings.NewReader("\x1b[31mloot"))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		s.await(t, `>>> 9 bytes arrived at the attacker's, read x: \x1b[31mloot`)
		// Nobody answers on another address of this machine.
		_, port, _ := net.SplitHostPort(s.api)
		addresses, err := net.InterfaceAddrs()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range addresses {
			ip, ok := a.(*net.IPNet)
			if !ok || ip.IP.IsLoopback() || ip.IP.IsLinkLocalUnicast() {
				continue
			}
			if c, err := net.Dial("tcp", net.JoinHostPort(ip.IP.String(), port)); err == nil {
				c.Close()
				t.Errorf("the API can be reached at %s", c.RemoteAddr())
			}
		}
	})
	withServed(t, func(s *served) {
		get(t, "http://"+s.api+privatePath, "http://"+s.page)
		s.await(t, "Origin: http://"+s.page+", no credential; no grant")
	}, "--policy=hardened")
}

func get(t *testing.T, url, origin string) string {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// What the help says of browsers is what Chrome does.
func TestServeInChrome(t *testing.T) {
	const stolen = ">>> 208 bytes arrived at the attacker's, read with what the browser adds"
	const refused = "GET /api/notebooks 401, Origin: http://PAGE, no credential"
	for _, c := range []struct {
		name    string
		blocked bool // third-party cookies
		login   string
		policy  string // empty for the default
		host    string // of the page
		log     string
	}{
		{"no login", true, "none", "", "localhost", stolen},
		{"no login, null trusted", true, "none", fixtures.NullTrusted().Name, "localhost", ">>> 208 bytes arrived at the attacker's, read from a frame of null origin, without any credential"},
		{"cookie, another site", false, "cookie", "", "localhost", stolen},
		{"cookie, another site, blocked", true, "cookie", "", "localhost", refused},
		{"cookie, same site, blocked", true, "cookie", "", "127.0.0.1", stolen},
		{"password, another site", false, "basic", "", "localhost", stolen},
		{"password, another site, blocked", true, "basic", "", "localhost", refused},
		{"password, same site, blocked", true, "basic", "", "127.0.0.1", stolen},
	} {
		args := []string{"--login=" + c.login}
		if c.policy != "" {
			args = append(args, "--policy="+c.policy)
		}
		t.Run(c.name, func(t *testing.T) {
			withServed(t, func(s *served) {
				_, port, _ := net.SplitHostPort(s.page)
				page := net.JoinHostPort(c.host, port)
				visitLoggedIn(t, attacker.Posture{BlockThirdPartyCookies: c.blocked}, c.login, s.api, page)
				s.await(t, strings.ReplaceAll(c.log, "PAGE", page))
			}, args...)
		})
	}
}

// visitLoggedIn opens the page in a Chrome that has logged in to the API before.
func visitLoggedIn(t *testing.T, p attacker.Posture, login, api, page string) {
	t.Helper()
	browsertest.Needed(t)
	stage, err := attacker.NewStage()
	if err != nil {
		t.Fatal(err)
	}
	browser, err := attacker.Start(t.Context(), stage, attacker.Options{Posture: p})
	if err != nil {
		stage.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(browser.Close(), stage.Close()); err != nil {
			t.Error(err)
		}
	})
	for _, host := range []string{api, page} {
		// The browser's every host is the stage, which hands on.
		proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: host})
			r.Out.Host = r.In.Host
		}}
		stage.Mount(cors.MustParseOrigin("http://"+host), proxy)
	}
	tab, err := browser.Tab(t.Context(), "visitor")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + api
	visit := func(u string) {
		t.Helper()
		if err := tab.Browse(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	switch login {
	case "cookie":
		visit(base + fixtures.LoginPagePath)
		form := url.Values{fixtures.PasswordField: {fixtures.Password}}
		status, err := tab.Post(t.Context(), base+fixtures.LoginPath, "application/x-www-form-urlencoded", form.Encode())
		if err != nil || status >= 400 {
			t.Fatal(status, err)
		}
	case "basic":
		login := attacker.BasicLogin{Username: fixtures.User, Password: fixtures.Password}
		if err := tab.AnswerPrompts(t.Context(), map[cors.Origin]attacker.BasicLogin{cors.MustParseOrigin(base): login}); err != nil {
			t.Fatal(err)
		}
		visit(base + privatePath)
	}
	visit("http://" + page + "/")
}

func TestServeUsage(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	crossexam(t, nil, "serve", "--policy=hardend").expect(t, 2, `no policy "hardend"`, "did you mean hardened?", "--list")
	crossexam(t, nil, "serve", "--login=form").expect(t, 2, `no login "form"`, "cookie")
	crossexam(t, nil, "serve", "--port="+port).expect(t, 2, "in use", "--port")
	crossexam(t, nil, "serve", "--port=65535").expect(t, 2, "65534")
	r := crossexam(t, nil, "serve", "--list")
	r.expect(t, 0)
	for _, p := range fixtures.Policies() {
		if !strings.Contains(r.stdout, p.Name+"\n    ") {
			t.Errorf("%s is not listed", p.Name)
		}
	}
	crossexam(t, nil, "__complete", "serve", "--policy", "").expect(t, 0, "hardened", "any-port\tThe port of an origin", ":4\n")
}
