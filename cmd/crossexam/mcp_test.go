package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/target"
)

// converse gives a client that speaks with an assistant in memory.
func converse(t *testing.T, own target.Config, allowed ...string) *mcp.ClientSession {
	t.Helper()
	r, err := newReach(own, allowed)
	if err != nil {
		t.Fatal(err)
	}
	near, far := mcp.NewInMemoryTransports()
	served := make(chan error, 1)
	go func() { served <- serveMCP(context.Background(), newAssistant(own, r), far) }()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), near, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		session.Close()
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return session
}

// call calls a tool, and gives its text, and whether it is an error that the assistant
// can read. One of the protocol is an error of the test.
func call(t *testing.T, s *mcp.ClientSession, tool string, arguments map[string]any) (text string, failed bool) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s %v: %v", tool, arguments, err)
	}
	return textOf(r), r.IsError
}

func textOf(r *mcp.CallToolResult) string {
	var b strings.Builder
	for _, c := range r.Content {
		if text, ok := c.(*mcp.TextContent); ok {
			b.WriteString(text.Text)
		}
	}
	return b.String()
}

func TestMCPOffersItsTools(t *testing.T) {
	s := converse(t, target.Config{URL: "https://api.example.com"}, "https://*.staging.example.com")
	list, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		if tool.Annotations == nil || !tool.Annotations.ReadOnlyHint {
			t.Errorf("%s is not said to read only", tool.Name)
		}
		if tool.Name == "examine" {
			for _, want := range []string{"127.0.0.1", "https://api.example.com", "https://*.staging.example.com"} {
				if !strings.Contains(tool.Description, want) {
					t.Errorf("its description does not say that %s may be examined: %s", want, tool.Description)
				}
			}
		}
	}
	slices.Sort(names)
	if want := []string{"examine", "explain", "list", "read_report"}; !slices.Equal(names, want) {
		t.Errorf("its tools are %v", names)
	}
	if all, _ := json.Marshal(list); len(all) > 12<<10 { // each conversation pays for it
		t.Errorf("the list of tools has %d bytes", len(all))
	}
}

func TestMCPAnswersWithoutExamining(t *testing.T) {
	s := converse(t, target.Config{})
	for name, c := range map[string]struct {
		tool      string
		arguments map[string]any
		failed    bool
		says      []string
	}{
		"explain":          {"explain", map[string]any{"id": "wld-001"}, false, []string{"WLD-001 (must)", "Fix:", "Guidance:"}},
		"list":             {"list", nil, false, []string{"WLD-001 must", "TRU-001"}},
		"list of a family": {"list", map[string]any{"family": "org", "level": "must"}, false, []string{"ORG-"}},

		"unknown requirement":    {"explain", map[string]any{"id": "WLD-999"}, true, []string{"WLD-999", "list has them all"}},
		"no ID":                  {"explain", nil, true, []string{"id"}},
		"unknown family":         {"list", map[string]any{"family": "XYZ"}, true, []string{`"XYZ"`, "WLD"}},
		"nothing examined":       {"read_report", nil, true, []string{"call examine first"}},
		"two reports":            {"read_report", map[string]any{"report": "x", "file": "y"}, true, []string{"only one of them"}},
		"no such file":           {"read_report", map[string]any{"file": "nowhere/report.json"}, true, []string{"nowhere/report.json"}},
		"no URL":                 {"examine", nil, true, []string{"`url`"}},
		"not a URL":              {"examine", map[string]any{"url": "api"}, true, []string{"write it like http://127.0.0.1:5055"}},
		"password in the URL":    {"examine", map[string]any{"url": "http://u:hunter2@127.0.0.1:1"}, true, []string{"HTTP authentication"}},
		"broken, with password":  {"examine", map[string]any{"url": "http//u:hunter2@127.0.0.1:1"}, true, []string{"is not a URL"}},
		"no trusted origin":      {"examine", map[string]any{"url": "http://127.0.0.1:1"}, true, []string{"`trusted`"}},
		"not an origin":          {"examine", map[string]any{"url": "http://127.0.0.1:1", "trusted": []string{"https://app.example/ui"}}, true, []string{`"https://app.example"`}},
		"not a cookie":           {"examine", map[string]any{"url": "http://127.0.0.1:1", "trusted": []string{}, "cookies": []string{"hunter2"}}, true, []string{"Set-Cookie syntax"}},
		"not a label":            {"examine", map[string]any{"url": "http://127.0.0.1:1", "trusted": []string{}, "label": "XYZ"}, true, []string{"matches nothing"}},
		"unknown argument":       {"examine", map[string]any{"url": "http://127.0.0.1:1", "allow_writes": true}, true, []string{"allow_writes"}},
		"wrong type":             {"examine", map[string]any{"url": "http://127.0.0.1:1", "trusted": "https://app.example"}, true, []string{"trusted"}},
		"a GET with an effect":   {"examine", map[string]any{"url": "http://127.0.0.1:1", "read": []string{"/logout"}}, true, []string{`says "logout"`}},
		"too many paths":         {"examine", map[string]any{"url": "http://127.0.0.1:1", "read": slices.Repeat([]string{"/a"}, 51)}, true, []string{"at most"}},
		"another machine":        {"examine", map[string]any{"url": "https://api.example.com", "trusted": []string{}}, true, []string{"https://api.example.com may not be examined", "--allow-target https://api.example.com"}},
		"a name that is no name": {"examine", map[string]any{"url": "http://127.0.0.1.example.com", "trusted": []string{}}, true, []string{"may not be examined"}},
	} {
		t.Run(name, func(t *testing.T) {
			text, failed := call(t, s, c.tool, c.arguments)
			if failed != c.failed {
				t.Errorf("error: %t, want %t: %s", failed, c.failed, text)
			}
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q: %s", want, text)
				}
			}
			if strings.Contains(text, "hunter2") {
				t.Errorf("the message repeats a secret: %s", text)
			}
		})
	}
	if _, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "write"}); err == nil {
		t.Error("a tool that does not exist answered")
	}
}

