package target

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
)

func TestTokensThatExpired(t *testing.T) {
	token := func(claims string) string {
		return "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	old := token(`{"sub":"ada","exp":1700000000}`)
	now := time.Unix(1800000000, 0)
	for name, c := range map[string]struct {
		creds Credentials
		want  string
	}{
		"bearer":          {Credentials{Bearer: old}, "the bearer token expired at 2023-11-14 22:13 UTC"},
		"header":          {Credentials{Headers: cors.Headers{{Name: "X-Auth", Value: "JWT " + old}}}, "the token in the header X-Auth expired"},
		"cookie":          {Credentials{Cookies: []string{"jwt=" + old + "; Secure"}}, "the token in the cookie jwt expired"},
		"padded":          {Credentials{Bearer: "e30." + base64.URLEncoding.EncodeToString([]byte(`{"exp":1700000000,"sub":"ad"}`)) + ".c2ln"}, "the bearer token expired"},
		"in quotes":       {Credentials{Cookies: []string{`jwt="` + old + `"`}}, "the token in the cookie jwt expired"},
		"five parts":      {Credentials{Bearer: old + ".more.more"}, ""}, // encrypted, and so not to be read
		"good":            {Credentials{Bearer: token(`{"exp":1900000000}`)}, ""},
		"no end":          {Credentials{Bearer: token(`{"sub":"ada"}`)}, ""},
		"no number":       {Credentials{Bearer: token(`{"exp":"soon"}`)}, ""},
		"a huge number":   {Credentials{Bearer: token(`{"exp":1e300}`)}, ""},
		"no token of JWT": {Credentials{Bearer: "a.b.c", Headers: cors.Headers{{Name: "X-Key", Value: " "}}}, ""},
		"nothing":         {Credentials{}, ""},
	} {
		got := c.creds.Expired(now)
		if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) || strings.Contains(got, old) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// What is pasted from developer tools, curl or a log is taken for what it is, or told
// apart from what was meant.
func TestPastedInputs(t *testing.T) {
	for line, want := range map[string]string{
		`Set-Cookie: session=x; Path=/; Secure`: "session=x; Path=/; Secure",
		`set-cookie:session=x`:                  "session=x",
		`Cookie: session=x; other=1`:            "session=x|other=1",
		`"session=x; SameSite=None; Secure"`:    "session=x; SameSite=None; Secure",
		`"Cookie: session=x"`:                   "session=x",
		`session="x"; Secure`:                   `session="x"; Secure`,
		`session=a:b`:                           "session=a:b",
		`Cookie-consent:1=x`:                    "",
	} {
		lines, _, err := cookieLines(line)
		if got := strings.Join(lines, "|"); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
	for text, want := range map[string]string{
		"me":                            "write it like /me",
		"GET /me":                       "write it like /me",
		"https://api.example.com/v1/me": "write it like /v1/me",
		"/a b":                          "write it like /api/notebooks",
		"":                              "write it like /api/notebooks",
		"https://api.example.com/#/me":  "write it like /api/notebooks",
	} {
		if err := checkPath("the path to read", text); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
