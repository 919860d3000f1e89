package target

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// FuzzCookieLines: what is given as cookies becomes lines of Set-Cookie, or is refused
// without a word of it. A cookie that is taken has nothing in it that ends a header line.
func FuzzCookieLines(f *testing.F) {
	for _, s := range []string{"session=abc; Path=/; Secure", "a=b; c=d", `a="{\"x\": 1}"`, "=", "a", "a=b;;;; SameSite=Maybe; Max-Age=9e9", "Cookie: a=b; c=d", "Set-Cookie: a=b", "__Host-a=b", "a=\x00", "é=é", "curl -b 'a=b'", "a=b\r\nX: y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		lines, _, err := cookieLines(line)
		if err != nil && len(line) > 8 && strings.Contains(err.Error(), line) {
			t.Fatalf("the error repeats %q: %v", line, err)
		}
		for _, l := range append(lines, line) {
			c, err := ParseSetCookie(l)
			if err != nil {
				if len(l) > 8 && strings.Contains(err.Error(), l) {
					t.Fatalf("the error repeats %q: %v", l, err)
				}
				continue
			}
			if c.Name == "" || strings.ContainsAny(c.Name+c.Value, "\r\n\x00;") {
				t.Fatalf("%q is the cookie %q with the value %q", l, c.Name, c.Value)
			}
			WhyRefused(c, cors.MustParseOrigin("http://api.example.com"))
		}
	})
}

// FuzzCall: a call of JSON-RPC becomes a request with a method whose name has no effect,
// or is refused.
func FuzzCall(f *testing.F) {
	for _, s := range []string{"eth_accounts", "tools/list", `{"method": "a.b", "params": [1]}`, `{"method": 1}`, `{"method": "eth_sendTransaction"}`, `{"method": "x", "Method": "deleteAll"}`, "[{}]", "{", " {\"method\": \"\\u0064elete\"}", "a b", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, call string) {
		body, err := rpcBody(call)
		if err != nil {
			return
		}
		// As servers read it that know no capitals, too.
		var sent struct{ Method string }
		if err := json.Unmarshal([]byte(body), &sent); err != nil || sent.Method == "" || effectIn(sent.Method) != "" {
			t.Fatalf("%q becomes %s, which calls %q (%v)", call, body, sent.Method, err)
		}
	})
}

// FuzzExpiry: a token is none, or ends at some time.
func FuzzExpiry(f *testing.F) {
	for _, s := range []string{"", "a.b.c", "x.eyJleHAiOjF9.y", "x.eyJleHAiOjFlMzA5fQ.y", "x.eyJleHAiOi0xfQ.y", "x.eyJleHAiOiJhIn0=.y", "..", "x.bnVsbA.y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if at, ok := expiry(token); ok && (at.Year() < 1970 || strings.Count(token, ".") != 2) {
			t.Fatalf("%q ends at %s", token, at)
		}
	})
}
