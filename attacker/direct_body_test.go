package attacker

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// zeros is an endless text.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '0'
	}
	return len(b), nil
}

// Of what a direct target compresses no more is taken than the limit, and the page
// gets that: 200 MB are 200 kB on the wire. What is refused stays refused.
func TestDirectBodies(t *testing.T) {
	const bomb, limit = 200 << 20, 64 << 10
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/refused" {
			grant(w, r)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		z := gzip.NewWriter(w)
		defer z.Close()
		if r.URL.Path == "/bomb" {
			// The browser may have enough before it is written.
			_, _ = io.Copy(z, io.LimitReader(zeros{}, bomb))
			return
		}
		fmt.Fprint(z, `{"a": "héllo"}`)
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	at := cors.MustParseOrigin("http://api.test")
	up := tap.Upstream{URL: &url.URL{Scheme: "http", Host: "api.test"}, Address: server.Addr()}
	limits := tap.DefaultLimits(up)
	limits.BodyBytes = limit
	tap, err := tap.New(tap.Options{Upstream: up, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	_, browser := ownLab(t, Options{Direct: Direct{Origin: at, Address: server.Addr()}})
	tab := openTab(t, browser, anyone)
	if err := tab.TalkDirectly(bounded(t), tap); err != nil {
		t.Fatal(err)
	}
	open(t, tab, cors.MustParseOrigin("http://page.test"))
	a := &api{origin: at, tap: tap}
	get := func(path string) scenarios.Attempt {
		return scenarios.Attempt{Page: tab.origin, Vector: scenarios.Fetch, Method: "GET", URL: at.String() + path}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	all := run(t, tab, get("/small"), get("/refused"), get("/bomb"))
	runtime.ReadMemStats(&after)
	for i, s := range all {
		if seen := wire(s, a); seen != "GET 200" || len(s.Exchanges) != 1 {
			t.Fatalf("attempt %d: %q; %+v", i, seen, s)
		}
	}
	if s := all[0]; !s.Page.Readable || s.Page.Body != `{"a": "héllo"}` {
		t.Errorf("the page got %+v", s.Page)
	}
	if s := all[1]; s.Page.Readable || s.Block.Reason != cors.MissingAllowOriginHeader {
		t.Errorf("what is refused: %+v, %+v", s.Page, s.Block)
	}
	for i, want := range []string{`{"a": "héllo"}`, `{"a": "héllo"}`, strings.Repeat("0", limit)} {
		x, _ := tap.Exchange(all[i].Exchanges[0])
		if x.Response.Body != want || x.Response.Truncated != (i == 2) {
			t.Errorf("attempt %d: a body of %d bytes, cut: %t", i, len(x.Response.Body), x.Response.Truncated)
		}
		if encoding, _ := x.Response.Headers.Get("Content-Encoding"); encoding != "gzip" {
			t.Errorf("attempt %d: the header is %q", i, encoding)
		}
	}
	if !all[2].Page.Readable {
		t.Errorf("the page got of what is long %+v", all[2].Page)
	}
	// The server of the test is in this process too; it keeps nothing.
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 50 {
		t.Errorf("%d MB were taken for a body of %d kB", took, limit>>10)
	}
}

// Whatever shape a preflight's answer has, and an answer that has no body, the
// browser gets it at once: a stream of what is not there would never begin.
func TestDirectAnswersWithoutABody(t *testing.T) {
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		grant(w, r)
		w.Header().Set("Access-Control-Allow-Headers", "x-asked")
		switch path := r.URL.Path; {
		case r.Method == http.MethodOptions && path == "/chunked":
			_ = http.NewResponseController(w).Flush()
			fmt.Fprint(w, "granted")
		case r.Method == http.MethodOptions && path == "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			fmt.Fprint(z, "granted")
		case r.Method == http.MethodOptions, path == "/nothing":
			w.WriteHeader(http.StatusNoContent)
		default:
			fmt.Fprint(w, "a body")
		}
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	at := cors.MustParseOrigin("http://api.test")
	up := tap.Upstream{URL: &url.URL{Scheme: "http", Host: "api.test"}, Address: server.Addr()}
	tap, err := tap.New(tap.Options{Upstream: up, Limits: tap.DefaultLimits(up)})
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	_, browser := ownLab(t, Options{Direct: Direct{Origin: at, Address: server.Addr()}})
	tab := openTab(t, browser, anyone)
	if err := tab.TalkDirectly(bounded(t), tap); err != nil {
		t.Fatal(err)
	}
	open(t, tab, cors.MustParseOrigin("http://page.test"))
	a := &api{origin: at, tap: tap}
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/plain", "OPTIONS 204, GET 200"},
		{"GET", "/nothing", "OPTIONS 204, GET 204"},
		{"HEAD", "/plain", "OPTIONS 204, HEAD 200"},
		{"GET", "/chunked", "OPTIONS 200, GET 200"},
		{"GET", "/gzip", "OPTIONS 200, GET 200"},
	} {
		s := run(t, tab, scenarios.Attempt{
			Page: tab.origin, Vector: scenarios.Fetch, Method: c.method, URL: at.String() + c.path, Headers: cors.Headers{{Name: "X-Asked", Value: "1"}},
		})[0]
		if seen := wire(s, a); seen != c.want || !s.Page.Readable {
			t.Errorf("%s %s: %q, want %q; %+v", c.method, c.path, seen, c.want, s)
		}
		for _, key := range s.Exchanges {
			if x, _ := tap.Exchange(key); x.Response.Truncated {
				t.Errorf("%s %s: %s is said to be cut", c.method, c.path, x.Request.Method)
			}
		}
	}
}
