package tap

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestIDs(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 200 OK\r\ncrossexam-EXCHANGE: forged\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n"))
	tap := newTap(t, s.addr, nil)
	first, second := get(t, tap, "/1"), get(t, tap, "/2")
	if e := recorded(t, tap, first); e.Request.URL != "http://api.example/1" || !e.Response.Headers.Has(ExchangeHeader) {
		t.Errorf("%+v: the forged line is evidence", e)
	}
	if e := recorded(t, tap, second); e.Request.URL != "http://api.example/2" {
		t.Errorf("%+v", e)
	}
	if got := tap.Notes(); len(got) != 1 || !strings.Contains(got[0], ExchangeHeader) {
		t.Errorf("notes %q", got)
	}
	id := idIn(t, first)
	prefix := strings.TrimSuffix(id, "1")
	for _, wrong := range []string{"", "forged", "1", prefix, prefix + "0", prefix + "3", prefix + "01", prefix + "-1", prefix + "+1", id + " "} {
		if _, ok := tap.Exchange(wrong); ok {
			t.Errorf("%q is an exchange", wrong)
		}
	}
	if other := newTap(t, s.addr, nil); strings.HasPrefix(id, other.record.prefix) {
		t.Error("two taps have one prefix")
	}
	if len(prefix) < 17 {
		t.Errorf("the prefix %q can be guessed", prefix)
	}
}

func TestSince(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 0\r\n\r\n"))
	tap := newTap(t, s.addr, nil)
	probe := func(path string) {
		tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example" + path, Headers: cors.Headers{{Name: "A", Value: "b"}}})
	}
	probe("/1")
	n := tap.Len()
	probe("/2")
	probe("/3")
	var paths []string
	for _, e := range tap.Since(n) {
		paths = append(paths, pathOf(e.Request.URL))
	}
	if n != 1 || tap.Len() != 3 || !slices.Equal(paths, []string{"/2", "/3"}) {
		t.Errorf("since %d of %d: %q", n, tap.Len(), paths)
	}
	if len(tap.Since(-1)) != 3 || len(tap.Since(3)) != 0 || len(tap.Since(99)) != 0 {
		t.Error("Since is wrong at its ends")
	}
	// Who redacts what he got does not change the record.
	got := tap.Since(0)[0]
	got.Response.Headers[0].Value, got.Request.Headers[0].Value, got.Response.Body = "*", "*", "*"
	if e := tap.Since(0)[0]; e.Response.Headers[0].Value != "y" || e.Request.Headers[0].Value == "*" || e.Response.Body != "" {
		t.Errorf("the record changed: %+v", e)
	}
}

func TestChallenges(t *testing.T) {
	for _, c := range []struct {
		head string
		want bool
	}{
		{"401 No\r\nWWW-Authenticate: Basic realm=\"x\"", true},
		{"401 No\r\nwww-authenticate: bearer\r\nWWW-AUTHENTICATE: dIgEsT realm=x", true},
		{"401 No\r\nWWW-Authenticate: Bearer realm=x, Negotiate", true},
		{"401 No\r\nWWW-Authenticate: NTLM", true},
		{"401 No\r\nWWW-Authenticate: Basic\trealm=x", true},
		{"401 No\r\nWWW-Authenticate: Bearer realm=\"x\r\nWWW-Authenticate: Basic", true},
		{"401 No\r\nWWW-Authenticate: \u00a0, ,", false},
		{"401 No\r\nWWW-Authenticate: Bearer", false},
		{"401 No\r\nWWW-Authenticate: Basically", false},
		{"401 No", false},
		{"403 No\r\nWWW-Authenticate: Basic", false},
	} {
		s := serveRaw(t, says("HTTP/1.1 "+c.head+"\r\nContent-Length: 0\r\n\r\n"))
		tap := newTap(t, s.addr, nil)
		if tap.Challenges() {
			t.Error("challenged before any answer")
		}
		get(t, tap, "/")
		if got := tap.Challenges(); got != c.want {
			t.Errorf("%q: %v, want %v", c.head, got, c.want)
		}
	}
}
