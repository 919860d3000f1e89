package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
)

// frontEnd is a small front end of the notebook API: it logs in and does its work.
const frontEnd = `<!doctype html><title>My notebooks</title><script>
const api = location.hash.slice(1);
const call = (path, init) => fetch(api + path, { credentials: "include", ...init });
const json = { "Content-Type": "application/json" };
const work = (async () => {
  await call("/api/auth/login", { method: "POST", headers: json, body: JSON.stringify({ password: "` + fixtures.Password + `" }) });
  await (await call("/api/notebooks?limit=2")).json();
  await (await call("/api/notebooks/1")).json();
  await call("/api/notebooks/1", { method: "PUT", headers: json, body: JSON.stringify({ name: "Merger talks" }) });
  await call("/api/notebooks/none");
  await call("/api/notebooks?limit=abc");
  return "done";
})();
</script>`

// recordHAR opens the front end in a real Chrome and writes what happens as a HAR
// file, with what the developer tools of Chrome have of each request.
func recordHAR(t *testing.T, api, front string) string {
	t.Helper()
	authority := loopbacktest.NewAuthority(t)
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, frontEnd)
	}), authority)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	path, err := attacker.FindBrowser("")
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "cx")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile)
	if err := errors.Join(os.Mkdir(profile+"/Default", 0o700), os.WriteFile(profile+"/Default/Preferences", []byte(browsertest.CookiesAllowed), 0o600)); err != nil {
		t.Fatal(err)
	}
	alloc, stop := chromedp.NewExecAllocator(t.Context(),
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Env("HOME="+profile, "TMPDIR="+profile),
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("host-resolver-rules", "MAP "+strings.TrimPrefix(front, "https://")+":443 "+server.Addr()),
		chromedp.Flag("ignore-certificate-errors-spki-list", authority.SPKI()))
	defer stop()
	tab, end := chromedp.NewContext(alloc)
	defer end()
	if err := chromedp.Do(tab); err != nil {
		t.Fatal(err)
	}
	h := &harWriter{entries: map[network.RequestID]*harEntry{}}
	if err := chromedp.Listen(tab, h.event); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(tab, time.Minute, errors.New("the front end hangs"))
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(front+"/#"+api)); err != nil {
		t.Fatal(err)
	}
	if done, err := chromedp.Run(ctx, chromedp.Evaluate[string]("work", chromedp.EvalAwaitPromise)); err != nil || done != "done" {
		t.Fatalf("%q, %v", done, err)
	}
	if err := chromedp.Cancel(tab); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{"log": map[string]any{
		"version": "1.2", "creator": map[string]string{"name": "WebInspector", "version": "537.36"},
		"pages": []map[string]any{{"id": "page_1", "title": front + "/", "pageTimings": map[string]any{}}}, "entries": h.order,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return save(t, "front-end.har", string(data))
}

// A harWriter makes a HAR file of Chrome's events. They come in one goroutine.
type harWriter struct {
	entries map[network.RequestID]*harEntry
	order   []*harEntry
}

type harEntry struct {
	PageRef string `json:"pageref"`
	Type    string `json:"_resourceType"`
	Request struct {
		Method   string         `json:"method"`
		URL      string         `json:"url"`
		Headers  []cors.Header  `json:"headers"`
		PostData map[string]any `json:"postData,omitempty"`
	} `json:"request"`
	Response struct {
		Status  int64          `json:"status"`
		Headers []cors.Header  `json:"headers"`
		Content map[string]any `json:"content"`
	} `json:"response"`
}

func (h *harWriter) of(id network.RequestID) *harEntry {
	e, ok := h.entries[id]
	if !ok {
		e = &harEntry{PageRef: "page_1"}
		h.entries[id] = e
		h.order = append(h.order, e)
	}
	return e
}

func (h *harWriter) event(ev any) {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		e := h.of(ev.RequestID)
		e.Type = strings.ToLower(string(ev.Type))
		e.Request.Method, e.Request.URL = ev.Request.Method, ev.Request.URL
		if e.Request.Headers == nil {
			e.Request.Headers = lines(ev.Request.Headers)
		}
		if len(ev.Request.PostDataEntries) > 0 {
			e.Request.PostData = map[string]any{"text": string(ev.Request.PostDataEntries[0].Bytes)}
		}
	case *network.EventRequestWillBeSentExtraInfo:
		h.of(ev.RequestID).Request.Headers = lines(ev.Headers)
	case *network.EventResponseReceived:
		h.of(ev.RequestID).Response.Content = map[string]any{"mimeType": ev.Response.MimeType}
	case *network.EventResponseReceivedExtraInfo:
		e := h.of(ev.RequestID)
		e.Response.Status, e.Response.Headers = ev.StatusCode, lines(ev.Headers)
	}
}

