package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
)

// serve runs a hostile or broken target on loopback until the test ends.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s, err := loopback.Serve(h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return "http://" + s.Addr()
}

// raw runs a target that is not even HTTP.
func raw(t *testing.T, talk func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
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
			go func() {
				defer c.Close()
				talk(c)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func examineURL(t *testing.T, url string, more ...string) ran {
	t.Helper()
	return crossexam(t, nil, append([]string{"test", url, "--trusted=https://app.example", "--read=/private"}, more...)...)
}

// A target that cannot be reached gives one clear error, no verdict, and still
// whole reports: the JUnit file must not be green.
func TestUnreachable(t *testing.T) {
	browsertest.Needed(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, c := range map[string]struct {
		url  string
		says string
	}{
		"nobody listens": {"http://" + closed.Addr().String(), "refused"},
		"never answers":  {raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), "answer"},
		"not HTTP":       {raw(t, func(c net.Conn) { fmt.Fprint(c, "SSH-2.0-OpenSSH_9.9\r\n") }), "HTTP"},
		"hangs up":       {raw(t, func(net.Conn) {}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := examineURL(t, c.url)
			r.expect(t, 3, c.says)
			parsed := r.report(t)
			if parsed.Fault == nil || parsed.Fault.Stage != "reach" || len(parsed.Results) != 0 {
				t.Errorf("fault %+v and %d results", parsed.Fault, len(parsed.Results))
			}
			junit, err := os.ReadFile(filepath.Join(r.out, "junit.xml"))
			if err != nil {
				t.Fatal(err)
			}
			var suites struct {
				Errors   int `xml:"errors,attr"`
				Failures int `xml:"failures,attr"`
			}
			if err := xml.Unmarshal(junit, &suites); err != nil || suites.Errors+suites.Failures == 0 {
				t.Errorf("the JUnit file shows no error (%v):\n%s", err, junit)
			}
		})
	}
}

// grant answers like an API that trusts https://app.example alone.
func grant(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Set("Vary", "Origin")
	if r.Header.Get("Origin") == "https://app.example" {
		w.Header().Set("Access-Control-Allow-Origin", "https://app.example")
		w.Header().Set("Access-Control-Allow-Headers", "content-type")
		w.Header().Set("Access-Control-Allow-Methods", "PUT, DELETE, PATCH")
	}
	if isOptions(r) {
		w.WriteHeader(http.StatusNoContent)
		return true
	}
	return false
}

func TestSelfSigned(t *testing.T) {
	browsertest.Needed(t)
	authority := loopbacktest.NewAuthority(t)
	s, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !grant(w, r) {
			fmt.Fprint(w, `{"diary": "private"}`)
		}
	}), authority)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	url := "https://" + s.Addr()
	r := examineURL(t, url)
	r.expect(t, 3, "certificate", "--insecure-skip-verify")
	r = examineURL(t, url, "--insecure-skip-verify")
	if parsed := r.report(t); len(parsed.Results) == 0 || !strings.Contains(strings.Join(parsed.Notes, " "), "not verified") {
		t.Errorf("%d results, notes %q", len(parsed.Results), parsed.Notes)
	}
}

// With third-party cookies blocked a cookie attack cannot be seen, and a harness
// without controls would call every target safe.
func TestControlFailsWithThirdPartyCookiesBlocked(t *testing.T) {
	browsertest.Needed(t)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("session"); !grant(w, r) && err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"diary": "private"}`)
	})
	r := examineURL(t, url, "--cookie=session=0123456789; SameSite=None; Secure", "--block-third-party-cookies")
	r.expect(t, 3, "control", "third-party cookies")
	parsed := r.report(t)
	if parsed.Fault == nil || parsed.Fault.Stage != "controls" || len(parsed.Results) != 0 {
		t.Errorf("fault %+v and %d results", parsed.Fault, len(parsed.Results))
	}
}
