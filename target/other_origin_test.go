package target

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestOtherOrigins(t *testing.T) {
	for origin, want := range map[string]bool{
		"chrome-extension://abcdefghijklmnopabcdefghijklmnop": true,
		"moz-extension://0b9dd9a2-0000":                       true, "capacitor://localhost": true, "tauri://localhost": true, "app://-": true,
		"https://app.example.com": false, "http://localhost:3000": false, "null": false, "app.example.com": false,
		"chrome-extension://id/page.html": false, "chrome-extension://": false, "file:///home": false, "app://user@host": false,
	} {
		if isOtherOrigin(origin) != want {
			t.Errorf("%q: not %v", origin, want)
		}
	}
	d, err := Config{URL: "http://127.0.0.1:1", Trusted: []string{"tauri://localhost", "https://app.example.com"}}.Deployment(t.Context())
	if err != nil || len(d.Facts.Trusted) != 1 || len(d.Facts.OtherTrusted) != 1 {
		t.Errorf("%v, %v, %v", d.Facts.Trusted, d.Facts.OtherTrusted, err)
	}
}

func TestPatternsOfTrustedOrigins(t *testing.T) {
	d, err := Config{URL: "https://api.example.com", Trusted: []string{"https://*.example.com", "https://admin.example.org"}}.Deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Facts.DeclaredTrust(); !slices.Equal(got, []string{"https://*.example.com", "https://admin.example.org"}) || len(d.Facts.Trusted) != 2 || d.Facts.Assumed {
		t.Errorf("trusted are %q, played by %v", got, d.Facts.Trusted)
	}
	if !d.Facts.Trusts(cors.MustParseOrigin("https://any.example.com")) || d.Facts.Trusts(cors.MustParseOrigin("https://any.example.org")) {
		t.Error("the pattern is not what is trusted")
	}
	for entry, c := range map[string]Config{
		`"*" is not a pattern`:         {Trusted: []string{"*"}},
		"anyone can have a name under": {Trusted: []string{"https://*.github.io"}},
		"given exact origins":          {Trusted: []string{"https://*.example.com"}, Launch: LaunchConfig{Command: []string{"server", "{port}"}, Variable: "ORIGINS"}},
	} {
		c.URL = "https://api.example.com"
		if _, err := c.Deployment(t.Context()); err == nil || !strings.Contains(err.Error(), entry) {
			t.Errorf("%v, and it should say %q", err, entry)
		}
	}
}

// The opaque origin may be declared, and what that opens is said.
func TestNullMayBeDeclared(t *testing.T) {
	d, err := Config{URL: "https://api.example.com", Trusted: []string{"null"}}.Deployment(t.Context())
	if err != nil || len(d.Facts.Trusted) != 0 || !slices.Equal(d.Facts.OtherTrusted, []string{"null"}) || !slices.Contains(d.Notes, nullOpens) {
		t.Errorf("%v, %v, %q, %v", d.Facts.Trusted, d.Facts.OtherTrusted, d.Notes, err)
	}
}

// Nothing said of trust is another thing than nothing trusted.
func TestUnsaidTrust(t *testing.T) {
	for assumed, trusted := range map[bool][]string{true: nil, false: {}} {
		if d, err := (Config{URL: "https://api.example.com", Trusted: trusted}).Deployment(t.Context()); err != nil || d.Facts.Assumed != assumed {
			t.Errorf("%#v: assumed is %v, %v", trusted, d.Facts.Assumed, err)
		}
	}
}
