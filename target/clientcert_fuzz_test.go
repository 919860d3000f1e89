package target

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/target/bounded/boundedtest"
)

// Whatever a file is that is given as the victim's certificate, it is one with its
// key, or the error says what to do.
func FuzzClientCertificate(f *testing.F) {
	authority, err := loopback.NewAuthority()
	if err != nil {
		f.Fatal(err)
	}
	c, err := authority.ClientCertificate("alice")
	if err != nil {
		f.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		f.Fatal(err)
	}
	good, err := pkcs12.Modern.Encode(c.PrivateKey, leaf, nil, "word")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "client.p12")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var got *ClientCertificate
		var err error
		boundedtest.Modest(t, len(data), func() { got, err = loadClientCertificate(file, "word", leaf.NotBefore) })
		if err == nil && (got.TLS.Leaf == nil || got.TLS.PrivateKey == nil) {
			t.Errorf("%+v", got)
		}
	})
}
