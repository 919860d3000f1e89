package recording

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/target/bounded/boundedtest"
)

func read(t *testing.T, name string) Recording {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ReadHAR(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What each program writes of the same use of a front end is read alike.
func TestReadHAR(t *testing.T) {
	all := []string{
		"other GET https://app.example.com/ 200", "other GET https://app.example.com/assets/index-BX2f.js 200", "fetch POST https://stats.third.example/collect?v=2 204",
		"fetch POST https://api.notebook.example/api/auth/login 200", "preflight OPTIONS https://api.notebook.example/api/notebooks?limit=20 204",
		"fetch GET https://api.notebook.example/api/notebooks?limit=20 200", "fetch GET https://api.notebook.example/api/notebooks/1 200",
		"fetch GET https://api.notebook.example/api/notebooks/2 200", "fetch GET https://api.notebook.example/api/notebooks/77 404",
		"fetch PUT https://api.notebook.example/api/notebooks/1 200", "fetch GET https://api.notebook.example/api/files?signature=0a9f8e7d6c5b4a392817 200",
		"fetch GET https://api.notebook.example/api/logout 200", "eventsource GET https://api.notebook.example/api/events 200",
	}
	const socket = "websocket GET https://api.notebook.example/api/live 101"
	for name, c := range map[string]struct {
		source string
		more   []string
		not    string // the kind that it has none of
	}{
		"chrome.har":           {source: "WebInspector 537.36", more: []string{socket}},
		"chrome-sanitized.har": {source: "WebInspector 537.36"},
		"firefox.har":          {source: "Firefox 145.0", more: []string{"fetch GET https://api.notebook.example/api/blocked 0", socket}},
		"playwright.har":       {source: "Playwright 1.57.0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, name)
			var got []string
			for _, q := range r.Requests {
				got = append(got, fmt.Sprintf("%s %s %s %d", q.Kind, q.Method, q.URL, q.Status))
				for _, h := range append(q.Headers, q.Answer...) {
					if strings.HasPrefix(h.Name, ":") {
						t.Errorf("%s has the header %s", q.URL, h.Name)
					}
				}
			}
			if want := append(all[:len(all):len(all)], c.more...); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if r.Source != c.source {
				t.Errorf("it is of %q", r.Source)
			}
		})
	}
	// Safari's has neither preflights nor what a request was for.
	for _, q := range read(t, "safari.har").Requests {
		want := Unknown
		if strings.HasSuffix(q.URL.Path, "/events") {
			want = EventSource
		}
		if q.Kind != want {
			t.Errorf("%s is for %q", q.URL, q.Kind)
		}
		if q.Page != "https://app.example.com/" {
			t.Errorf("%s is of the page %q", q.URL, q.Page)
		}
	}
	chrome := read(t, "chrome.har").Requests
	socketRequest := chrome[len(chrome)-1]
	if len(socketRequest.Sent) != 1 || socketRequest.Sent[0] != `{"type":"connection_init"}` {
		t.Errorf("the page sent %q", socketRequest.Sent)
	}
	if got := strings.Join(chrome[5].Cookies, " "); got != "session _ga" {
		t.Errorf("the cookies are %q", got)
	}
}

// endless is a reader of one byte for ever.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestReadHARErrors(t *testing.T) {
	for name, c := range map[string]struct {
		in   io.Reader
		says string
	}{
		"empty":        {strings.NewReader(""), "breaks off near byte 0"},
		"HTML":         {strings.NewReader("<html>"), "it is no HAR file: near byte"},
		"a list":       {strings.NewReader("[]"), `there is "[" in the place of {`},
		"other JSON":   {strings.NewReader(`{"openapi": "3.1.0"}`), "it has no log"},
		"no object":    {strings.NewReader(`{"log": 1}`), `there is "1" in the place of {`},
		"no list":      {strings.NewReader(`{"log": {"entries": {}}}`), `there is "{" in the place of [`},
		"cut":          {strings.NewReader(`{"log": {"entries": [{"request": {}}, {"requ`), "breaks off in entry 2"},
		"another type": {strings.NewReader(`{"log": {"entries": [{"request": {"url": 7}}]}}`), "in entry 1"},
		"deep":         {strings.NewReader(`{"log": ` + strings.Repeat(`{"x": `, 100_000)), "depth"},
		"deep entry":   {strings.NewReader(`{"log": {"entries": [` + strings.Repeat(`[`, 100_000)), "depth"},
		"too many":     {io.MultiReader(strings.NewReader(`{"log": {"entries": [{}`), bytes.NewReader(bytes.Repeat([]byte(",{}"), requestLimit))), "more than 100000"},
		"too large":    {newBounded(endless(' '), 1000), "it is larger than 1000 bytes"},
	} {
		if _, err := ReadHAR(c.in); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBounded(t *testing.T) {
	if data, err := io.ReadAll(newBounded(strings.NewReader("1234"), 4)); err != nil || string(data) != "1234" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := io.ReadAll(newBounded(strings.NewReader("12345"), 4)); err == nil {
		t.Error("it is not bounded")
	}
}

func FuzzHAR(f *testing.F) {
	// Small ones: the files of the browsers are slow to change at random.
	for _, text := range []string{
		`{"log":{"creator":{"name":"Firefox","version":"1"},"pages":[{"id":"p","title":"https://a.example/"}],"entries":[{"pageref":"p",` +
			`"request":{"method":"POST","url":"https://b.example/x?y=1","headers":[{"name":":path","value":"/"},{"name":"Cookie","value":"a=1; b"}],"cookies":[],` +
			`"postData":{"params":[{"name":"a","value":"1"}]}},"response":{"status":null,"headers":[{"name":"Content-Type","value":"text/event-stream"}],"content":{}}}]}}`,
		`{"log":{"entries":[{"_resourceType":"websocket","request":{"url":"wss://b.example/"},"response":{"status":101},"_webSocketMessages":[{"type":"send","opcode":1,"data":"x"}]}]}}`,
		"\ufeff{\"log\":{}}", `{"log":{"entries":[{"request":{"url":"data:,"}}]}} trailing`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Recording
		var err error
		boundedtest.Modest(t, len(data), func() { r, err = ReadHAR(bytes.NewReader(data)) })
		check(t, r, err)
	})
}

// check holds what everyone relies on.
func check(t *testing.T, r Recording, err error) {
	t.Helper()
	if err != nil && len(r.Requests) > 0 {
		t.Error("there are requests, and an error")
	}
	for _, q := range r.Requests {
		if q.Failed && q.Status != 0 {
			t.Errorf("it failed, and has the status %d", q.Status)
		}
		if q.URL == nil || q.URL.Hostname() == "" || q.URL.Scheme != "http" && q.URL.Scheme != "https" {
			t.Errorf("the URL is %v", q.URL)
		}
		if q.Status != 0 && (q.Status < 100 || q.Status > 599) {
			t.Errorf("the status is %d", q.Status)
		}
	}
}
