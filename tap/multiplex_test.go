package tap

import (
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// asking is a tap that leads to a TLS server with the handler, in HTTP/2 too or not, and
// how many connections that got.
func asking(t *testing.T, http2 bool, h http.HandlerFunc) (tap *Tap, at string, connections *atomic.Int32) {
	t.Helper()
	connections = &atomic.Int32{}
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = http2
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	if tap, err = New(Options{Upstream: Upstream{URL: u, Roots: roots}, Run: "crossexam-test"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tap.Close)
	return tap, server.URL, connections
}

// Questions go over one HTTP/2 connection where the target has that, and over HTTP/1.1
// where it has not. What is recorded as evidence is HTTP/1.1 always.
func TestAskInHTTP2(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Add("Vary", "Origin")
		w.Header().Add("Vary", "Accept")
		_, _ = io.WriteString(w, r.Proto+" "+r.Host+" "+r.Header.Get("Cookie")+" "+r.Header.Get(RunHeader)+r.Header.Get("User-Agent")+strings.Repeat(".", 1000))
	}
	for _, c := range []struct {
		http2 bool
		proto string
	}{{true, "HTTP/2"}, {false, "HTTP/1.1"}} {
		tap, at, connections := asking(t, c.http2, h)
		q := cors.Request{Method: "GET", URL: at + "/me", Headers: cors.Headers{{Name: "Host", Value: "api.test"}, {Name: "Origin", Value: "https://evil.test"}, {Name: "Cookie", Value: "session=x"}}}
		if kept := tap.Probe(t.Context(), q); kept.Response == nil || !strings.HasPrefix(kept.Response.Body, "HTTP/1.1 ") {
			t.Fatalf("the probe: %+v", kept)
		}
		if first := tap.Ask(t.Context(), q, 500); first.Response == nil { // those that come at once dial at once
			t.Fatal(first.Fault)
		}
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				x := tap.Ask(t.Context(), q, 500)
				if x.Response == nil {
					t.Errorf("%s: %s", c.proto, x.Fault)
					return
				}
				p := *x.Response
				want := c.proto
				if c.http2 {
					want = "HTTP/2.0"
				}
				if allow, _ := p.Headers.Get("access-control-allow-origin"); allow != "https://evil.test" || len(p.Headers.Values("Vary")) != 2 ||
					!strings.HasPrefix(p.Body, want+" api.test session=x crossexam-test.") || len(p.Body) != 500 || !p.Truncated {
					t.Errorf("%s: %+v", c.proto, p)
				}
			})
		}
		all.Wait()
		if got := tap.Protocol(); got != c.proto {
			t.Errorf("the protocol is %s, want %s", got, c.proto)
		}
		if tap.Len() != 1 || tap.Requests() != 32 {
			t.Errorf("%s: %d recorded, %d requests", c.proto, tap.Len(), tap.Requests())
		}
		if n := connections.Load(); c.http2 && n != 2 {
			t.Errorf("%d connections, one of them of the probe, for 32 requests", n)
		}
	}
}

// A target that breaks HTTP/2 is asked in HTTP/1.1, which says what is wrong, and not in
// HTTP/2 any more; a write is withheld all the same, and one that is allowed is sent once.
func TestAskWhereHTTP2Breaks(t *testing.T) {
	var multiplexed, writes atomic.Int32
	tap, at, _ := asking(t, true, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			multiplexed.Add(1)
		}
		if r.Method == http.MethodDelete {
			writes.Add(1)
		}
		if r.ProtoMajor == 2 || r.URL.Path == "/broken" {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "well")
	})
	for range 2 {
		if x := tap.Ask(t.Context(), cors.Request{Method: "GET", URL: at + "/"}, 500); x.Response == nil || x.Response.Body != "well" {
			t.Errorf("%+v", x)
		}
	}
	if x := tap.Ask(t.Context(), cors.Request{Method: "GET", URL: at + "/broken"}, 500); !strings.Contains(x.Fault, "closed the connection without an answer") {
		t.Errorf("the fault is %q", x.Fault)
	}
	if x := tap.Ask(t.Context(), cors.Request{Method: "DELETE", URL: at + "/"}, 500); !x.Withheld {
		t.Errorf("a write went out: %+v", x)
	}
	if got := tap.Protocol(); got != "HTTP/1.1" || multiplexed.Load() != 1 {
		t.Errorf("the protocol is %s, after %d requests in HTTP/2", got, multiplexed.Load())
	}
	tap.plain.multiplexer.none.Store(false)
	tap.allowWrite = func(string, string) bool { return true }
	if tap.Ask(t.Context(), cors.Request{Method: "DELETE", URL: at + "/"}, 500); writes.Load() != 1 {
		t.Errorf("the write was sent %d times", writes.Load())
	}
}