func lines(h network.Headers) []cors.Header {
	all := []cors.Header{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		all = append(all, cors.Header{Name: name, Value: fmt.Sprint(h[name])})
	}
	return all
}

// What a front end does in a real Chrome becomes a configuration, with which the API
// is judged as it should be.
func TestInitFromHAR(t *testing.T) {
	browsertest.Needed(t)
	const front = "https://app.example"
	for name, c := range map[string]struct {
		policy fixtures.Policy
		code   int
	}{
		"hardened":          {fixtures.Hardened(), 0},
		"open to everybody": {fixtures.WildcardEchoAlways(), 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := fixtures.Notebook{Policy: c.policy, Login: fixtures.SessionCookie, Origins: []cors.Origin{cors.MustParseOrigin(front)}}
			url := serve(t, n.Handler().ServeHTTP)
			file := filepath.Join(t.TempDir(), "crossexam.yaml")
			made := crossexam(t, nil, "init", "--har", recordHAR(t, url, front), "--output", file)
			if made.code != 0 || !strings.Contains(made.stderr, "set VICTIM_PASSWORD.") {
				t.Fatalf("exit code %d: %s", made.code, made.stderr)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{
				"target: \"" + url + "\"", "- \"" + front + "\"", `"/api/notebooks?limit=2"`, "method: PUT", `methods: ["GET","POST","PUT"]`, `headers: ["Content-Type"]`, "credentials: include",
				"status: 422", "status: 404", `login: {"json":{"password":"${VICTIM_PASSWORD}"},"path":"/api/auth/login"}`,
			} {
				if !strings.Contains(string(text), want) {
					t.Errorf("the file lacks %s", want)
				}
			}
			if strings.Contains(string(text), fixtures.Password) || strings.Contains(string(text), "Merger") {
				t.Error("a secret is in the file")
			}
			r := crossexam(t, []string{"VICTIM_PASSWORD=" + fixtures.Password}, "test", "--config", file, "--label", "WLD || TRU || PRE || ERR")
			if r.code != c.code || t.Failed() {
				t.Errorf("exit code %d\n%s%s\n%s", r.code, r.stdout, r.stderr, text)
			}
		})
	}
}

func TestInitFromCurl(t *testing.T) {
	file := save(t, "copied.txt", "curl 'https://api.example.com/me' \\\n  -H 'authorization: Bearer secret-of-the-victim' \\\n  -H 'origin: https://app.example.com'\n")
	r := crossexam(t, nil, "init", "--curl", file, "--output", "-")
	for _, want := range []string{`target: "https://api.example.com"`, `- "https://app.example.com"`, `- path: "/me"`, `bearer: "${API_TOKEN}"`} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the file lacks %s", want)
		}
	}
	if r.code != 0 || strings.Contains(r.stdout+r.stderr, "secret-of-the-victim") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestInitFromNoRecording(t *testing.T) {
	page := save(t, "page.har", "<html>")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"not a HAR file": {[]string{"--har", page}, page + ": it is no HAR file: near byte"},
		"no file":        {[]string{"--har", page + "x"}, "no such file"},
		"no command":     {[]string{"--curl", page}, "there is no command in it"},
		"both":           {[]string{"--har", page, "--curl", page}, "--curl and --har exclude each other: give one of them"},
		"nothing":        {nil, "give one URL"},
	} {
		r := crossexam(t, nil, append([]string{"init", "--output", "-"}, c.args...)...)
		if r.code != 2 || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: exit code %d: %s", name, r.code, r.stderr)
		}
	}
}
