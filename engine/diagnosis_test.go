package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// Where discovery finds nothing, the answer to every path says why.
func TestNothingFound(t *testing.T) {
	cookie := []scenarios.Credential{scenarios.Cookie}
	network := []scenarios.Credential{scenarios.Network}
	for _, c := range []struct {
		name     string
		creds    []scenarios.Credential
		status   int // of every path; 0 where they differ
		location string
		want     DiagnosisKind
	}{
		{"paths differ", network, 0, "", NothingPrivate},
		{"nothing there", network, 404, "", NothingPrivate},
		{"a login for everything", network, 401, "", LoginNeeded},
		{"a wrong session", cookie, 401, "", CredentialRefused},
		{"a filter", cookie, 403, "", EverythingRefused},
		{"a single-page application", network, 200, "", AnswersAlike},
		{"https wanted", network, 308, "https://api.example.com/crossexam-x", RedirectsToHTTPS},
		{"a login elsewhere", network, 302, "https://login.example-idp.com/", RedirectsToLogin},
		{"a login here", network, 302, "/login", RedirectsToLogin},
		{"a gateway without its target", network, 502, "", TargetFails},
	} {
		facts := scenarios.Target{URL: "http://api.example.com", Credentials: c.creds}
		var found target.Discovery
		if c.status > 0 {
			found.Alike = &cors.Response{Status: c.status}
			if c.location != "" {
				found.Alike.Headers = cors.Headers{{Name: "Location", Value: c.location}}
			}
		}
		if d := whyNothingPrivate(facts, found); d.Kind != c.want || d.Detail == "" {
			t.Errorf("%s: %+v, want %s", c.name, d, c.want)
		}
	}
}

// Where the root is a page, the front end that it is of may be watched.
func TestDiagnosisOfAPage(t *testing.T) {
	for _, c := range []struct {
		name  string
		found target.Discovery
		want  DiagnosisKind
	}{
		{"a page", target.Discovery{FrontPage: true}, OnlyPage},
		{"none", target.Discovery{}, NothingPrivate},
		{"one, and something takes POST", target.Discovery{FrontPage: true, PostOnly: "/rpc"}, PostOnly},
		{"one, and a login for every other path", target.Discovery{FrontPage: true, Alike: &cors.Response{Status: 401}}, LoginNeeded},
	} {
		d := whyNothingPrivate(scenarios.Target{URL: "http://api.example.com"}, c.found)
		if d.Kind != c.want || (c.want == OnlyPage) != strings.Contains(d.Advice(), "crossexam learn") {
			t.Errorf("%s: %+v, want %s", c.name, d, c.want)
		}
	}
}

// A client certificate that the target asks for is told of where it may be what is
// missing.
func TestDiagnosisWithCertificate(t *testing.T) {
	certificate, cookie := scenarios.ClientCert, scenarios.Cookie
	for _, c := range []struct {
		name    string
		given   []scenarios.Credential
		kind    DiagnosisKind
		asks    bool
		refused string
		want    DiagnosisKind
		says    string
	}{
		{"none asked for", nil, LoginNeeded, false, "", LoginNeeded, ""},
		{"none given", nil, LoginNeeded, true, "", CertificateNeeded, "none was given"},
		{"none given, and the target answers 400", nil, NothingPrivate, true, "", CertificateNeeded, "none was given"},
		{"another credential", []scenarios.Credential{cookie}, CredentialRefused, true, "", CredentialRefused, "asks for a TLS client certificate too"},
		{"of another authority", []scenarios.Credential{certificate}, NothingPrivate, true, "it is another's", CertificateRefused, "it is another's; "},
		{"opens nothing", []scenarios.Credential{certificate}, CredentialRefused, true, "", CertificateRefused, ""},
		{"opens what everybody gets", []scenarios.Credential{certificate}, NothingPrivate, true, "", NothingPrivate, ""},
		{"a target that fails", nil, TargetFails, true, "", TargetFails, ""},
	} {
		d := Diagnosis{Kind: c.kind, Detail: "what was seen"}.withCertificate(scenarios.Target{Credentials: c.given}, c.asks, c.refused)
		if d.Kind != c.want || !strings.Contains(d.Detail, c.says) || !strings.Contains(d.Detail, "what was seen") {
			t.Errorf("%s: %+v, want %s with %q", c.name, d, c.want, c.says)
		}
	}
}

