package sweep

import (
	"regexp"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A list that has the target's own name in it, besides the front end's, is found where it
// takes others for that name: whoever wrote it may have meant both.
func TestOwnNameIsFound(t *testing.T) {
	front := cors.MustParseOrigin("https://front.other.example")
	facts := scenarios.Target{URL: "https://api.example.com", Trusted: []cors.Origin{front}, Credentials: []scenarios.Credential{scenarios.Cookie}}
	match := func(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }
	for _, c := range []struct {
		name    string
		grants  func(origin string) bool
		suspect bool
	}{
		{"its origin", func(o string) bool { return o == "https://api.example.com" }, false},
		{"begins with it", func(o string) bool { return strings.HasPrefix(o, "https://api.example.com") }, true},
		{"ends with its domain", func(o string) bool { return strings.HasSuffix(o, "example.com") }, true},
		{"letters before its domain", match(`^https://[a-z]*example\.com$`), true},
		{"an unescaped dot", match(`^https://api\.example.com$`), true},
		{"another unescaped dot", match(`^https://api.example\.com$`), true},
		{"http too", match(`^https?://api\.example\.com$`), true},
		{"a dash and more", match(`^https://api\.example\.com-[a-z.]*$`), true},
		{"an underscore and more", match(`^https://api\.example\.com_[a-z.]*$`), true},
		{"a part of it", func(o string) bool { return strings.Contains("https://api.example.com", o) }, true},
		{"below it", match(`^https://[a-z]+\.api\.example\.com$`), false}, // takes a page there
	} {
		v := &interview{script: newScript(facts), with: scenarios.Cookie, methods: []string{"GET"}, ask: func(q Question) (Decision, bool) {
			if q.Origin == front || c.grants(q.Origin.String()) {
				return WithCredentials, true
			}
			return NotGranted, true
		}}
		v.run()
		classes := file(facts, []Endpoint{{Endpoint: "GET /a", Status: 200, Finding: scenarios.Private}}, []*interview{v})
		if granted := len(classes[0].Granted) > 0; classes[0].Suspect != c.suspect || granted != (c.name != "its origin") {
			t.Errorf("%s: suspect is %t, granted %v", c.name, classes[0].Suspect, classes[0].Granted)
		}
	}
}
