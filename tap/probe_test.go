package tap

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
)

func TestProbeSendsItsLinesExactly(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	tap := newTap(t, s.addr, nil)
	lines := cors.Headers{
		{Name: "X-Z", Value: "1"},
		{Name: "ORIGIN", Value: "HTTPS://EVIL.TEST"},
		{Name: "Origin", Value: "https://evil.test"},
		{Name: "Origin", Value: "null"},
		{Name: "X-A", Value: "  caf\xc3\xa9 "},
		{Name: "Connection", Value: "close"},
		{Name: "Accept-Encoding", Value: "br"},
	}
	for _, c := range []struct {
		request cors.Request
		want    string
	}{
		{
			cors.Request{Method: "GET", URL: "http://api.example/a//b?x=|#fragment", Headers: lines},
			"GET /a//b?x=| HTTP/1.1\r\nHost: api.example\r\nX-Z: 1\r\nORIGIN: HTTPS://EVIL.TEST\r\nOrigin: https://evil.test\r\n" +
				"Origin: null\r\nX-A:   caf\xc3\xa9 \r\nCrossexam-Run: run-1\r\n\r\n",
		},
		{
			cors.Request{Method: "OPTIONS", URL: "http://elsewhere.test?q"},
			"OPTIONS /?q HTTP/1.1\r\nHost: elsewhere.test\r\nCrossexam-Run: run-1\r\n\r\n",
		},
		{
			cors.Request{Method: "GET", URL: "http://api.example", Headers: cors.Headers{{Name: "A", Value: "b"}, {Name: "host", Value: "rebound.test"}}},
			"GET / HTTP/1.1\r\nA: b\r\nhost: rebound.test\r\nCrossexam-Run: run-1\r\n\r\n",
		},
	} {
		before, _ := s.seen()
		e := tap.Probe(t.Context(), c.request)
		requests, _ := s.seen()
		if e.Response == nil || len(requests) != len(before)+1 {
			t.Errorf("%s: fault %q", c.request.URL, e.Fault)
			continue
		}
		if got := requests[len(before)]; got != c.want {
			t.Errorf("the target saw\n%q, want\n%q", got, c.want)
		}
		if e.Request.Headers.Has(RunHeader) || !e.Request.Headers.Has("Host") {
			t.Errorf("recorded %q", e.Request.Headers)
		}
	}
	if tap.Len() != 3 || tap.Requests() != 3 {
		t.Errorf("%d exchanges of %d requests, want 3 and 3", tap.Len(), tap.Requests())
	}
}

// Where nobody listens any more, the exchange says so, and is told from one that broke off.
func TestProbeOfNobody(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tap := newTap(t, gone.Addr().String(), nil)
	_ = gone.Close()
	if e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/"}); !e.Unreachable || e.Closed || !e.Failed() {
		t.Errorf("%+v", e)
	}
}