func TestMCPReach(t *testing.T) {
	r, err := newReach(target.Config{URL: "https://api.example.com/v1"}, []string{"https://*.Staging.example.com", "http://10.0.0.5:80*"})
	if err != nil {
		t.Fatal(err)
	}
	for address, may := range map[string]bool{
		"http://localhost:5055":               true,
		"http://127.0.0.1":                    true,
		"https://[::1]:8443":                  true,
		"http://app.localhost:3000":           true,
		"https://api.example.com":             true,
		"https://API.example.com:443/v2":      true,
		"https://a.staging.example.com":       true,
		"http://10.0.0.5:8080":                true,
		"https://api.example.com:8443":        false,
		"http://api.example.com":              false,
		"https://staging.example.com":         false,
		"https://a.staging.example.com.evil":  false,
		"http://a.staging.example.com":        false,
		"https://a.staging.example.com:8443":  false,
		"http://10.0.0.5":                     false,
		"http://localhost.example.com":        false,
		"http://0.0.0.0:5055":                 false,
		"http://192.168.0.1":                  false,
		"http://169.254.169.254/latest":       false,
		"http://evil.test/.localhost":         false,
		"http://evil.test?a.localhost":        false,
		"https://evil/a.staging.example.com":  false,
		"https://evil#.staging.example.com":   false,
		"https://evil.staging.example.com\\.": false,
	} {
		o, err := originOf(address)
		if err == nil {
			err = r.check(o)
		}
		if (err == nil) != may {
			t.Errorf("%s: %v, want allowed: %t", address, err, may)
		}
	}
	for _, pattern := range []string{"", "*", "example.com", "https://", "ftp://example.com", "https://example.com/", "https://u@example.com"} {
		if _, err := newReach(target.Config{}, []string{pattern}); err == nil {
			t.Errorf("the pattern %q was taken", pattern)
		}
	}
}

