// Package loopbacktest is what tests of several rooms need of certificates.
package loopbacktest

import (
	"crypto/tls"
	"testing"

	"github.com/crossexam/crossexam/loopback"
)

// NewAuthority makes an authority of this test's own.
func NewAuthority(t testing.TB) *loopback.Authority {
	t.Helper()
	authority, err := loopback.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

// ClientCertificate makes a client certificate for name, and the authority that vouches for it.
func ClientCertificate(t testing.TB, name string) (*loopback.Authority, tls.Certificate) {
	t.Helper()
	authority := NewAuthority(t)
	certificate, err := authority.ClientCertificate(name)
	if err != nil {
		t.Fatal(err)
	}
	return authority, certificate
}