func TestProbeRefusesWhatIsNoRequest(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	tap := newTap(t, s.addr, func(o *Options) { o.AllowWrite = func(string, string) bool { return true } })
	line := func(name, value string) cors.Request {
		return cors.Request{Method: "GET", URL: "http://api.example/", Headers: cors.Headers{{Name: name, Value: value}}}
	}
	for name, q := range map[string]cors.Request{
		"no URL":           {Method: "GET"},
		"a relative URL":   {Method: "GET", URL: "/notes"},
		"another scheme":   {Method: "GET", URL: "ftp://api.example/"},
		"no host":          {Method: "GET", URL: "http:///notes"},
		"a blank":          {Method: "GET", URL: "http://api.example/a b"},
		"a second request": {Method: "GET", URL: "http://api.example/ HTTP/1.1\r\n\r\nDELETE /"},
		"a bad host":       {Method: "GET", URL: "http://api.example\r\nX: y/"},
		"a bad method":     {Method: "G T", URL: "http://api.example/"},
		"no method":        {URL: "http://api.example/"},
		"a bad name":       line("Ori gin", "x"),
		"an empty name":    line("", "x"),
		"a line break":     line("Origin", "x\r\nY: z"),
		"a bare LF":        line("Origin", "x\nY: z"),
		"a NUL":            line("Origin", "x\x00"),
	} {
		if e := tap.Probe(t.Context(), q); e.Response != nil || e.Fault == "" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if requests, _ := s.seen(); len(requests) != 0 {
		t.Errorf("the target saw %q", requests)
	}
}

func TestProbeIsWithheldToo(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	tap := newTap(t, s.addr, nil)
	e := tap.Probe(t.Context(), cors.Request{Method: "DELETE", URL: "http://api.example/notes/1"})
	if requests, _ := s.seen(); !e.Withheld || e.Response != nil || len(requests) != 0 || len(tap.Withheld()) != 1 {
		t.Errorf("%+v; the target saw %q", e, requests)
	}
}

// One request an hour: the second has no turn before the context's deadline, and
// is told so at once.
func TestRateIsShared(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	tap := newTap(t, s.addr, func(o *Options) { o.RequestsPerSecond = 1.0 / 3600 })
	if response := get(t, tap, "/"); !strings.HasPrefix(response, "HTTP/1.1 200 ") {
		t.Fatalf("the first: %q", response)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e := tap.Probe(ctx, cors.Request{Method: "GET", URL: "http://api.example/"})
	if !strings.Contains(e.Fault, "requests a second left no time") {
		t.Errorf("the second: %+v", e)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if e := tap.Probe(ctx, cors.Request{Method: "GET", URL: "http://api.example/"}); e.Fault != errGivenUp.Error() {
		t.Errorf("given up: %+v", e)
	}
	// What is withheld takes no turn.
	if e := tap.Probe(t.Context(), cors.Request{Method: "PUT", URL: "http://api.example/"}); !e.Withheld {
		t.Errorf("withheld: %+v", e)
	}
	if requests, _ := s.seen(); len(requests) != 1 || tap.Requests() != 1 {
		t.Errorf("the target saw %q, %d counted", requests, tap.Requests())
	}
}

// A probe tells whose page asks as Chrome does, so that a check by Sec-Fetch-Site answers
// both alike.
func TestFetchMetadata(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	at := func(target string, endsTLS bool) *Tap {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		return newTap(t, s.addr, func(o *Options) {
			o.URL, o.TLSEndsBefore, o.Browser = u, endsTLS, cors.Headers{{Name: "User-Agent", Value: "Chrome"}}
		})
	}
	local, public, plain := at("http://127.0.0.1:8000", false), at("https://api.example.com", true), at("http://api.example.com", false)
	for _, tt := range []struct {
		name         string
		tap          *Tap
		url          string
		origin, host string
		want         string
	}{
		{"the target's own page", local, "http://127.0.0.1:8000/me", "", "", "same-origin"},
		{"that says so", local, "http://127.0.0.1:8000/me", "http://127.0.0.1:8000", "", "same-origin"},
		{"another port", local, "http://127.0.0.1:8000/me", "http://127.0.0.1:3000", "", "same-site"},
		{"another site", local, "http://127.0.0.1:8000/me", "https://evil.test", "", "cross-site"},
		{"no origin", local, "http://127.0.0.1:8000/me", "null", "", "cross-site"},
		{"no origin at all", local, "http://127.0.0.1:8000/me", "https://", "", "cross-site"},
		{"a sibling", public, "https://api.example.com/me", "https://app.example.com", "", "same-site"},
		{"a sibling over http", public, "https://api.example.com/me", "http://app.example.com", "", "cross-site"},
		{"a URL that is not trustworthy", plain, "http://api.example.com/me", "https://evil.test", "", ""},
		{"a name that leads here", local, "http://127.0.0.1:8000/me", "", "rebound.test:8000", ""},
	} {
		q := cors.Request{Method: "GET", URL: tt.url}
		if tt.origin != "" {
			q.Headers = append(q.Headers, cors.Header{Name: "Origin", Value: tt.origin})
		}
		if tt.host != "" {
			q.Headers = append(q.Headers, cors.Header{Name: "Host", Value: tt.host})
		}
		before, _ := s.seen()
		tt.tap.Probe(t.Context(), q)
		requests, _ := s.seen()
		if len(requests) != len(before)+1 {
			t.Errorf("%s: the target saw %d requests", tt.name, len(requests)-len(before))
			continue
		}
		_, site, has := strings.Cut(requests[len(before)], "\r\nSec-Fetch-Site: ")
		if site, _, _ = strings.Cut(site, "\r\n"); site != tt.want || has != (tt.want != "") || strings.Contains(requests[len(before)], "Sec-Fetch-Mode") {
			t.Errorf("%s: %q, want %q", tt.name, requests[len(before)], tt.want)
		}
	}
	for name, lines := range map[string]cors.Headers{
		"a handshake":        {{Name: "Upgrade", Value: "websocket"}, {Name: "Connection", Value: "Upgrade"}},
		"what has it itself": {{Name: "Sec-Fetch-Site", Value: "none"}},
	} {
		if got := local.fetchMetadata(cors.Request{Method: "GET", URL: "http://127.0.0.1:8000/me", Headers: lines}); len(got) > 0 {
			t.Errorf("%s has %q", name, got)
		}
	}
}
