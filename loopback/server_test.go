package loopback

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// scheme answers with the scheme of the request.
var scheme = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, Scheme(r))
})

func newAuthority(t *testing.T) *Authority {
	t.Helper()
	a, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func serve(t *testing.T, h http.Handler, a *Authority) *Server {
	t.Helper()
	s, err := Serve(h, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// client reaches every host at the server and trusts the authority alone.
func client(t *testing.T, s *Server, a *Authority) *http.Client {
	t.Helper()
	tr := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.Addr())
		},
		TLSClientConfig: &tls.Config{RootCAs: a.Roots()},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	answer, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// dial opens a connection that the test closes.
func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestOnePortTwoSchemes(t *testing.T) {
	a := newAuthority(t)
	s := serve(t, scheme, a)
	c := client(t, s, a)
	// Twice each: the second request goes over the same connection.
	for _, url := range []string{
		"http://api.test/", "https://api.test/", "http://api.test/", "https://api.test/",
		"https://127.0.0.1/", "http://[::1]/",
	} {
		want, _, _ := strings.Cut(url, "://")
		if got := get(t, c, url); got != want {
			t.Errorf("%s came in as %q", url, got)
		}
	}
}

func TestWithoutAuthorityPlainOnly(t *testing.T) {
	s := serve(t, scheme, nil)
	c := client(t, s, newAuthority(t))
	if got := get(t, c, "http://api.test/"); got != "http" {
		t.Errorf("came in as %q", got)
	}
	if _, err := c.Get("https://api.test/"); err == nil {
		t.Error("https was answered without an authority")
	}
}

func TestSchemeOfOtherServers(t *testing.T) {
	for want, r := range map[string]*http.Request{
		"http":  {},
		"https": {TLS: &tls.ConnectionState{}},
	} {
		if got := Scheme(r); got != want {
			t.Errorf("Scheme is %q, want %q", got, want)
		}
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	s := serve(t, scheme, newAuthority(t))
	addr, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.Equal(net.IPv4(127, 0, 0, 1)) {
		t.Fatalf("listens on %v", s.listener.Addr())
	}
	// A listener on all addresses would answer here too.
	if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.2", strings.TrimPrefix(s.Addr(), "127.0.0.1:"))); err == nil {
		c.Close()
		t.Error("answers on 127.0.0.2")
	}
}

// TestSilentConnections keeps more connections open than the listener's backlog
// could hide, each silent at another point, and asks beside them.
func TestSilentConnections(t *testing.T) {
	a := newAuthority(t)
	s := serve(t, scheme, a)
	for range 20 {
		dial(t, s)
		for _, begun := range []string{"G", "\x16", "\x16\x03\x01\x02\x00\x01"} {
			if _, err := io.WriteString(dial(t, s), begun); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := client(t, s, a)
	if got := get(t, c, "http://api.test/") + get(t, c, "https://api.test/"); got != "httphttps" {
		t.Errorf("came in as %q", got)
	}
}

// TestGarbage sends what is neither; the server lives on.
func TestGarbage(t *testing.T) {
	a := newAuthority(t)
	s := serve(t, scheme, a)
	for _, garbage := range []string{
		"\x16\x16\x16\x16\x16\x16\x16\x16",
		"\x00\x01\x02\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		c := dial(t, s)
		if _, err := io.WriteString(c, garbage); err != nil {
			t.Fatal(err)
		}
		// An answer or none, but an end.
		if _, err := io.Copy(io.Discard, c); err != nil && !isReset(err) {
			t.Errorf("%q: %v", garbage, err)
		}
	}
	if got := get(t, client(t, s, a), "https://api.test/"); got != "https" {
		t.Errorf("came in as %q", got)
	}
}

func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !op.Timeout()
}

func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	a := newAuthority(t)
	var inside, ended sync.WaitGroup
	inside.Add(2)
	ended.Add(2)
	s, err := Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside.Done()
		<-r.Context().Done()
		ended.Done()
	}), a)
	if err != nil {
		t.Fatal(err)
	}
	// Connections in every state: silent, half a handshake, idle, in a handler.
	dial(t, s)
	if _, err := io.WriteString(dial(t, s), "\x16\x03"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{dial(t, s), tls.Client(dial(t, s), &tls.Config{RootCAs: a.Roots(), ServerName: "api.test"})} {
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: api.test\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	inside.Wait()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	ended.Wait()
	if c, err := net.Dial("tcp", s.Addr()); err == nil {
		c.Close()
		t.Error("a closed server takes connections")
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	// Goroutines end when they have seen their connection's end, which no event
	// tells.
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if n := runtime.NumGoroutine(); n <= before {
			break
		} else if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", n, before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// TestCloseAtOnce closes before the server's goroutine may have begun.
func TestCloseAtOnce(t *testing.T) {
	a := newAuthority(t)
	for range 50 {
		s, err := Serve(scheme, a)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if c, err := net.Dial("tcp", s.Addr()); err == nil {
			c.Close()
			t.Fatal("a closed server takes connections")
		}
	}
}
