package tap

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// Names below localhost are this machine, whatever DNS says of them.
func TestNamesBelowLocalhost(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	_, port, _ := strings.Cut(s.addr, ":")
	tap := newTap(t, "", func(o *Options) { o.Upstream = upstream(t, "http://tenant.localhost:"+port, "") })
	if e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://tenant.localhost:" + port + "/"}); e.Response == nil {
		t.Errorf("no answer: %s", e.Fault)
	}
	for address, want := range map[string]string{
		"tenant.localhost:80": "localhost:80", "localhost:80": "localhost:80", "127.0.0.2:80": "127.0.0.2:80", "[::1]:80": "[::1]:80",
		"localhost.example.com:80": "localhost.example.com:80", "notlocalhost:80": "notlocalhost:80",
	} {
		if got := localhost(address); got != want {
			t.Errorf("%s leads to %s, want %s", address, got, want)
		}
	}
}

// Where TLS ends in front of the target the tap is what ends it, and says so.
func TestTLSThatEndsBefore(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	u := upstream(t, "https://api.example", s.addr)
	u.TLSEndsBefore = true
	tap := newTap(t, "", func(o *Options) { o.Upstream = u })
	for _, lines := range []cors.Headers{nil, {{Name: "x-forwarded-proto", Value: "http"}}} {
		before, _ := s.seen()
		e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "https://api.example/", Headers: lines})
		requests, _ := s.seen()
		if e.Response == nil || len(requests) != len(before)+1 {
			t.Fatalf("no answer: %s", e.Fault)
		}
		got := requests[len(before)]
		if want := "x-forwarded-proto: https\r\n"; strings.Contains(strings.ToLower(got), want) != (lines == nil) || !strings.Contains(got, "Host: api.example\r\n") {
			t.Errorf("the target saw %q", got)
		}
	}
	u = upstream(t, "http://api.example", s.addr)
	u.TLSEndsBefore = true
	newTap(t, "", func(o *Options) { o.Upstream = u }).Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/"})
	if requests, _ := s.seen(); strings.Contains(requests[len(requests)-1], "orwarded") {
		t.Errorf("an http:// URL has no TLS that could end: %q", requests[len(requests)-1])
	}
}
