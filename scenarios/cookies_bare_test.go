package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// A cookie that was given by name and value alone may be one that the front end can use:
// that a browser keeps it home then is no mistake of the target's.
func TestTrustedReadWithABareCookie(t *testing.T) {
	const byDefault, lax = "SchemefulSameSiteUnspecifiedTreatedAsLax", "SameSiteLax"
	granted := func(status int) *cors.Response {
		return reply(status, privateBody, allowOrigin(trustedOrigin), withCredentials)
	}
	target := oneEndpoint(Cookie)
	cases, _ := planTrustedReads(target)
	read, without := cases[0].Attempts[0], cases[0].Attempts[1]
	home := func(reason string, o Observation) []Observation {
		o = keeping(reason, o)
		o.Credential.Cookies = []CookieFate{{Name: "session", HeldBack: []string{reason}}}
		return []Observation{o, answeredTo(without, denied)}
	}
	for _, c := range []struct {
		name string
		bare []string
		obs  []Observation
		want Verdict
	}{
		{"bare", []string{"session"}, home(byDefault, readBy(read, granted(401))), CannotTell},
		{"bare, and strangers get a success", []string{"session"}, home(byDefault, readBy(read, granted(200))), CannotTell},
		{"with attributes, or set by the login", nil, home(byDefault, readBy(read, granted(401))), Violates},
		{"another cookie is bare", []string{"theme"}, home(byDefault, readBy(read, granted(401))), Violates},
		{"SameSite is said", []string{"session"}, home(lax, readBy(read, granted(401))), Violates},
		{"no grant at all", []string{"session"}, home(byDefault, blockedFrom(read, cors.MissingAllowOriginHeader, denied)), Violates},
	} {
		target.BareCookies = c.bare
		cases, _ := planTrustedReads(target)
		if j := cases[0].Judge(NewObservations(c.obs)); j.Verdict != c.want {
			t.Errorf("%s: %s: %s", c.name, j.Verdict, j.Reason)
		}
	}
	known := keeping(byDefault, readBy(read, granted(200)))
	known.Cookies = []CookieAttributes{{Name: "session", Secure: true}}
	for verdict, bare := range map[Verdict][]string{CannotTell: {"session"}, Violates: nil} {
		if j := judgeSessionCookies(true, bare, known); j.Verdict != verdict {
			t.Errorf("bare %q: the attributes: %s: %s", bare, j.Verdict, j.Reason)
		}
	}
}

// That localhost and 127.0.0.1 are two sites to a browser is told where it keeps a cookie home.
func TestTrustedReadFromTheOtherLoopback(t *testing.T) {
	for url, want := range map[string]bool{"http://127.0.0.1:8000": true, "https://api.example.org": false} {
		target := oneEndpoint(Cookie)
		target.URL, target.Trusted = url, []cors.Origin{cors.MustParseOrigin("http://localhost:3000")}
		cases, _ := planTrustedReads(target)
		read, without := cases[0].Attempts[0], cases[0].Attempts[1]
		o := keeping("SameSiteLax", readBy(read, reply(401, "", allowOrigin("http://localhost:3000"), withCredentials)))
		j := cases[0].Judge(NewObservations([]Observation{o, answeredTo(without, denied)}))
		if j.Verdict != Violates || strings.Contains(j.Fix, "To a browser 127.0.0.1 and localhost are two sites") != want {
			t.Errorf("%s: %s: %s", url, j.Verdict, j.Fix)
		}
	}
}
