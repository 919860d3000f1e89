package tap

import (
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/crossexam/crossexam/cors"
)

// serveHTTP2Alone serves HTTP/2 and nothing else, as a server does with a client that
// does not offer it: refuses TLS or, as another kind, closes the connection.
func serveHTTP2Alone(t *testing.T, refuses bool, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{}
	s.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c := s.TLS.Clone()
		c.GetConfigForClient = nil
		c.NextProtos = []string{"h2"}
		if refuses && !strings.Contains(strings.Join(hello.SupportedProtos, " "), "h2") {
			c.NextProtos = []string{"another"} // which has TLS say that there is no common one
		}
		return c, nil
	}
	s.Config.TLSNextProto = nil
	inner := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			panic(http.ErrAbortHandler) // closes the connection
		}
		inner.ServeHTTP(w, r)
	})
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// newTapOverTLS is a tap without a rate for a server whose certificate is its own.
func newTapOverTLS(t *testing.T, addr string, change func(*Limits)) *Tap {
	t.Helper()
	return newTap(t, addr, func(o *Options) {
		o.Upstream.URL.Scheme = "https"
		o.Upstream.InsecureSkipVerify = true
		o.Limits = DefaultLimits(o.Upstream)
		o.Limits.RequestsPerSecond = 0
		change(&o.Limits)
	})
}

func TestHTTP2Alone(t *testing.T) {
	t.Parallel()
	var connections []string
	handler := func(w http.ResponseWriter, r *http.Request) {
		connections = append(connections, r.RemoteAddr)
		switch r.URL.Path {
		case "/reset":
			panic(http.ErrAbortHandler)
		case "/hangs":
			<-r.Context().Done()
		case "/endless":
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, strings.Repeat("x", 4096))
				w.(http.Flusher).Flush()
			}
		}
		w.Header().Add("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Add("Access-Control-Allow-Origin", "*")
		w.Header().Set("X-Agent", r.UserAgent())
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.Method+" "+r.Host+r.RequestURI+" "+r.Header.Get("Cookie"))
	}
	for name, refuses := range map[string]bool{"refuses TLS": true, "closes": false} {
		t.Run(name, func(t *testing.T) {
			connections = nil
			s := serveHTTP2Alone(t, refuses, handler)
			tap := newTapOverTLS(t, s.Listener.Addr().String(), func(l *Limits) {
				l.Header, l.Body, l.BodyBytes = 2*time.Second, time.Second, 1000
			})
			ask := func(method, path string) cors.Exchange {
				return tap.Probe(t.Context(), cors.Request{Method: method, URL: "https://api.example" + path, Headers: cors.Headers{{Name: "Origin", Value: "https://evil.test"}, {Name: "Cookie", Value: "a=1"}}})
			}
			e := ask("GET", "/x?y=1")
			if e.Response == nil || e.Response.Status != http.StatusTeapot || e.Response.Body != "GET api.example/x?y=1 a=1" {
				t.Fatalf("%q, %+v", e.Fault, e.Response)
			}
			if got := e.Response.Headers.Values("Access-Control-Allow-Origin"); len(got) != 2 || got[0] != "https://evil.test" {
				t.Errorf("the grants are %q", got)
			}
			if agent, _ := e.Response.Headers.Get("X-Agent"); strings.Contains(agent, "Go-http-client") {
				t.Errorf("it is known as %q", agent)
			}
			if e := ask("OPTIONS", "/x"); e.Response == nil || e.Response.Body != "OPTIONS api.example/x a=1" {
				t.Errorf("OPTIONS: %q, %+v", e.Fault, e.Response)
			}
			if e := ask("HEAD", "/x"); e.Response == nil || e.Response.Body != "" || e.Response.Truncated {
				t.Errorf("HEAD: %q, %+v", e.Fault, e.Response)
			}
			if len(connections) != 3 || connections[0] != connections[2] {
				t.Errorf("the connections are %q", connections)
			}
			if e := ask("GET", "/endless"); e.Response == nil || len(e.Response.Body) != 1000 || !e.Response.Truncated || e.Response.Broken {
				t.Errorf("endless: %q", e.Fault)
			}
			if e := ask("GET", "/reset"); e.Response != nil || !e.Closed || !strings.Contains(e.Fault, "broke off") {
				t.Errorf("reset: %q, %+v", e.Fault, e.Response)
			}
			if e := ask("GET", "/hangs"); e.Response != nil || !strings.Contains(e.Fault, "no answer within 2s") {
				t.Errorf("hangs: %q, %+v", e.Fault, e.Response)
			}
			if e := ask("GET", "/again"); e.Response == nil || e.Response.Status != http.StatusTeapot {
				t.Errorf("after all: %q", e.Fault)
			}
		})
	}
}

// A body that does not end in time is no broken one, whichever of the two clocks that watch
// it, the exchange's and its connection's, is the first.
func TestHTTP2BodyWithoutEnd(t *testing.T) {
	t.Parallel()
	s := serveHTTP2Alone(t, true, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "[{")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	tap := newTapOverTLS(t, s.Listener.Addr().String(), func(l *Limits) { l.Body = 20 * time.Millisecond })
	for range 40 {
		e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "https://api.example/x"})
		if e.Response == nil || !e.Response.Unended || e.Response.Broken || e.Response.Body != "[{" {
			t.Fatalf("%q, %+v", e.Fault, e.Response)
		}
	}
}

// A target that has each connection go away after an answer (RFC 9113, section 6.8) is asked
// on another, also where that is heard of only when the next request is made.
func TestHTTP2GoesAway(t *testing.T) {
	t.Parallel()
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certified.TLS.Certificates, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answersAndGoesAway(c)
		}
	}()
	tap := newTapOverTLS(t, l.Addr().String(), func(*Limits) {})
	for range 1500 {
		if e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "https://api.example/x"}); e.Response == nil || e.Response.Status != http.StatusOK {
			t.Fatalf("%q, %+v", e.Fault, e.Response)
		}
	}
}

// answersAndGoesAway is the server's side of a connection of HTTP/2 that says after each
// answer, and a little later, that it was the last.
func answersAndGoesAway(c net.Conn) {
	defer c.Close()
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	f := http2.NewFramer(c, c)
	for err := f.WriteSettings(); err == nil; {
		var asked http2.Frame
		if asked, err = f.ReadFrame(); err != nil {
			return
		}
		switch asked := asked.(type) {
		case *http2.SettingsFrame:
			if !asked.IsAck() {
				err = f.WriteSettingsAck()
			}
		case *http2.HeadersFrame:
			const ok = "\x88" // :status: 200, by RFC 7541, appendix A
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: asked.StreamID, BlockFragment: []byte(ok), EndHeaders: true})
			_ = f.WriteData(asked.StreamID, true, []byte("[{}]"))
			time.Sleep(rand.N(300 * time.Microsecond))
			err = f.WriteGoAway(asked.StreamID, http2.ErrCodeNo, nil)
		}
	}
}
