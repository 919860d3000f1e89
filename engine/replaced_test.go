package engine

import (
	"maps"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
)

// A victim's cookies are what the browser sent in an attempt; what it kept at home is the
// victim's still, and what it no longer has is not.
func TestReplaced(t *testing.T) {
	kept := func(list ...string) (stored []attacker.StoredCookie) {
		for _, name := range list {
			stored = append(stored, attacker.StoredCookie{Name: name, Value: "1", Path: "/"})
		}
		return stored
	}
	both := kept("session", "csrf")
	deep := []attacker.StoredCookie{{Name: "session", Value: "1", Path: "/api/"}, {Name: "part", Value: "1", Path: "/", Partitioned: true}}
	for _, c := range []struct {
		name    string
		cookies []attacker.StoredCookie
		sent    string
		kept    []attacker.StoredCookie
		want    map[string]string
	}{
		{"as given", both, "session=1; csrf=1; other=2", both, map[string]string{"session": "1", "csrf": "1"}},
		{"another session", both, "session=2; csrf=1", both, map[string]string{"session": "2", "csrf": "1"}},
		{"the first of two", both, "session=2; session=3; csrf=1", both, map[string]string{"session": "2", "csrf": "1"}},
		{"held back is not gone", both, "csrf=1", both, map[string]string{"session": "1", "csrf": "1"}},
		{"taken back", both, "csrf=1", kept("csrf"), map[string]string{"csrf": "1"}},
		{"of another path, or kept below another site", deep, "", nil, map[string]string{"session": "1", "part": "1"}},
	} {
		got := map[string]string{}
		sent := sentCookies(cors.Request{Headers: cors.Headers{{Name: "Cookie", Value: c.sent}}})
		for _, now := range replaced(c.cookies, sent, c.kept, "https://api.test/other") {
			got[now.Name] = now.Value
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
