package target

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestParseSetCookie(t *testing.T) {
	for _, c := range []struct{ line, name, value string }{
		{`session=x`, "session", "x"},
		{`session="x"; Path=/`, "session", `"x"`},
		{`session="x y"; Path=/`, "session", `"x y"`},
		{`prefs={"id":"x","n":[1,2]}; Secure`, "prefs", `{"id":"x","n":[1,2]}`},
		{`token=YWJj==; HttpOnly`, "token", "YWJj=="},
		{`laravel[session] = é ; Path=/`, "laravel[session]", "é"},
		{`gone=; Max-Age=0`, "gone", ""},
	} {
		got, err := ParseSetCookie(c.line)
		if err != nil || got.Name != c.name || got.Value != c.value {
			t.Errorf("%s: %+v, %v; want %q = %q", c.line, got, err, c.name, c.value)
		}
	}
	for _, line := range []string{"", "session", "=x", "; Path=/", "a=\x00", "a\nb=c"} {
		if got, err := ParseSetCookie(line); err == nil {
			t.Errorf("%q is %+v, and no error", line, got)
		}
	}
	got, err := ParseSetCookie(`s=";Path=/api; Domain=example.com; Secure; SameSite=none`)
	if err != nil || got.Value != `"` || got.Path != "/api" || got.Domain != "example.com" || !got.Secure {
		t.Errorf("with attributes: %+v, %v", got, err)
	}
}

func TestWhyRefused(t *testing.T) {
	long := strings.Repeat("x", 4096)
	for _, c := range []struct{ line, origin, why string }{
		{"s=x", "http://192.168.1.5:8080", ""},
		{"s=x; SameSite=None; Secure", "https://api.example.com", ""},
		{"s=x; SameSite=None; Secure", "http://127.0.0.1:5055", ""},
		{"s=x; SameSite=None; Secure", "http://api.localhost:5055", ""},
		{"s=x; SameSite=None", "https://api.example.com", "SameSite=None without Secure"},
		{"s=x; SameSite=None", "http://localhost:5055", "SameSite=None without Secure"},
		{"s=x; Secure", "http://192.168.1.5:8080", "http://"},
		{"s=x; Secure", "http://api.example.com", "http://"},
		{"s=x; Partitioned", "https://api.example.com", "Partitioned"},
		{"__Host-s=x; Secure; Path=/", "https://api.example.com", ""},
		{"__Host-s=x; Secure", "https://api.example.com", "__Host-"},
		{"__host-s=x; Secure; Path=/api", "https://api.example.com", "__Host-"},
		{"__Host-s=x; Secure; Path=/; Domain=example.com", "https://api.example.com", "__Host-"},
		{"__Secure-s=x; Secure; Domain=example.com", "https://api.example.com", ""},
		{"__Secure-s=x", "https://api.example.com", "__Secure-"},
		{"s=" + long, "https://api.example.com", "4096"},
		{"s=" + long[1:], "https://api.example.com", ""},
	} {
		cookie, err := ParseSetCookie(c.line)
		if err != nil {
			t.Fatal(err)
		}
		if got := WhyRefused(cookie, cors.MustParseOrigin(c.origin)); (got == "") != (c.why == "") || !strings.Contains(got, c.why) {
			t.Errorf("%.60s of %s: %q, want %q", c.line, c.origin, got, c.why)
		}
	}
}

// Quotes around a value are no part of the secret, which has to be found without them.
func TestSecretsOfQuotedCookies(t *testing.T) {
	c := Credentials{Cookies: []string{`session="abc123"; Path=/`, `prefs={"id":"xyz"}`}}
	if got := strings.Join(c.secrets(), " "); got != `abc123 {"id":"xyz"}` {
		t.Errorf("the secrets are %s", got)
	}
}
