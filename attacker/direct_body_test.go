package attacker

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
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
	tab, a := directly(t, limit, func(w http.ResponseWriter, r *http.Request) {
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
	})
	open(t, tab, cors.MustParseOrigin("http://page.test"))
	get := func(path string) scenarios.Attempt {
		return scenarios.Attempt{Page: tab.origin, Vector: scenarios.Fetch, Method: "GET", URL: a.origin.String() + path}
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
		x, _ := a.tap.Exchange(all[i].Exchanges[0])
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
	tab, a := directly(t, 0, func(w http.ResponseWriter, r *http.Request) {
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
	})
	open(t, tab, cors.MustParseOrigin("http://page.test"))
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/plain", "OPTIONS 204, GET 200"},
		{"GET", "/nothing", "OPTIONS 204, GET 204"},
		{"HEAD", "/plain", "OPTIONS 204, HEAD 200"},
		{"GET", "/chunked", "OPTIONS 200, GET 200"},
		{"GET", "/gzip", "OPTIONS 200, GET 200"},
	} {
		s := run(t, tab, scenarios.Attempt{
			Page: tab.origin, Vector: scenarios.Fetch, Method: c.method, URL: a.origin.String() + c.path, Headers: cors.Headers{{Name: "X-Asked", Value: "1"}},
		})[0]
		if seen := wire(s, a); seen != c.want || !s.Page.Readable {
			t.Errorf("%s %s: %q, want %q; %+v", c.method, c.path, seen, c.want, s)
		}
		for _, key := range s.Exchanges {
			if x, _ := a.tap.Exchange(key); x.Response.Truncated {
				t.Errorf("%s %s: %s is said to be cut", c.method, c.path, x.Request.Method)
			}
		}
	}
}