// The credentials that the command was started with go to its own target alone, and
// nothing is written, whatever the configuration allows.
func TestMCPConfiguration(t *testing.T) {
	own := readOnly(target.Config{
		URL: "https://api.example.com", Trusted: []string{"https://app.example.com"}, AllowWrites: true, InsecureSkipVerify: true,
		Credentials: target.CredentialsConfig{Cookies: []string{"session=own"}},
		Endpoints:   []target.EndpointConfig{{Method: "POST", Path: "/notes", SafeToWrite: true}},
		Errors:      []target.ErrorConfig{{Method: "POST", Path: "/notes", SafeToWrite: true}},
	})
	r, err := newReach(own, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := newAssistant(own, r)
	asked := func(in examineArguments) target.Config {
		t.Helper()
		c, err := a.config(in)
		if err != nil {
			t.Fatal(err)
		}
		if c.AllowWrites || slices.ContainsFunc(c.Endpoints, func(e target.EndpointConfig) bool { return e.SafeToWrite }) ||
			slices.ContainsFunc(c.Errors, func(e target.ErrorConfig) bool { return e.SafeToWrite }) {
			t.Errorf("%+v may write", c)
		}
		return c
	}
	if c := asked(examineArguments{}); c.URL != own.URL || len(c.Credentials.Cookies) != 1 || len(c.Endpoints) != 1 {
		t.Errorf("without arguments it is %+v", c)
	}
	if c := asked(examineArguments{URL: "https://api.example.com/v2", Read: []string{"/me"}}); len(c.Credentials.Cookies) != 1 || c.URL != "https://api.example.com/v2" || len(c.Reads) != 1 || len(c.Trusted) != 1 {
		t.Errorf("with the own origin it is %+v", c)
	}
	c := asked(examineArguments{URL: "http://127.0.0.1:1", Trusted: []string{}})
	if len(c.Credentials.Cookies) > 0 || len(c.Endpoints) > 0 || c.InsecureSkipVerify || c.Trusted == nil {
		t.Errorf("another target gets what is not its: %+v", c)
	}
}

// What is on standard input is the protocol.
func TestMCPLeavesStandardInput(t *testing.T) {
	for _, arguments := range [][]string{{"--cookie-file=-"}, {"--startup-log", "-"}} {
		r := crossexam(t, nil, append([]string{"mcp"}, arguments...)...)
		r.expect(t, 2, "standard input, on which the assistant speaks")
	}
	crossexam(t, nil, "mcp", "--allow-target", "example.com").expect(t, 2, "no pattern of origins")
}

// Reports are read below the folder only, wherever links lead.
func TestMCPReadsReportsBelow(t *testing.T) {
	base := t.TempDir()
	inside := filepath.Join(base, "work")
	r := report.New(engine.Record{Run: "crossexam-1"}, report.Meta{})
	for _, dir := range []string{filepath.Join(inside, "crossexam-report"), filepath.Join(base, "elsewhere")} {
		if err := report.WriteAll(dir, r, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(base, "elsewhere"), filepath.Join(inside, "link")); err != nil {
		t.Fatal(err)
	}
	for path, reads := range map[string]bool{
		"crossexam-report/report.json":                        true,
		"./crossexam-report/../crossexam-report/report.json":  true,
		filepath.Join(inside, "crossexam-report/report.json"): true,
		"../elsewhere/report.json":                            false,
		"link/report.json":                                    false,
		filepath.Join(base, "elsewhere/report.json"):          false,
		"crossexam-report":                                    false,
		"crossexam-report/summary.md":                         false,
		"crossexam-report/none.json":                          false,
	} {
		got, err := readBelow(inside, path)
		if (err == nil) != reads {
			t.Errorf("%s: %v, want read: %t", path, err, reads)
		} else if reads && got.Run.Name != "crossexam-1" {
			t.Errorf("%s: another report", path)
		}
	}
}

// A report of many large results is read in parts that fit.
func TestMCPReadsInParts(t *testing.T) {
	r := report.Report{}
	for i := range 40 {
		result := report.Result{ID: "WLD-001", Family: "WLD", Verdict: "violates", Reason: strings.Repeat("r", 2<<10)}
		if i == 20 { // too large by itself
			result.Proof.Exchanges = slices.Repeat([]report.Exchange{{Fault: strings.Repeat("f", 2<<10)}}, 20)
		}
		r.Results = append(r.Results, result)
	}
	r.Results = append(r.Results, report.Result{ID: "ORG-001", Family: "ORG", Verdict: "conforms"})
	seen := 0
	for skip, calls := 0, 0; ; calls++ {
		p, err := selected(r, readArguments{ID: "wld", Skip: skip})
		if err != nil || calls > 40 {
			t.Fatalf("after %d: %v", seen, err)
		}
		if text, _ := json.Marshal(p); len(text) > maxText {
			t.Fatalf("a part has %d bytes", len(text))
		}
		if seen += len(p.Results); p.Selected != 40 {
			t.Fatalf("%d are selected", p.Selected)
		}
		if skip = p.Next; skip == 0 {
			break
		}
		if skip != seen {
			t.Fatalf("after %d results it goes on at %d", seen, skip)
		}
	}
	if seen != 40 {
		t.Errorf("%d of 40 results were read", seen)
	}
	for name, in := range map[string]readArguments{"no such": {ID: "NET-001"}, "no such verdict": {Verdict: "fails"}, "beyond": {ID: "WLD", Skip: 40}} {
		if _, err := selected(r, in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// An assistant over stdio: it is told how far an examination is, gets what it came to,
// without a secret and without the victim's data, and can break off another.
func TestMCPExamines(t *testing.T) {
	browsertest.Needed(t)
	n := fixtures.Notebook{Policy: fixtures.WildcardEchoAlways(), Login: fixtures.SessionCookie, Origins: []cors.Origin{cors.MustParseOrigin("https://app.example")}}
	api := n.Handler()
	written := make(chan string, 100)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions {
			written <- r.Method + " " + r.URL.Path
		}
		api.ServeHTTP(w, r)
	})
	secret := sessionOf(t, url)
	<-written // the login
	var everything transcript
	working := t.TempDir()
	r := crossexamWhile(t, nil, &meanwhile{
		before: func(c *exec.Cmd) {
			c.Dir = working
			everything.connect(t, c)
		},
		running: func(p *os.Process, _ ran) {
			// Should what is awaited never come, the conversation ends.
			hangs := time.AfterFunc(3*time.Minute, func() { _ = p.Kill() })
			defer hangs.Stop()
			var mu sync.Mutex
			var steps []string
			last := 0.0
			client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
				ProgressNotificationHandler: func(_ context.Context, n *mcp.ProgressNotificationClientRequest) {
					mu.Lock()
					defer mu.Unlock()
					if n.Params.Progress <= last {
						t.Errorf("progress went from %v to %v", last, n.Params.Progress)
					}
					last = n.Params.Progress
					steps = append(steps, n.Params.Message)
				},
			})
			s, err := client.Connect(t.Context(), &everything, nil)
			if err != nil {
				t.Errorf("connecting: %v", err)
				return
			}
			defer s.Close()
			params := &mcp.CallToolParams{Name: "examine", Arguments: map[string]any{
				"url": url, "trusted": []string{"https://app.example"}, "read": []string{privatePath}, "cookies": []string{fixtures.CookieName + "=" + secret + "; SameSite=None; Secure"}, "label": "WLD",
			}}
			params.SetProgressToken("t")
			result, err := s.CallTool(t.Context(), params)
			if err != nil || result.IsError {
				t.Errorf("examine: %v, %s", err, textOf(result))
				return
			}
			var e examined
			if structured, err := json.Marshal(result.StructuredContent); err != nil || json.Unmarshal(structured, &e) != nil {
				t.Errorf("what it came to cannot be read: %v", err)
			}
			if e.ExitCode != 1 || len(e.Violates) == 0 || e.Violates[0].ID != "WLD-001" || e.Violates[0].Fix == "" || len(e.Causes) == 0 || e.Causes[0].Fix == "" || e.Summary.Exfiltration != report.Proven {
				t.Errorf("it came to %+v", e)
			}
			if !strings.Contains(textOf(result), "WLD-001") || !strings.Contains(textOf(result), "bytes") {
				t.Errorf("%s", textOf(result))
			}
			mu.Lock()
			if told := strings.Join(steps, "\n"); !strings.Contains(told, "starting the browser") || !strings.Contains(told, "attempts, WLD-") {
				t.Errorf("it was told %s", told)
			}
			mu.Unlock()
			evidence, failed := call(t, s, "read_report", map[string]any{"report": e.Report, "id": "WLD-001"})
			if failed || !strings.Contains(evidence, "Access-Control-Allow-Origin") || !strings.Contains(evidence, dataMark) {
				t.Errorf("%s", evidence)
			}

			// Another is broken off as soon as it has reached its target.
			reached := make(chan struct{}, 100)
			slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				reached <- struct{}{}
				<-r.Context().Done()
			})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-reached
				cancel()
			}()
			if _, err := s.CallTool(ctx, &mcp.CallToolParams{Name: "examine", Arguments: map[string]any{"url": slow, "trusted": []string{}, "read": []string{"/private"}}}); err == nil {
				t.Error("an examination that was cancelled has a result")
			}
			// Its turn is over: the next one is refused for what it asks, and not kept waiting.
			if text, failed := call(t, s, "examine", map[string]any{"url": url, "trusted": []string{}, "label": "XYZ"}); !failed || !strings.Contains(text, "matches nothing") {
				t.Errorf("%s", text)
			}
		},
	}, "mcp")
	r.expect(t, 0)
	close(written)
	for w := range written {
		t.Errorf("it wrote to the target: %s", w)
	}
	if !everything.has("WLD-001") {
		t.Fatal("the transcript is empty")
	}
	for _, private := range []string{secret, "Merger talks"} {
		if everything.has(private) {
			t.Errorf("the assistant got %q", private)
		}
	}
	if left, err := os.ReadDir(working); err != nil || len(left) > 0 {
		t.Errorf("it left %v in the folder where it ran, %v", left, err)
	}
}

const dataMark = "[the victim's data is left out]"

// sessionOf logs the victim in, and gives the value of the session cookie.
func sessionOf(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Post(url+fixtures.LoginPath, "application/json", strings.NewReader(`{"password":"`+fixtures.Password+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if len(answer.Cookies()) != 1 {
		t.Fatalf("the login was answered %d with %d cookies", answer.StatusCode, len(answer.Cookies()))
	}
	return answer.Cookies()[0].Value
}

// A transcript is a transport to a command that remembers all that came from it.
type transcript struct {
	mcp.IOTransport
	mu  sync.Mutex
	all bytes.Buffer
}

func (s *transcript) connect(t *testing.T, c *exec.Cmd) {
	t.Helper()
	c.Stdout = nil
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.IOTransport = mcp.IOTransport{Writer: in, Reader: struct {
		io.Reader
		io.Closer
	}{io.TeeReader(out, s), out}}
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *transcript) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Contains(s.all.Bytes(), []byte(text))
}
