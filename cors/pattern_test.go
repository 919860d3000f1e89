package cors

import (
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern          string
		members, strange []string
	}{
		{"https://*.example.com", []string{"https://app.example.com", "https://a.b.example.com"},
			[]string{"https://example.com", "http://app.example.com", "https://app.example.com:8443", "https://evilexample.com", "https://app.example.com.evil.test", "https://app.example.com."}},
		{"https://:label.example.com", []string{"https://app.example.com"}, []string{"https://a.b.example.com", "https://example.com", "https://appxexample.com"}},
		{"https://app.example.com:*", []string{"https://app.example.com", "https://app.example.com:8443"}, []string{"http://app.example.com", "https://x.app.example.com:8443"}},
		{"http://localhost:*", []string{"http://localhost", "http://localhost:5173"}, []string{"https://localhost", "http://localhost.evil.test"}},
		{"http://*.localhost:3000", []string{"http://app.localhost:3000"}, []string{"http://app.localhost", "http://localhost:3000"}},
		{"https://*.example.com:*", []string{"https://app.example.com:1", "https://app.example.com"}, []string{"https://example.com:1"}},
		{"https://*.user.github.io", []string{"https://a.user.github.io"}, []string{"https://a.other.github.io"}},
	} {
		p, err := ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if p.String() != c.pattern || !IsPattern(c.pattern) {
			t.Errorf("%s is written %s", c.pattern, p)
		}
		members := []string{p.Member("crossexammember").String()}
		for _, s := range append(members, c.members...) {
			if !p.Matches(MustParseOrigin(s)) {
				t.Errorf("%s does not match %s", c.pattern, s)
			}
		}
		for _, s := range append(c.strange, "null") {
			if p.Matches(MustParseOrigin(s)) {
				t.Errorf("%s matches %s", c.pattern, s)
			}
		}
	}
	for s, says := range map[string]string{
		"*":                            "every origin",
		"*.example.com":                "begin with https",
		"https://*":                    "every host",
		"https://*:*":                  "every host",
		"https://*.com":                "anyone can have a name under com",
		"https://*.github.io":          "anyone can have a name under github.io",
		"https://*.co.uk":              "anyone",
		"https://app-*.example.com":    "whole labels",
		"https://*example.com":         "whole labels",
		"https://a.*.example.com":      "whole labels",
		"https://*.*.example.com":      "whole labels",
		"https://:name.example.com":    ":label.",
		"https://*.127.0.0.1":          "address",
		"https://*.example.com/":       `write "https://example.com"`,
		"https://*.example.com:443":    "write",
		"ftp://*.example.com":          "scheme must be",
		"https://*.Example.com":        "write",
		"https://app.example.com":      "no wildcard",
		"https://*.example.com:*:8080": "whole labels",
	} {
		if _, err := ParsePattern(s); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, and it should say %q", s, err, says)
		}
	}
}
