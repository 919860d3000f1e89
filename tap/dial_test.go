package tap

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
)

// connectProxy is an HTTP proxy that tunnels to addr, whatever host is asked for.
func connectProxy(t *testing.T, addr string) *rawTarget {
	return serveRaw(t, func(c net.Conn, request string) bool {
		if !strings.HasPrefix(request, "CONNECT ") {
			return says("HTTP/1.1 405 No\r\n\r\n")(c, request)
		}
		upstream, err := net.Dial("tcp", addr)
		if err != nil {
			return false
		}
		defer upstream.Close()
		says("HTTP/1.1 200 Connected\r\n\r\n")(c, request)
		go func() { _, _ = io.Copy(c, upstream); c.Close() }()
		_, _ = io.Copy(upstream, c)
		return false
	})
}

// through gives the tap a proxy, as the environment would.
func through(tap *Tap, proxy, address string) {
	tap.plain.dialer.address = address
	tap.plain.dialer.proxy, _ = url.Parse(proxy)
}

func TestProxyTunnel(t *testing.T) {
	authority := loopbacktest.NewAuthority(t)
	secure, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["x-odd-CASE"] = []string{loopback.Scheme(r)}
	}), authority)
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	p := connectProxy(t, secure.Addr())
	tap := newTap(t, secure.Addr(), func(o *Options) {
		o.URL = &url.URL{Scheme: "https", Host: "api.example"}
		o.Roots = authority.Roots()
	})
	through(tap, "http://user:pass@"+p.addr, "api.example:443")
	e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "https://api.example/"})
	if e.Response == nil || e.Response.Headers[0] != (cors.Header{Name: "x-odd-CASE", Value: "https"}) {
		t.Errorf("%+v, fault %q", e.Response, e.Fault)
	}
	want := "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n"
	if requests, _ := p.seen(); len(requests) != 1 || requests[0] != want {
		t.Errorf("the proxy saw %q", requests)
	}
}

func TestProxyForPlainHTTP(t *testing.T) {
	p := serveRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	tap := newTap(t, p.addr, nil)
	through(tap, "http://user:pass@"+p.addr, "api.example:80")
	e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/a?b"})
	want := "GET http://api.example:80/a?b HTTP/1.1\r\nHost: api.example\r\nCrossexam-Run: run-1\r\n" +
		"Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n"
	if requests, _ := p.seen(); e.Response == nil || len(requests) != 1 || requests[0] != want {
		t.Errorf("the proxy saw %q; fault %q", requests, e.Fault)
	}
	if e.Request.Headers.Has("Proxy-Authorization") {
		t.Errorf("recorded %+v", e.Request)
	}
}

func TestProxyRefuses(t *testing.T) {
	p := serveRaw(t, says("HTTP/1.1 407 Who are you\r\n\r\n"))
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	// SOCKS 5: no method of authentication is acceptable (RFC 1928, section 3).
	socks, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socks.Close()
	go func() {
		if c, err := socks.Accept(); err == nil {
			_, _ = io.ReadFull(c, make([]byte, 3))
			_, _ = c.Write([]byte{5, 0xff})
			c.Close()
		}
	}()
	authority := loopbacktest.NewAuthority(t)
	untrusted, err := loopback.Serve(http.NotFoundHandler(), authority)
	if err != nil {
		t.Fatal(err)
	}
	defer untrusted.Close()
	for proxy, want := range map[string]string{
		"http://u:secret@" + p.addr:                  "answered CONNECT api.example:443 with the status 407",
		"http://u:secret@" + gone.Addr().String():    gone.Addr().String() + " refused the connection",
		"socks5://" + socks.Addr().String():          "socks",
		"https://u:secret@" + untrusted.Addr():       "certificate",
		"socks5h://u:secret@" + gone.Addr().String(): "refused the connection",
	} {
		tap := newTap(t, p.addr, func(o *Options) { o.URL = &url.URL{Scheme: "https", Host: "api.example"} })
		through(tap, proxy, "api.example:443")
		e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "https://api.example/"})
		if !strings.HasPrefix(e.Fault, "the proxy of the environment: ") || !strings.Contains(e.Fault, want) || strings.Contains(e.Fault, "secret") {
			t.Errorf("%s: fault %q", proxy, e.Fault)
		}
	}
}

func TestProxyOfTheEnvironment(t *testing.T) {
	// Read once a process, so it cannot be set here: what matters is who is never
	// sent through one.
	for _, u := range []Upstream{upstream(t, "http://localhost:1", ""), upstream(t, "https://api.example", "127.0.0.1:1")} {
		if d, err := newDialer(u); err != nil || d.proxy != nil {
			t.Errorf("%v: %v %v", u, d.proxy, err)
		}
	}
}
