package cors

import "testing"

func TestPublicSuffix(t *testing.T) {
	for _, tt := range []struct {
		origin, suffix string
		in             Section
	}{
		{"https://app.example.com", "com", ICANN},
		{"https://app.example.co.uk.", "co.uk", ICANN},
		{"https://me.github.io", "github.io", Private},
		{"https://github.io", "github.io", Private},
		{"https://app.corp", "corp", Unlisted},
		{"http://localhost:3000", "localhost", Unlisted},
		{"http://192.168.7.7", "", Unlisted},
		{"http://[::1]", "", Unlisted},
		{"null", "", Unlisted},
	} {
		if suffix, in := MustParseOrigin(tt.origin).PublicSuffix(); suffix != tt.suffix || in != tt.in {
			t.Errorf("%s: %q %q", tt.origin, suffix, in)
		}
	}
}

func TestUnloadable(t *testing.T) {
	for origin, want := range map[string][2]bool{
		"https://app.example.com":   {false, false},
		"http://app.example.dev":    {true, false},
		"http://app.example.dev.":   {true, false},
		"http://dev":                {true, false},
		"http://dev.example.com":    {false, false},
		"http://192.168.7.7:6000":   {false, true},
		"https://example.com:60000": {false, false},
		"null":                      {false, false},
	} {
		o := MustParseOrigin(origin)
		if got := [2]bool{o.IsHTTPSOnly(), o.HasBlockedPort()}; got != want {
			t.Errorf("%s: https only and blocked %v", origin, got)
		}
	}
}

func TestLookAlike(t *testing.T) {
	for origin, want := range map[string]string{
		"https://notebook.example.com":   "https://notebook.xn--xample-2of.com",
		"https://example.com:8443":       "https://xn--xample-2of.com:8443",
		"https://notebook.example.com.":  "https://notebook.xn--xample-2of.com.",
		"http://localhost:3000":          "http://xn--lcalhost-nbh:3000",
		"https://a.github.io":            "https://xn--80a.github.io",
		"https://www.bbb.de":             "",
		"https://192.168.7.7":            "",
		"http://[::1]":                   "",
		"https://app.xn--bcher-kva.test": "",
		"null":                           "",
	} {
		like, ok := MustParseOrigin(origin).LookAlike()
		if got := like.String(); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s, %t", origin, got, ok)
		}
		if _, err := ParseOrigin(like.String()); err != nil {
			t.Errorf("%s: %v", origin, err)
		}
	}
}
