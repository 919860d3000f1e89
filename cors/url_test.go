package cors

import (
	"strings"
	"testing"
)

// Every row was seen in Chrome 156 as new URL(...).origin; "" is its TypeError.
func TestParseWebURL(t *testing.T) {
	for s, want := range map[string]string{
		"https://App.example:443/x": "https://app.example",
		"https:app.example":         "https://app.example",
		`https:/\app.example\x`:     "https://app.example",
		"https:////app.example":     "https://app.example",
		" \x01https://app.example ": "https://app.example",
		"ht\ntps://app\t.example":   "https://app.example",
		"https://a@b@app.example":   "https://app.example",
		"https://app.example:00080": "https://app.example:80",
		"https://app.example:65535": "https://app.example:65535",
		"https://app.example:65536": "",
		"https://app.example:8a":    "",
		"https://app.example:-1":    "",
		"https://a%62c":             "https://abc",
		"https://a%2Fc":             "",
		"https://a%zz":              "",
		"https://a%":                "",
		"https://a b*":              "https://a%20b%2A",
		"https://a|b":               "",
		"https://a\x7f":             "",
		"https://a\x01b":            "",
		"https://-_!$&'(),;=`{}~\"": "https://-_!$&'(),;=`{}~\"",
		"https://a..":               "https://a..",
		"https://@":                 "",
		"https:":                    "",

		"http://256":           "http://0.0.1.0",
		"http://0x7f.1":        "http://127.0.0.1",
		"http://0x.0x.0":       "http://0.0.0.0",
		"http://010.1":         "http://8.0.0.1",
		"http://08.1":          "",
		"http://1.2.3.4.":      "http://1.2.3.4",
		"http://1.2.3.4..":     "http://1.2.3.4..",
		"http://1.2.3.4.5":     "",
		"http://1.2.3.4.0":     "",
		"http://a.08":          "",
		"http://256.1":         "",
		"http://4294967295":    "http://255.255.255.255",
		"http://4294967296":    "",
		"http://1e2":           "http://1e2",
		"http://a.0":           "",
		"http://1.2.3.0xg":     "http://1.2.3.0xg",
		"http://[::1]":         "http://[::1]",
		"http://[1:0:0:2::]":   "http://[1:0:0:2::]",
		"http://[::1.2.3.4]":   "http://[::102:304]",
		"http://[::ffff:1:2]":  "http://[::ffff:1:2]",
		"http://[::1]x":        "",
		"http://[1.2.3.4]":     "",
		"http://[fe80::1%250]": "",
		"http://::1":           "",

		"app.example": "", "//app.example": "", "": "", ":": "", "1a:": "",
		"app.example:443": "null", "a+b-c.d:": "null", "foo://": "null", "foo://a b": "", "foo://a\x00b": "", "foo:a b": "null",
		"foo://:80": "", "foo://u@": "", "foo://a:x": "", "foo://[::1]": "null", "foo://[::1": "", "foo://%zz": "null",
		"wss://app.example": "null", "ftp://": "", "data:,x": "null", "javascript:0": "null", "about:blank": "null",
		"file:": "null", "file://": "null", "file://app.example": "null", "file://a|b/": "", "file://a:1": "", "file://#": "",
	} {
		got := ""
		if u, err := parseWebURL(s); err == nil {
			got = u.origin.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// Seen likewise, with a base of https://base.example:8443/dir/file.
func TestResolve(t *testing.T) {
	const self = "https://base.example:8443"
	base, err := parseWebURL(self + "/dir/file")
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"": self, "/": self, "x": self, "../x": self, "?q": self, "#f": self, `\x`: self, "/x//y": self,
		"https:x": self, "HTTPS:/x": self, "x/y:z": self, ".:80": self,
		"//other.example": "https://other.example", `\/other.example`: "https://other.example", "///other.example": "https://other.example",
		"/\t/other.example": "https://other.example", " //other.example": "https://other.example",
		"https:other.example//": self, "https://other.example": "https://other.example", `https:\\other.example`: "https://other.example",
		"http:other.example": "http://other.example", "http:/other.example": "http://other.example",
		"//": "", "https://": "", "http:": "", "//a:x": "",
		"foo:bar": "null", "x:80": "null", "data:,x": "null",
	} {
		got := ""
		if u, err := base.resolve(ref); err == nil {
			got = u.origin.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", ref, got, want)
		}
	}
	for ref, want := range map[string]bool{
		"//u@x": true, "//u:p@x": true, "//:p@x": true, "//@@x": true, "//::@x": true, "//@x": false, "//:@x": false, "//x/u@y": false, "//x?u@y": false, "u@x": false,
	} {
		if u, err := base.resolve(ref); err != nil || u.userinfo != want {
			t.Errorf("%q: user information %v, %v", ref, u.userinfo, err)
		}
	}
}

func FuzzParseWebURL(f *testing.F) {
	for _, s := range []string{"https://u:p@a.b:80/x", `http:\\[::1]:x`, "//0x7f.1", "foo://a b", "file://x", "https://%41%zz", "?x"} {
		f.Add(s)
	}
	base := webURL{origin: MustParseOrigin("https://base.example")}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := parseWebURL(s)
		r, rerr := base.resolve(s)
		if strings.Contains(s, "://") && err == nil && (rerr != nil || r.origin != u.origin && r.origin != base.origin) {
			t.Errorf("%q is %v alone and %v, %v with a base", s, u, r, rerr)
		}
		if err != nil || u.origin.IsOpaque() {
			return
		}
		// An origin is a URL, and its own origin.
		if again, err := parseWebURL(u.origin.String()); err != nil || again.origin != u.origin || again.userinfo {
			t.Errorf("%q has the origin %q, which reads as %v, %v", s, u.origin, again, err)
		}
	})
}
