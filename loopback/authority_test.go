package loopback

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"
)

// handshake gives the certificates that a client is shown who asks for a name.
func handshake(t *testing.T, a *Authority, config *tls.Config) ([]*x509.Certificate, error) {
	t.Helper()
	s := serve(t, scheme, a)
	c := tls.Client(dial(t, s), config)
	err := c.Handshake()
	return c.ConnectionState().PeerCertificates, err
}

func TestCertificates(t *testing.T) {
	a := newAuthority(t)
	long := strings.Repeat(strings.Repeat("a", 61)+".", 4) + "test"
	for _, name := range []string{
		"api.test", "API.test", "a_b.test", "xn--bcher-kva.test", "-.test", "localhost", long,
		"127.0.0.1", // a client sends no name for an address
	} {
		// The client verifies chain and name.
		shown, err := handshake(t, a, &tls.Config{RootCAs: a.Roots(), ServerName: name})
		if err != nil {
			t.Errorf("%.20s: %v", name, err)
			continue
		}
		sum := sha256.Sum256(shown[0].RawSubjectPublicKeyInfo)
		if got := base64.StdEncoding.EncodeToString(sum[:]); got != a.SPKI() {
			t.Errorf("%.20s: the key is not the one that Chrome is told to trust", name)
		}
		if left := time.Until(shown[0].NotAfter); left < 24*time.Hour {
			t.Errorf("%.20s: ends in %s", name, left)
		}
	}
}

func TestCertificateWithoutName(t *testing.T) {
	a := newAuthority(t)
	// An address in the browser is mapped to ours, so that any may be asked for
	// without being named.
	shown, err := handshake(t, a, &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // verified below
		ServerName:         "192.168.7.7",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shown[0].Verify(x509.VerifyOptions{Roots: a.Roots(), DNSName: "127.0.0.1"}); err != nil {
		t.Error(err)
	}
}

func TestOtherAuthoritiesAreNotTrusted(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	if a.SPKI() == other.SPKI() {
		t.Error("two authorities have the same key")
	}
	if _, err := handshake(t, a, &tls.Config{RootCAs: other.Roots(), ServerName: "api.test"}); err == nil {
		t.Error("a certificate of another authority was trusted")
	}
}

// TestHTTP1Only: the recorder needs header lines as they were written.
func TestHTTP1Only(t *testing.T) {
	a := newAuthority(t)
	c := tls.Client(dial(t, serve(t, scheme, a)), &tls.Config{
		RootCAs: a.Roots(), ServerName: "api.test", NextProtos: []string{"h2", "http/1.1"},
	})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if got := c.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("negotiated %q", got)
	}
}

func TestCertificatesAtOnce(t *testing.T) {
	a := newAuthority(t)
	config := a.TLSConfig()
	serials := make([]string, 64)
	var all sync.WaitGroup
	for i := range serials {
		all.Go(func() {
			name := "api.test"
			if i%2 == 0 {
				name = string(rune('a'+i/2%26)) + ".test"
			}
			made, err := config.GetCertificate(&tls.ClientHelloInfo{ServerName: name})
			if err != nil {
				t.Error(err)
				return
			}
			leaf, err := x509.ParseCertificate(made.Certificate[0])
			if err != nil {
				t.Error(err)
				return
			}
			serials[i] = name + " " + leaf.SerialNumber.String()
		})
	}
	all.Wait()
	// One certificate a name, and one number a certificate.
	byName, bySerial := map[string]string{}, map[string]string{}
	for _, s := range serials {
		name, serial, _ := strings.Cut(s, " ")
		if was, ok := byName[name]; ok && was != serial {
			t.Errorf("%s has two certificates", name)
		}
		if was, ok := bySerial[serial]; ok && was != name {
			t.Errorf("%s and %s have the same number", name, was)
		}
		byName[name], bySerial[serial] = serial, name
	}
}
