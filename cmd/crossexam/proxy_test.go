package main

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
)

const (
	proxied       = "api.crossexam-proxied.test" // which no DNS knows
	proxyLogin    = "proxy-user:proxy-password-0123"
	proxyPassword = "proxy-password-0123"
)

// aProxy is an HTTP proxy with a login that knows one host. It tells everybody the
// login that it was given.
type aProxy struct {
	backend string // of the host

	mu   sync.Mutex
	seen []string
}

func (p *aProxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

func (p *aProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r.Method+" "+r.RequestURI)
	p.mu.Unlock()
	login := r.Header.Get("Proxy-Authorization")
	w.Header().Set("X-Told-By-Proxy", login)
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	switch {
	case login != "Basic "+base64.StdEncoding.EncodeToString([]byte(proxyLogin)):
		http.Error(w, "you said "+login, http.StatusProxyAuthRequired)
	case host != proxied:
		http.Error(w, "no such host", http.StatusBadGateway)
	case r.Method == http.MethodConnect:
		p.tunnel(w)
	default:
		to := &url.URL{Scheme: "http", Host: p.backend}
		(&httputil.ReverseProxy{Rewrite: func(q *httputil.ProxyRequest) { q.SetURL(to); q.Out.Host = q.In.Host }}).ServeHTTP(w, r)
	}
}

func (p *aProxy) tunnel(w http.ResponseWriter) {
	there, err := net.Dial("tcp", p.backend)
	if err != nil {
		return
	}
	defer there.Close()
	here, sent, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	// Not by w, before: net/http could read what the client says next, and keep it.
	if _, err := io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	go func() { _, _ = io.Copy(here, there); here.Close() }()
	_, _ = io.Copy(there, sent)
}

// careless lets every origin read. What there is discovery finds.
func careless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path != "/me" {
		w.WriteHeader(http.StatusNotFound)
	}
	fmt.Fprintf(w, `{"at": %q}`, r.URL.Path)
}

// All ways to a target with a name go through the proxy of the environment, whose
// login no output has; those to loopback do not.
func TestProxyOfTheEnvironment(t *testing.T) {
	browsertest.Needed(t)
	authority := loopbacktest.NewAuthority(t)
	target, err := loopback.Serve(http.HandlerFunc(careless), authority) // both http and https
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	trust := "SSL_CERT_FILE=" + certificateOf(t, target.Addr(), proxied)
	victim := save(t, "crossexam.yaml", "trusted: [https://app.example]\ncredentials: {network: true}\n")
	for name, c := range map[string]struct {
		url   string
		login string
		env   []string
		code  int
		says  string
		sees  string // the proxy, first; empty for nothing
	}{
		"https":               {"https://" + proxied, proxyLogin, []string{trust}, 1, "WLD-003", "CONNECT " + proxied + ":443"},
		"http":                {"http://" + proxied, proxyLogin, nil, 1, "WLD-003", "GET http://" + proxied + ":80/"},
		"unknown certificate": {"https://" + proxied, proxyLogin, nil, 3, "certificate", "CONNECT " + proxied + ":443"},
		"wrong login, https":  {"https://" + proxied, "u:" + proxyPassword, []string{trust}, 3, "407", "CONNECT " + proxied + ":443"},
		"wrong login, http":   {"http://" + proxied, "u:" + proxyPassword, nil, 3, "asks for another login", "GET http://" + proxied + ":80/"},
		"unknown host, http":  {"http://other.crossexam-proxied.test", proxyLogin, nil, 3, "answered 502", "GET http://other.crossexam-proxied.test:80/"},
		"NO_PROXY":            {"http://" + proxied, proxyLogin, []string{"NO_PROXY=" + proxied}, 3, "cannot reach", ""},
		"loopback":            {"http://" + target.Addr(), proxyLogin, nil, 1, "WLD-003", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := &aProxy{backend: target.Addr()}
			s, err := loopback.Serve(p, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			address := "http://" + c.login + "@" + s.Addr()
			env := append([]string{"HTTPS_PROXY=" + address, "HTTP_PROXY=" + address}, c.env...)
			r := crossexam(t, env, "test", c.url, "--config="+victim, "--label=WLD-003", "--verbose")
			r.expect(t, c.code, c.says)
			if seen := p.requests(); c.sees == "" && len(seen) > 0 || c.sees != "" && (len(seen) == 0 || seen[0] != c.sees) {
				t.Errorf("the proxy saw %q", seen)
			}
			noted := strings.Contains(strings.Join(r.report(t).Notes, "\n"), "through the proxy http://"+s.Addr())
			if noted != (c.sees != "") {
				t.Errorf("notes %q", r.report(t).Notes)
			}
			for where, text := range outputs(t, r) {
				for _, secret := range []string{proxyPassword, base64.StdEncoding.EncodeToString([]byte(c.login))} {
					if strings.Contains(text, secret) {
						t.Errorf("%s is in %s", secret, where)
					}
				}
			}
		})
	}
}

// certificateOf is a file with the certificate by which a server is the host.
func certificateOf(t *testing.T, address, host string) string {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{ServerName: host, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return save(t, "roots.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.ConnectionState().PeerCertificates[0].Raw})))
}

// A variable that names no proxy is an error without its text.
func TestProxyThatIsNone(t *testing.T) {
	for _, value := range []string{"http://u:" + proxyPassword + "@[", "ftp://u:" + proxyPassword + "@127.0.0.1:1"} {
		r := crossexam(t, []string{"HTTP_PROXY=" + value}, "test", "http://"+proxied, "--trusted=https://app.example")
		r.expect(t, 2, "HTTP_PROXY")
		if strings.Contains(r.stdout+r.stderr, proxyPassword) {
			t.Errorf("it repeats the password: %s", r.stderr)
		}
	}
}
