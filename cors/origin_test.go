package cors

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestParseOrigin(t *testing.T) {
	for _, s := range []string{
		"https://app.example", "http://app.example", "https://app.example:3000", "http://app.example:443",
		"https://localhost", "https://app.example.", "https://a_b-c.example", "https://xn--bcher-kva.example",
		"http://127.0.0.1:8080", "http://[::1]", "https://[2001:db8::1]:8443", "http://[::ffff:7f00:1]",
		"https://%2A.example", "https://!\"$&'(),;=`{}~.example", "null",
	} {
		o, err := ParseOrigin(s)
		if err != nil || o.String() != s {
			t.Errorf("ParseOrigin(%q) = %q, %v", s, o, err)
		}
	}
	for s, want := range map[string]string{
		"":                               `it must begin with https:// or http://`,
		"app.example":                    `it must begin with https:// or http://`,
		"//app.example":                  `it must begin with https:// or http://`,
		"app.example:443":                `it must begin with https:// or http://`,
		"NULL":                           `it must begin with https:// or http://`,
		"*":                              `it stands for many; write each by its name`,
		"https://*.example":              `it stands for many; write each by its name`,
		"https://":                       `it has no host`,
		"https://:443":                   `it has no host`,
		"ftp://app.example":              `its scheme must be https or http`,
		"wss://app.example":              `its scheme must be https or http`,
		"https://bücher.example":         `write the host in its ASCII form, which begins with xn--`,
		"https://app.example:0":          `no browser loads port 0`,
		"https://app.example:99999":      `"99999" is not a port`,
		"https://app.example:x":          `"x" is not a port`,
		"https://app.example:+1":         `"+1" is not a port`,
		"https://a<b":                    `no browser takes "a<b" for a host`,
		"https://[::1":                   `no browser takes "[::1" for a host`,
		"https://[::1%25eth0]":           `no browser takes "[::1%25eth0]" for a host`,
		"https://::1":                    `":1" is not a port`,
		"https://1.2.3.256":              `no browser takes "1.2.3.256" for a host`,
		"https://app.example/":           `write "https://app.example"`,
		"https://app.example/path?q#f":   `write "https://app.example"`,
		"https://app.example?":           `write "https://app.example"`,
		"https://app.example#":           `write "https://app.example"`,
		"https://app.example:":           `write "https://app.example"`,
		"https://app.example:443":        `write "https://app.example"`,
		"http://app.example:080":         `write "http://app.example"`,
		"HTTPS://App.Example":            `write "https://app.example"`,
		" https://app.example":           `write "https://app.example"`,
		"https://u:p@app.example":        `write "https://app.example"`,
		"https://%61pp.example":          `write "https://app.example"`,
		"http://127.1":                   `write "http://127.0.0.1"`,
		"http://0x7f000001:80":           `write "http://127.0.0.1"`,
		"http://[0:0::1]":                `write "http://[::1]"`,
		"http://[::FFFF:127.0.0.1]:8080": `write "http://[::ffff:7f00:1]:8080"`,
	} {
		_, err := ParseOrigin(s)
		if err == nil {
			t.Errorf("ParseOrigin(%q) succeeds", s)
			continue
		}
		if got, ok := strings.CutPrefix(err.Error(), quote(s)+" is not an origin: "); !ok || got != want {
			t.Errorf("ParseOrigin(%q): %q, want ... %q", s, err, want)
		}
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return strings.ReplaceAll(string(b), `\u003c`, "<")
}

func TestMustParseOrigin(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	MustParseOrigin("app.example")
}

func TestOriginParts(t *testing.T) {
	for _, tc := range []struct {
		in, scheme, host, port, hostPort string
		isDefault                        bool
	}{
		{"https://app.example", "https", "app.example", "443", "app.example:443", true},
		{"http://app.example:443", "http", "app.example", "443", "app.example:443", false},
		{"http://[::1]:8080", "http", "::1", "8080", "[::1]:8080", false},
		{"http://[::1]", "http", "::1", "80", "[::1]:80", true},
	} {
		o := MustParseOrigin(tc.in)
		if o.Scheme() != tc.scheme || o.Host() != tc.host || o.Port() != tc.port || o.HostPort() != tc.hostPort || o.HasDefaultPort() != tc.isDefault {
			t.Errorf("%s: %q %q %q %q %v", tc.in, o.Scheme(), o.Host(), o.Port(), o.HostPort(), o.HasDefaultPort())
		}
		if NewOrigin(o.Scheme(), o.Host(), o.Port()) != o {
			t.Errorf("%s is not the sum of its parts", tc.in)
		}
	}
	if Opaque.Scheme() != "" || Opaque.Host() != "" || Opaque.Port() != "" || !Opaque.IsOpaque() || Opaque.String() != "null" {
		t.Error("the opaque origin has no parts")
	}
}

func TestOriginWith(t *testing.T) {
	o := MustParseOrigin("https://app.example")
	for got, want := range map[Origin]string{
		o.withHost("Evil.test"):                     "https://evil.test",
		o.withHost("::1"):                           "https://[::1]",
		o.withHost("127.1"):                         "https://127.0.0.1",
		o.withHost("a*b"):                           "https://a%2Ab",
		o.withHost("a<b"):                           "https://a<b", // for those who ask for it
		o.WithPort("8443"):                          "https://app.example:8443",
		o.WithPort("80"):                            "https://app.example:80",
		o.WithPort("8443").WithPort("443"):          "https://app.example",
		o.WithScheme("http"):                        "http://app.example",
		o.WithPort("8443").WithScheme("http"):       "http://app.example:8443",
		o.WithPort("80").WithScheme("http"):         "http://app.example",
		o.WithScheme("ftp"):                         "null",
		Opaque.withHost("app.example"):              "null",
		NewOrigin("HTTP", "APP.example", "80"):      "http://app.example",
		NewOrigin("https", "2001:DB8:0:0::1", "44"): "https://[2001:db8::1]:44",
	} {
		if got.String() != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestOriginOf(t *testing.T) {
	for in, want := range map[string]string{
		"https://U:p@App.example:443/x?y": "https://app.example",
		"HTTP://[::1]:80/":                "http://[::1]",
		"http://127.1/":                   "http://127.0.0.1",
		"ws://app.example/":               "http://app.example",
		"wss://app.example:8443/":         "https://app.example:8443",
		"file:///etc":                     "null",
		"/relative":                       "null",
		"http:":                           "null",
		"https://:443/":                   "null",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := OriginOf(u).String(); got != want {
			t.Errorf("OriginOf(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestOriginText(t *testing.T) {
	in := map[string]Origin{"a": MustParseOrigin("http://[::1]:8080"), "b": Opaque}
	b, err := json.Marshal(in)
	if want := `{"a":"http://[::1]:8080","b":"null"}`; err != nil || string(b) != want {
		t.Fatalf("%s, %v, want %s", b, err, want)
	}
	var out map[string]Origin
	if err := json.Unmarshal(b, &out); err != nil || out["a"] != in["a"] || out["b"] != in["b"] {
		t.Errorf("%v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"a":"app.example"}`), &out); err == nil {
		t.Error("what is no origin must not be read")
	}
}

// The secure column was seen in Chrome 156 as self.isSecureContext of a page.
func TestOriginReach(t *testing.T) {
	for _, tc := range []struct {
		in                      string
		local, loopback, secure bool
	}{
		{"https://app.example", false, false, true},
		{"http://app.example", false, false, false},
		{"http://localhost:3000", true, true, true},
		{"http://localhost.", true, true, true},
		{"http://x.localhost", true, true, true},
		{"http://localhost.evil.test", false, false, false},
		{"http://notlocalhost", false, false, false},
		{"http://127.9.9.9", true, true, true},
		{"http://[::1]", true, true, true},
		{"http://[::ffff:7f00:1]", true, true, false},
		{"http://0.0.0.0:8000", true, false, false},
		{"http://[::]", true, false, false},
		{"http://10.0.0.1", true, false, false},
		{"http://172.32.0.1", false, false, false},
		{"http://192.168.1.1", true, false, false},
		{"http://169.254.1.1", true, false, false},
		{"http://[fd00::1]", true, false, false},
		{"http://[fe80::1]", true, false, false},
		{"http://8.8.8.8", false, false, false},
		{"null", false, false, false},
	} {
		o := MustParseOrigin(tc.in)
		if o.IsLocal() != tc.local || o.IsLoopback() != tc.loopback || o.IsPotentiallyTrustworthy() != tc.secure {
			t.Errorf("%s: local %v, loopback %v, secure %v", tc.in, o.IsLocal(), o.IsLoopback(), o.IsPotentiallyTrustworthy())
		}
	}
}

func TestRegistrableDomain(t *testing.T) {
	for host, want := range map[string]string{
		"app.example": "app.example", "a.b.app.example": "app.example", "example": "",
		"www.bbc.co.uk": "bbc.co.uk", "co.uk": "",
		"x.github.io": "x.github.io", "a.x.github.io": "x.github.io", "github.io": "",
		"a.b.kawasaki.jp": "a.b.kawasaki.jp", "x.city.kawasaki.jp": "city.kawasaki.jp",
		"localhost": "", "x.localhost": "x.localhost", "y.x.localhost": "x.localhost",
		"a.app.example.": "app.example.", "example.": "",
		"127.0.0.1": "", "::1": "",
	} {
		if got := NewOrigin("https", host, "").RegistrableDomain(); got != want {
			t.Errorf("RegistrableDomain of %s = %q, want %q", host, got, want)
		}
	}
	if Opaque.RegistrableDomain() != "" {
		t.Error("the opaque origin has no domain")
	}
}

// Seen in Chrome 156 as Sec-Fetch-Site, but for the https rows with a dot.
func TestSameSite(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"https://app.example", "https://app.example:8443", true},
		{"https://app.example", "https://evil.app.example", true},
		{"https://a.app.example", "https://b.app.example", true},
		{"https://app.example", "http://app.example", false},
		{"https://app.example", "https://other.example", false},
		{"https://x.github.io", "https://y.github.io", false},
		{"https://a.x.github.io", "https://x.github.io", true},
		{"https://github.io", "https://github.io:8443", true},
		{"https://github.io", "https://x.github.io", false},
		{"http://localhost:1", "http://localhost:2", true},
		{"http://localhost", "http://x.localhost", false},
		{"http://x.localhost", "http://y.x.localhost", true},
		{"http://x.localhost", "http://y.localhost", false},
		{"http://x.localhost.", "http://y.x.localhost.", true},
		{"http://x.localhost.", "http://x.localhost", false},
		{"https://app.example.", "https://app.example", false},
		{"http://127.0.0.1:1", "http://127.0.0.1:2", true},
		{"http://127.0.0.1", "http://127.0.0.2", false},
		{"http://[::1]:1", "http://[::1]:2", true},
		{"null", "null", false},
		{"null", "https://app.example", false},
	} {
		a, b := MustParseOrigin(tc.a), MustParseOrigin(tc.b)
		if a.SameSite(b) != tc.want || b.SameSite(a) != tc.want {
			t.Errorf("%s and %s: same site %v", a, b, !tc.want)
		}
	}
}

func FuzzParseOrigin(f *testing.F) {
	for _, s := range []string{"null", "https://app.example", "HTTP://[::1]:80/", "https://u@0x7f.1", "https://ü", "*", "app.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := ParseOrigin(s)
		if err == nil {
			if o.String() != s {
				t.Errorf("%q is read as %q", s, o)
			}
			if !o.IsOpaque() && NewOrigin(o.Scheme(), o.Host(), o.Port()) != o {
				t.Errorf("%q is not the sum of its parts", s)
			}
			if d := o.RegistrableDomain(); !strings.HasSuffix(o.Host(), d) {
				t.Errorf("%q has the domain %q", s, d)
			}
			return
		}
		if !o.IsOpaque() {
			t.Errorf("%q is an error and %q", s, o)
		}
		// What the error says to write is an origin.
		if _, advice, ok := strings.Cut(err.Error(), ` is not an origin: write "http`); ok {
			better, uerr := strconv.Unquote(`"http` + advice)
			if _, err := ParseOrigin(better); err != nil || uerr != nil {
				t.Errorf("bad advice for %q: %v, %v", s, err, uerr)
			}
		}
	})
}