// That it is not known what a cookie is to a front end of another site is told first.
func TestDiagnosisOfBareCookies(t *testing.T) {
	facts := func(trusted string, bare ...string) scenarios.Target {
		d, err := target.Config{URL: "https://api.example.com", Trusted: []string{trusted}, Reads: []string{"/me"}, Credentials: target.CredentialsConfig{Cookies: bare}}.Deployment(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d.Facts
	}
	if d, ok := bareCookies(facts("https://app.example.net", "session=x")); !ok || d.Kind != CookieBare || !strings.Contains(d.Detail, "`session`") || !strings.Contains(d.Detail, "https://app.example.net") {
		t.Errorf("%v: %+v", ok, d)
	}
	for name, f := range map[string]scenarios.Target{
		"of the same site": facts("https://app.example.com", "session=x"),
		"with attributes":  facts("https://app.example.net", "session=x; Secure"),
		"none":             facts("https://app.example.net"),
	} {
		if d, ok := bareCookies(f); ok {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// A path that repeats the URL's is not there, and the diagnosis says where it was looked for.
func TestDiagnosisOfADoubledPath(t *testing.T) {
	for path, want := range map[string]bool{"/base/me": true, "/me": false, "/basement": false} {
		facts := scenarios.Target{URL: "http://api.example.com/base", Premises: []scenarios.Premise{{Endpoint: "GET " + path, Finding: scenarios.Missing, Victim: scenarios.Reply{Status: 404}}}}
		d := whyNothingPrivate(facts, target.Discovery{})
		if d.Kind != NothingPrivate || strings.Contains(d.Detail, "at http://api.example.com/base/base/me") != want {
			t.Errorf("%s: %+v", path, d)
		}
	}
}

// What is part of a set that opens the target is not left out, though it opens nothing alone.
func TestCredentialsLeftOut(t *testing.T) {
	given := []scenarios.Credential{scenarios.ClientCert, scenarios.Cookie, scenarios.Bearer}
	found := scenarios.Target{Credentials: []scenarios.Credential{"client-cert+cookie"}}
	for _, c := range given {
		found.Premises = append(found.Premises, scenarios.Premise{Endpoint: "GET /me", Credential: c, Finding: scenarios.CredentialRefused})
	}
	found.Premises = append(found.Premises, scenarios.Premise{Endpoint: "GET /me", Credential: "client-cert+cookie", Finding: scenarios.Private})
	if got := leftOut(given, found); !slices.Equal(got, []scenarios.Credential{scenarios.Bearer}) {
		t.Errorf("left out: %v", got)
	}
}

// A target that answers 503 to everybody is out of service, and limits nobody's rate.
func TestDiagnosisOfATargetOutOfService(t *testing.T) {
	for status, want := range map[int]DiagnosisKind{503: TargetFails, 429: RateLimited} {
		facts := scenarios.Target{URL: "http://api.example.com", Premises: []scenarios.Premise{{
			Endpoint: "GET /me", Finding: scenarios.Limited, Victim: scenarios.Reply{Status: status, Says: "no healthy upstream"},
		}}}
		d := whyNothingPrivate(facts, target.Discovery{})
		if d.Kind != want || status == 503 && !strings.Contains(d.Detail, "no healthy upstream") {
			t.Errorf("%d: %+v", status, d)
		}
	}
}

// Where the target does not know the host name, no path and no credential would help.
func TestDiagnosisOfAnUnknownHost(t *testing.T) {
	const says = "unknown tenant 127.0.0.1"
	facts := scenarios.Target{URL: "http://127.0.0.1:8080", Premises: []scenarios.Premise{{
		Endpoint: "GET /me", Finding: scenarios.Missing, Victim: scenarios.Reply{Status: 404, Says: says}, Stranger: scenarios.Reply{Status: 404, Says: says},
	}}}
	if d := whyNothingPrivate(facts, target.Discovery{}); d.Kind != HostUnknown || !strings.Contains(d.Detail, "asked as 127.0.0.1:8080") {
		t.Errorf("of an endpoint: %+v", d)
	}
	everywhere := &cors.Response{Status: 404, Body: says}
	if d := nothingFound(scenarios.Target{URL: "http://127.0.0.1:8080"}, everywhere); d.Kind != HostUnknown || !strings.Contains(d.Detail, says) {
		t.Errorf("of every path: %+v", d)
	}
}

func TestDiagnosisOfMixedContent(t *testing.T) {
	for _, c := range []struct {
		url, trusted string
		mixed        bool
	}{
		{"http://192.168.1.5:8080", "https://app.example.com", true},
		{"http://api.example.com", "https://app.example.com", true},
		{"http://api.example.com", "http://app.example.com", false},
		{"https://api.example.com", "https://app.example.com", false},
		{"http://127.0.0.1:8080", "https://app.example.com", false},
		{"http://api.localhost:8080", "https://app.example.com", false},
	} {
		d, ok := mixedContent(scenarios.Target{URL: c.url, Trusted: []cors.Origin{cors.MustParseOrigin(c.trusted)}})
		if ok != c.mixed || ok && !strings.Contains(d.Detail, c.trusted) {
			t.Errorf("%s, %s: %t, %+v", c.url, c.trusted, ok, d)
		}
	}
	if _, ok := mixedContent(scenarios.Target{URL: "http://api.example.com"}); ok {
		t.Error("without a trusted origin nobody is kept out")
	}
}

// The URL may be that of an endpoint, or of a page on the API, below which there is nothing.
func TestDiagnosisOfAPathInTheURL(t *testing.T) {
	for path, want := range map[string]bool{"/docs": true, "/openapi.json": true, "": false, "/": false} {
		d := nothingFound(scenarios.Target{URL: "http://api.example.com" + path}, nil)
		if strings.HasSuffix(d.Detail, "the URL to give is http://api.example.com") != want {
			t.Errorf("%q: %+v", path, d)
		}
	}
}

// A token's own end may be why it was refused, and is no word on anything else.
func TestDiagnosisOfAnExpiredToken(t *testing.T) {
	for kind, want := range map[DiagnosisKind]bool{CredentialRefused: true, NothingPrivate: false} {
		if d := (Diagnosis{Kind: kind, Detail: "seen"}).withExpiry("it expired"); strings.Contains(d.Detail, "it expired") != want {
			t.Errorf("%s: %+v", kind, d)
		}
	}
}
