package tap

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
)

func TestReach(t *testing.T) {
	authority := loopbacktest.NewAuthority(t)
	stranger := loopbacktest.NewAuthority(t)
	secure, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}), authority)
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	plainOnly, err := loopback.Serve(http.NotFoundHandler(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer plainOnly.Close()
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing.Close()
	plain := serveRaw(t, says("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"))
	silent := serveRaw(t, func(c net.Conn, _ string) bool { return hangs(c) })
	// It reads no head, so that it is silent to a TLS hello too.
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()

	short := 50 * time.Millisecond
	for _, c := range []struct {
		name, url, address string
		change             func(*Options)
		want               string // "" = reached
	}{
		{name: "an error is an answer", url: "http://api.example/base?q", address: plain.addr},
		{name: "an endless body is an answer", url: "http://api.example", address: serveRaw(t, func(c net.Conn, r string) bool {
			for says("HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("x", 1000))(c, r) {
			}
			return false
		}).addr},
		{name: "refused", url: "http://api.example", address: refusing.Addr().String(), want: "refused the connection: is the target running"},
		{name: "no answer", url: "http://api.example", address: silent.addr, want: "accepted the connection and gave no answer within 50ms",
			change: func(o *Options) { o.Header = short }},
		{name: "no handshake", url: "https://api.example", address: mute.Addr().String(), want: "did not finish the TLS handshake within 50ms",
			change: func(o *Options) { o.Connect = short }},
		{name: "another protocol", url: "http://api.example", address: serveRaw(t, says("220 mail\r\n\r\n")).addr, want: "not HTTP/1.1"},
		{name: "no TLS", url: "https://api.example", address: plainOnly.Addr(), want: "does not speak TLS"},
		{name: "TLS alone", url: "http://api.example", address: tlsAlone(t, authority), want: "does the URL have to begin with https://?"},
		{name: "trusted", url: "https://api.example", address: secure.Addr(),
			change: func(o *Options) { o.Roots = authority.Roots() }},
		{name: "trusted by address", url: "https://127.0.0.1", address: secure.Addr(),
			change: func(o *Options) { o.Roots = authority.Roots() }},
		{name: "untrusted", url: "https://api.example", address: secure.Addr(), want: "or test all the same with `insecure_skip_verify`",
			change: func(o *Options) { o.Roots = stranger.Roots() }},
		{name: "untrusted by the system", url: "https://api.example", address: secure.Addr(), want: "`insecure_skip_verify`"},
		{name: "not verified", url: "https://api.example", address: secure.Addr(),
			change: func(o *Options) { o.InsecureSkipVerify = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, err := url.Parse(c.url)
			if err != nil {
				t.Fatal(err)
			}
			tap := newTap(t, c.address, func(o *Options) {
				o.URL = u
				o.Limits = DefaultLimits(o.Upstream)
				o.Body = short
				if c.change != nil {
					c.change(o)
				}
			})
			err = tap.Reach(t.Context())
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			case err != nil && !strings.HasPrefix(err.Error(), "cannot reach "+c.url+"/: "):
				t.Errorf("%v", err)
			}
			if e := tap.Since(0); len(e) == 1 && !strings.HasPrefix(e[0].Request.URL, c.url) {
				t.Errorf("asked for %s", e[0].Request.URL)
			}
			requests := 1
			if c.name == "TLS alone" {
				requests = 2 // a connection that was closed is tried once more
			}
			if tap.Len() != 1 || tap.Requests() != requests {
				t.Errorf("%d exchanges recorded, %d requests", tap.Len(), tap.Requests())
			}
		})
	}
}

// tlsAlone closes every connection that does not begin with a TLS handshake, as many
// servers do, and gives its address.
func tlsAlone(t *testing.T, a *loopback.Authority) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", a.TLSConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// A name for another host is no proof of this one.
func TestReachVerifiesTheName(t *testing.T) {
	authority := loopbacktest.NewAuthority(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := authority.TLSConfig()
	wrong, err := config.GetCertificate(&tls.ClientHelloInfo{ServerName: "other.example"})
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	done := make(chan bool)
	go func() {
		defer close(done)
		_ = s.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*wrong}, MinVersion: tls.VersionTLS12}))
	}()
	defer func() { s.Close(); <-done }()
	tap := newTap(t, l.Addr().String(), func(o *Options) {
		o.URL = &url.URL{Scheme: "https", Host: "api.example"}
		o.Roots = authority.Roots()
	})
	if err := tap.Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "other.example, not api.example)") {
		t.Errorf("%v", err)
	}
}

// A target may take the time for its first answer that the limits give to each: it may
// have slept.
func TestReachWaits(t *testing.T) {
	silent := serveRaw(t, func(c net.Conn, _ string) bool { return hangs(c) })
	tap := newTap(t, silent.addr, func(o *Options) { o.Header = time.Hour })
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	if err := tap.Reach(ctx); err == nil || !strings.Contains(err.Error(), "gave no answer within") || strings.Contains(err.Error(), "1h") {
		t.Errorf("%v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if err := tap.Reach(ctx); err == nil || !strings.Contains(err.Error(), "given up") {
		t.Errorf("%v", err)
	}
}

func TestExplainDial(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "dial", Err: &net.DNSError{Name: "api.example", IsNotFound: true}}, "the name api.example does not resolve"},
		{&net.DNSError{Name: "api.example", Err: "server misbehaving", IsTemporary: true}, "the name api.example could not be resolved: server misbehaving"},
		{&net.DNSError{Name: "api.example", IsTimeout: true}, "no connection to api.example:80 within 5s"},
		{context.DeadlineExceeded, "no connection to api.example:80 within 5s"},
		{context.Canceled, "given up"},
		{io.ErrClosedPipe, "no connection to api.example:80: io: read/write on closed pipe"},
	} {
		if got := explainDial(c.err, "api.example:80", 5*time.Second); !strings.Contains(got.Error(), c.want) {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestExplainTLS(t *testing.T) {
	d := dialer{address: "api.example:443"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{tls.RecordHeaderError{}, "does not speak TLS: does the URL have to begin with http://?"},
		{io.EOF, "closed the connection in the TLS handshake"},
		{context.DeadlineExceeded, "within 5s"},
		{context.Canceled, "given up"},
		{errors.New("remote error: tls: handshake failure"), "failed: remote error"},
	} {
		if got := d.explainTLS(c.err, 5*time.Second); !strings.Contains(got.Error(), c.want) {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
