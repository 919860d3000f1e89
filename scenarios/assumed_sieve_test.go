package scenarios

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// Whatever rule grants a near-miss, of those that tell rules apart or are a part of a name
// or end it, the few questions of
// the sieve show that it grants some.
func TestSieveMissesNoRule(t *testing.T) {
	below := func(domain string) func(string) bool {
		return func(o string) bool { return strings.HasSuffix(o, "."+domain) }
	}
	match := func(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }
	for _, of := range []string{"https://app.example.com", "https://example.com", "http://localhost:3000", "https://a.b.example.co.uk:8080", "https://10.1.2.3", "https://team.github.io"} {
		o := cors.MustParseOrigin(of)
		target := Target{URL: "https://api.example.com", Trusted: []cors.Origin{o}}
		host, domain := o.Host(), o.RegistrableDomain()
		rules := map[string]func(string) bool{
			"nobody":             func(string) bool { return false },
			"contains the host":  func(s string) bool { return strings.Contains(s, host) },
			"begins with":        func(s string) bool { return strings.HasPrefix(s, o.Scheme()+"://"+host) },
			"begins with a dot":  func(s string) bool { return strings.HasPrefix(s, o.Scheme()+"://"+host+".") },
			"ends with the host": func(s string) bool { return strings.HasSuffix(s, host) },
			"letters before it":  match(`^https?://[a-z]+` + regexp.QuoteMeta(host) + `(:\d+)?$`),
			"below the host":     below(host),
			"one label below":    match(`^https?://[a-z0-9-]+\.` + regexp.QuoteMeta(host) + `(:\d+)?$`),
			"an unescaped dot":   match("^" + strings.Replace(regexp.QuoteMeta(of), `\.`, ".", 1) + "$"),
			"http too":           func(s string) bool { return strings.TrimPrefix(strings.TrimPrefix(s, "https"), "http") == "://"+host },
			"ends in it":         func(s string) bool { return strings.HasSuffix(of, strings.TrimPrefix(s, o.Scheme()+"://")) },
			"is in it":           func(s string) bool { return strings.Contains(of, strings.TrimPrefix(s, o.Scheme()+"://")) },
			"an underscore":      match(`^https?://` + regexp.QuoteMeta(host) + `_[._a-z]*$`),
			"any port":           match("^" + o.Scheme() + "://" + regexp.QuoteMeta(host) + `(:\d+)?$`),
		}
		if domain != "" {
			rules["contains the domain"] = func(s string) bool { return strings.Contains(s, domain) }
			rules["ends with the domain"] = func(s string) bool { return strings.HasSuffix(s, domain) }
			rules["below the domain"] = below(domain)
			rules["a sibling"] = match(`^https?://[a-z0-9-]+\.` + regexp.QuoteMeta(domain) + `(:\d+)?$`)
		}
		for name, grants := range rules {
			granted := func(m NearMiss) bool { return grants(m.Origin.String()) }
			first, others := Sieve(target, o)
			all := Matchers(target, o)
			asked := others
			if !first.Origin.IsOpaque() {
				asked = append([]NearMiss{first}, others...)
				all = slices.Concat(all, spelled(target, o, clipped), spelled(target, o, punctuated))
			}
			if n := 13 + strings.Count(host, "."); len(asked) > n { // which every endpoint is asked
				t.Errorf("%s: %d questions, not at most %d", of, len(asked), n)
			}
			if slices.ContainsFunc(all, granted) && !slices.ContainsFunc(asked, granted) {
				t.Errorf("%s, %s: the sieve does not show it", of, name)
			}
			if name == "nobody" && slices.ContainsFunc(asked, granted) {
				t.Errorf("%s: something is granted to nobody", of)
			}
		}
	}
}
