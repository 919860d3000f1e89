package tap

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
)

// named serves over https, asks for a client certificate of these authorities (nil
// for any), and says whose came.
func named(t *testing.T, auth tls.ClientAuthType, accepted *x509.CertPool) (address string, roots *x509.CertPool) {
	t.Helper()
	authority := loopbacktest.NewAuthority(t)
	config := authority.TLSConfig()
	config.ClientAuth, config.ClientCAs = auth, accepted
	server, err := loopback.ServeTLS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if c := loopback.ClientCertificate(r); c != nil {
			who = c.Subject.CommonName
		}
		_, _ = w.Write([]byte(who))
	}), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server.Addr(), authority.Roots()
}

func certifiedTap(t *testing.T, address string, roots *x509.CertPool, c *tls.Certificate) *Tap {
	t.Helper()
	tap, err := New(Options{
		Upstream:          Upstream{URL: &url.URL{Scheme: "https", Host: address}, Roots: roots},
		ClientCertificate: c,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tap.Close)
	return tap
}

// Requests with the certificate and without never share a connection to the target.
func TestTapForwardsWithAndWithout(t *testing.T) {
	_, certificate := loopbacktest.ClientCertificate(t, "the victim")
	address, roots := named(t, tls.RequestClientCert, nil)
	tap := certifiedTap(t, address, roots, &certificate)
	for i := range 3 {
		for with, want := range map[bool]string{true: "the victim", false: "nobody"} {
			x := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "https://" + address + "/", ClientCertificate: with})
			if x.Response == nil || x.Response.Body != want || x.Request.ClientCertificate != with {
				t.Errorf("%d, with the certificate %t: %+v", i, with, x)
			}
		}
	}
	if len(tap.plain.pool.idle) != 1 || len(tap.certified.pool.idle) != 1 {
		t.Errorf("%d and %d connections are kept", len(tap.plain.pool.idle), len(tap.certified.pool.idle))
	}
	if asks, refused := tap.AsksForCertificate(); !asks || refused != "" {
		t.Errorf("asks %t, refused %q", asks, refused)
	}
	tap.Close()
	if len(tap.plain.pool.idle)+len(tap.certified.pool.idle) != 0 {
		t.Error("connections are open after Close")
	}
}

// What the target thinks of certificates.
func TestTapKnowsWhetherTheTargetAsks(t *testing.T) {
	authority, certificate := loopbacktest.ClientCertificate(t, "the victim")
	// What a server names is the subject of the authority, and all of ours are called
	// the same.
	strangers := x509.NewCertPool()
	strangers.AddCert(&x509.Certificate{Raw: []byte{0}, RawSubject: []byte("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01\x78")})
	for name, c := range map[string]struct {
		auth     tls.ClientAuthType
		accepted *x509.CertPool
		asks     bool
		refused  bool
	}{
		"asks nobody":         {tls.NoClientCert, nil, false, false},
		"asks for any":        {tls.RequestClientCert, nil, true, false},
		"asks for ours":       {tls.VerifyClientCertIfGiven, authority.Roots(), true, false},
		"insists on ours":     {tls.RequireAndVerifyClientCert, authority.Roots(), true, false},
		"asks for strangers'": {tls.VerifyClientCertIfGiven, strangers, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			address, roots := named(t, c.auth, c.accepted)
			tap := certifiedTap(t, address, roots, &certificate)
			if err := tap.Reach(t.Context()); err != nil {
				t.Fatal(err)
			}
			if asks, refused := tap.AsksForCertificate(); asks != c.asks || (refused != "") != c.refused {
				t.Errorf("asks %t, refused %q", asks, refused)
			}
		})
	}
}

// A target that answers nobody without a certificate of its own authority is told apart
// from one that does not answer.
func TestReachSaysThatACertificateIsMissing(t *testing.T) {
	ours, certificate := loopbacktest.ClientCertificate(t, "the victim")
	theirs, _ := loopbacktest.ClientCertificate(t, "the victim")
	for name, c := range map[string]struct {
		certificate *tls.Certificate
		accepted    *x509.CertPool
		refused     bool
	}{
		"none given":    {nil, ours.Roots(), false},
		"another's":     {&certificate, theirs.Roots(), true},
		"by the issuer": {&certificate, x509.NewCertPool(), true},
	} {
		t.Run(name, func(t *testing.T) {
			address, roots := named(t, tls.RequireAndVerifyClientCert, c.accepted)
			tap := certifiedTap(t, address, roots, c.certificate)
			err := tap.Reach(t.Context())
			var missing *CertificateError
			if !errors.As(err, &missing) {
				t.Fatalf("%v", err)
			}
			asks, refused := tap.AsksForCertificate()
			if missing.Refused != c.refused || missing.Why == "" || !asks || (refused != "") != c.refused {
				t.Errorf("%+v; asks %t, refused %q", missing, asks, refused)
			}
		})
	}
}

func TestTapWithoutCertificate(t *testing.T) {
	address, roots := named(t, tls.RequestClientCert, nil)
	tap := certifiedTap(t, address, roots, nil)
	x := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "https://" + address + "/", ClientCertificate: true})
	if x.Response != nil || !strings.Contains(x.Fault, "there is none") {
		t.Errorf("%+v", x)
	}
	_, certificate := loopbacktest.ClientCertificate(t, "the victim")
	if _, err := New(Options{Upstream: Upstream{URL: &url.URL{Scheme: "http", Host: address}}, ClientCertificate: &certificate}); err == nil {
		t.Error("an http target with a client certificate has a tap")
	}
}

// A server that takes no one without a certificate says so in TLS alone.
func TestTapSaysWhoIsRefused(t *testing.T) {
	authority, certificate := loopbacktest.ClientCertificate(t, "the victim")
	address, roots := named(t, tls.RequireAndVerifyClientCert, authority.Roots())
	tap := certifiedTap(t, address, roots, &certificate)
	if err := tap.Reach(t.Context()); err != nil {
		t.Fatal(err)
	}
	x := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "https://" + address + "/"})
	if x.Response != nil || !x.CertificateRequired || !strings.Contains(x.Fault, "broke off TLS") || !strings.Contains(x.Fault, "certificate required") {
		t.Errorf("%+v", x)
	}
}
