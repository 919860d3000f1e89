package target

import (
	"strings"
	"testing"
)

func TestConnectTo(t *testing.T) {
	for _, c := range []struct {
		url, connect, address string
		plain                 bool
		wrong                 string
	}{
		{"http://tenant.example.com", "127.0.0.1:8080", "127.0.0.1:8080", false, ""},
		{"https://tenant.example.com", "[::1]:8443", "[::1]:8443", false, ""},
		{"https://tenant.example.com", "http://127.0.0.1:8080/", "127.0.0.1:8080", true, ""},
		{"https://tenant.example.com", "", "", false, ""},
		{"https://tenant.example.com", "127.0.0.1", "", false, "is not an address"},
		{"https://tenant.example.com", "127.0.0.1:0", "", false, "is not an address"},
		{"https://tenant.example.com", "127.0.0.1:http", "", false, "is not an address"},
		{"https://tenant.example.com", "https://127.0.0.1:8443", "", false, "is not an address"},
		{"https://tenant.example.com", "a@b:80", "", false, "is not an address"},
	} {
		d, err := Config{URL: c.url, Trusted: []string{}, OpenAPI: "none", Reads: []string{"/me"}, ConnectTo: c.connect}.Deployment(t.Context())
		switch {
		case c.wrong != "":
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: %v, want %q", c.connect, err, c.wrong)
			}
		case err != nil:
			t.Errorf("%s: %v", c.connect, err)
		case d.Upstream.Address != c.address || d.Upstream.TLSEndsBefore != c.plain || d.Facts.URL != c.url:
			t.Errorf("%s: %+v of %s", c.connect, d.Upstream, d.Facts.URL)
		}
	}
	for _, c := range []Config{{FollowToHTTPS: true, ConnectTo: "127.0.0.1:80"}, {Direct: true, ConnectTo: "http://127.0.0.1:80"}} {
		c.URL, c.Trusted, c.Reads = "https://tenant.example.com", []string{}, []string{"/me"}
		if _, err := c.Deployment(t.Context()); err == nil || !strings.Contains(err.Error(), "leave out") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestNamedByHost(t *testing.T) {
	for _, c := range []struct{ url, header, host, wantURL, connect, wrong string }{
		{"http://127.0.0.1:8080", "Host", "tenant.example.com", "http://tenant.example.com", "127.0.0.1:8080", ""},
		{"https://192.0.2.7/api", "host", "tenant.example.com:8443", "https://tenant.example.com:8443/api", "192.0.2.7:443", ""},
		{"http://127.0.0.1:8080", "X-Key", "k3y", "http://127.0.0.1:8080", "", ""},
		{"http://127.0.0.1:8080", "Host", "http://tenant.example.com", "", "", "is not the name of a host"},
		{"http://127.0.0.1:8080", "Host", "", "", "", "is not the name of a host"},
	} {
		given := map[string]string{c.header: c.host}
		config := Config{URL: c.url, Credentials: CredentialsConfig{Headers: given}}
		err := config.NamedByHost()
		switch {
		case c.wrong != "":
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%q: %v, want %q", c.host, err, c.wrong)
			}
		case err != nil || config.URL != c.wantURL || config.ConnectTo != c.connect:
			t.Errorf("%s of %s: %s at %s, %v", c.host, c.url, config.URL, config.ConnectTo, err)
		case strings.EqualFold(c.header, "Host") == (len(config.Credentials.Headers) > 0), len(given) != 1:
			t.Errorf("%s: the headers are %v, and were %v", c.host, config.Credentials.Headers, given)
		}
	}
	config := Config{URL: "http://127.0.0.1:8080", ConnectTo: "127.0.0.1:9090", Credentials: CredentialsConfig{Headers: map[string]string{"Host": "tenant.example.com"}}}
	if err := config.NamedByHost(); err != nil || config.ConnectTo != "127.0.0.1:9090" {
		t.Errorf("at %s, %v", config.ConnectTo, err)
	}
	_, err := Config{URL: "http://127.0.0.1:8080", Trusted: []string{}, Credentials: CredentialsConfig{Headers: map[string]string{"Host": "tenant.example.com"}}}.Deployment(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connect_to") {
		t.Errorf("a Host in the file: %v", err)
	}
}

func TestListsGivenAsOne(t *testing.T) {
	for _, c := range []struct {
		trusted, read, want string
	}{
		{"https://a.example.com,https://b.example.com", "/me", "give each by itself, https://a.example.com and https://b.example.com"},
		{"https://a.example.com https://b.example.com", "/me", "give each by itself"},
		{"https://a.example.com", "/me /orders", "give each by itself, /me and /orders"},
		{"https://a.example.com", "/me, /orders", "give each by itself, /me and /orders"},
		{"https://a.example.com", "GET /me", "write it like /me"},
		{"https://a.example.com", "PROPFIND /dav", "{method: PROPFIND, path: /dav, reads: true}"},
		{"https://a.example.com", "/me,/orders", "a comma that belongs to it is %2C"},
		{"https://a.example.com", "/me,orders", ""},
		{"https://a.example.com", "/me%2C/orders", ""},
	} {
		_, err := Config{URL: "http://127.0.0.1:8080", Trusted: []string{c.trusted}, Reads: []string{c.read}}.Deployment(t.Context())
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v, want %q", c.trusted, c.read, err, c.want)
		}
	}
}
