package scenarios

import (
	"regexp"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// The rule is found from the grants of a server that follows it, and shown by
// origins that it grants.
func TestInferredRules(t *testing.T) {
	const (
		host    = "notebook.example.com"
		trusted = "https://" + host
	)
	under := func(suffix string) func(string) bool {
		return func(o string) bool { return strings.HasPrefix(o, "https://") && strings.HasSuffix(o, suffix) }
	}
	pattern := func(p string) func(string) bool { return regexp.MustCompile(p).MatchString }
	for _, tt := range []struct {
		id     string // of the near-miss that is granted
		grants func(string) bool
		want   string
	}{
		{"ORG-001", func(o string) bool { return strings.HasPrefix(o, trusted) }, `begins with "https://notebook.example.com" (granted too: https://notebook.example.comevil.test)`},
		{"ORG-006", func(o string) bool { return strings.Contains(o, host) }, `contains "notebook.example.com" (granted too: https://notebook.example.com.evil.test, https://notebook.example.comevil.test)`},
		{"ORG-003", func(o string) bool { return strings.Contains(o, "example.com") }, `contains "example.com" (granted too:`},
		{"ORG-001", func(o string) bool { return strings.HasPrefix(o, trusted+".") }, `begins with "https://notebook.example.com" and a dot`},
		{"ORG-003", under(host), `ends with "notebook.example.com" (granted too: https://crossexamsub.notebook.example.com`},
		{"ORG-003", under("example.com"), `ends with "example.com" (granted too: https://evilexample.com`},
		{"ORG-009", under("." + host), `is a subdomain of "notebook.example.com"`},
		{"ORG-010", under(".example.com"), `is a subdomain of "example.com"`},
		{"ORG-010", pattern(`^https://[^.]+\.example\.com$`), `is one label below "example.com"`},
		{"ORG-009", pattern(`^https://[^.]+\.notebook\.example\.com$`), `is one label below "notebook.example.com"`},
		{"ORG-005", pattern(`^https://notebook.example.com$`), `any character for dot 1 and 2 of "notebook.example.com"`},
		{"ORG-005", pattern(`^https://notebook.example\.com$`), `any character for dot 1 of "notebook.example.com"`},
		{"ORG-007", pattern(`^https://notebook\.example\.com(:\d+)?$`), `has the host "notebook.example.com", on any port`},
		{"ORG-006", pattern(`^https?://notebook\.example\.com$`), `has the host "notebook.example.com", over http:// too`},
		{"ORG-006", pattern(`^https?://notebook\.example\.com(:\d+)?$`), `has the host "notebook.example.com", on any port, over http:// too`},
		{"ORG-004", pattern(`^https://otebook\.example\.com$`), "takes the trusted host without its first character for https://notebook.example.com"},
		{"ORG-013", pattern(`^http://localhost`), "takes a development server's origin for a trusted origin"},
	} {
		target := trusting("https://api.notebook.test", trusted)
		granted := func(o cors.Origin) bool { return tt.grants(o.String()) }
		for _, m := range rules[tt.id](target) {
			if !granted(m.Origin) {
				continue
			}
			if got := inferred(target, m, granted).String(); !strings.Contains(got, tt.want) {
				t.Errorf("%s: %s\nwant %s", m.Origin, got, tt.want)
			}
			break
		}
	}
	site := trusting("https://api.notebook.test", "https://me.github.io")
	got := inferred(site, rules["ORG-003"](site)[0], func(o cors.Origin) bool { return strings.HasSuffix(o.Host(), ".github.io") }).String()
	if !strings.Contains(got, `is a site on "github.io"`) {
		t.Error(got)
	}
}

// Most witnesses are near-misses that the family asks for anyway.
func TestInferenceCostsFewAttempts(t *testing.T) {
	target := trusting("https://api.notebook.test", "https://notebook.example.com", "https://me.github.io:8443")
	asked := map[cors.Origin]bool{}
	for _, rule := range rules {
		for _, m := range rule(target) {
			asked[m.Origin] = true
		}
	}
	for _, of := range target.Trusted {
		more := 0
		for _, w := range witnesses(target, of) {
			if !asked[w.Origin] {
				more++
			}
		}
		if more == 0 || more > 4 {
			t.Errorf("%s: %d attempts more", of, more)
		}
	}
	if ws := witnesses(target, cors.Opaque); len(ws) > 0 {
		t.Errorf("witnesses of nothing: %v", ws)
	}
}
