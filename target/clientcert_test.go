package target

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/crossexam/crossexam/loopback/loopbacktest"
	"github.com/crossexam/crossexam/scenarios"
)

const filePassword = "file-password-not-a-secret"

// pkcs12File writes a certificate with its key.
func pkcs12File(t *testing.T, key any, leaf *x509.Certificate, others ...*x509.Certificate) string {
	t.Helper()
	data, err := pkcs12.Modern.Encode(key, leaf, others, filePassword)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, data)
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "client.p12")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// selfSigned makes a certificate with another validity or usage.
func selfSigned(t *testing.T, change func(*x509.Certificate)) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the victim"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, leaf
}

func TestClientCertificateIsRead(t *testing.T) {
	_, certificate := loopbacktest.ClientCertificate(t, "the victim")
	_, other := loopbacktest.ClientCertificate(t, "the victim")
	for name, file := range map[string]string{
		"alone":             pkcs12File(t, certificate.PrivateKey, certificate.Leaf),
		"with a chain":      pkcs12File(t, certificate.PrivateKey, certificate.Leaf, other.Leaf),
		"chain comes first": pkcs12File(t, certificate.PrivateKey, other.Leaf, certificate.Leaf),
	} {
		got, err := loadClientCertificate(file, filePassword, time.Now())
		if err != nil || !got.TLS.Leaf.Equal(certificate.Leaf) || string(got.TLS.Certificate[0]) != string(certificate.Leaf.Raw) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Files of openssl, its older kind included, are read.
func TestClientCertificateOfOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	dir := t.TempDir()
	key, cert := filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	run := func(arguments ...string) {
		t.Helper()
		if said, err := exec.Command(openssl, arguments...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v: %s", arguments, err, said)
		}
	}
	run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=the victim", "-days", "2", "-addext", "basicConstraints=critical,CA:FALSE")
	for _, more := range [][]string{nil, {"-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"}} {
		file := filepath.Join(dir, "client.p12")
		run(append([]string{"pkcs12", "-export", "-inkey", key, "-in", cert, "-out", file, "-passout", "pass:" + filePassword}, more...)...)
		got, err := loadClientCertificate(file, filePassword, time.Now())
		if err != nil || got.TLS.Leaf.Subject.CommonName != "the victim" {
			t.Errorf("%v: %v", more, err)
		}
	}
}

func TestClientCertificateMistakes(t *testing.T) {
	_, certificate := loopbacktest.ClientCertificate(t, "the victim")
	_, other := loopbacktest.ClientCertificate(t, "the victim")
	good := pkcs12File(t, certificate.PrivateKey, certificate.Leaf)
	made := func(change func(*x509.Certificate)) string {
		key, leaf := selfSigned(t, change)
		return pkcs12File(t, key, leaf)
	}
	store, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{certificate.Leaf}, filePassword)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ file, password, says string }{
		"no file":         {filepath.Join(t.TempDir(), "none.p12"), "", "cannot be read"},
		"not PKCS#12":     {write(t, []byte("hello")), "", "is not a PKCS#12 file"},
		"PEM":             {write(t, []byte("-----BEGIN CERTIFICATE-----\n")), "", "this is PEM"},
		"wrong password":  {good, "other-password", "the password does not open"},
		"no password":     {good, "", "CROSSEXAM_CLIENT_CERT_PASSWORD"},
		"no key":          {write(t, store), filePassword, "no private key"},
		"key of another":  {pkcs12File(t, certificate.PrivateKey, other.Leaf), filePassword, "no certificate for it"},
		"expired":         {made(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), filePassword, "has expired"},
		"not yet valid":   {made(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), filePassword, "is not valid before"},
		"an authority's":  {made(func(c *x509.Certificate) { c.BasicConstraintsValid, c.IsCA = true, true }), filePassword, "CA:FALSE"},
		"not for clients": {made(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), filePassword, "not for clients"},
		"truncated":       {write(t, truncated(t, good)), filePassword, "is not a PKCS#12 file"},
	} {
		_, err := loadClientCertificate(c.file, c.password, time.Now())
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the error is %v", name, err)
		}
		if err != nil && c.password != "" && strings.Contains(err.Error(), c.password) {
			t.Errorf("%s: the error repeats the password: %v", name, err)
		}
	}
}

func truncated(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data[:len(data)/2]
}

// In a configuration it makes a credential, and its mistakes name the entry.
func TestClientCertificateOfAConfiguration(t *testing.T) {
	_, certificate := loopbacktest.ClientCertificate(t, "the victim")
	file := pkcs12File(t, certificate.PrivateKey, certificate.Leaf)
	config := func(url, password string) Config {
		return Config{URL: url, Credentials: CredentialsConfig{ClientCertificate: &ClientCertificateConfig{File: file, Password: password}}}
	}
	d, err := config("https://127.0.0.1:1", filePassword).Deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !d.Facts.Has(scenarios.ClientCert) || d.Facts.Has(scenarios.Network) || !d.Credentials.Certificate().Leaf.Equal(certificate.Leaf) {
		t.Errorf("credentials %v", d.Facts.Credentials)
	}
	if got := fmt.Sprint(d.Credentials.secrets()); got != "["+filePassword+"]" {
		t.Errorf("secrets %s", got)
	}
	for url, says := range map[string]string{"http://127.0.0.1:1": "goes with TLS", "https://127.0.0.1:1": "has a password"} {
		_, err := config(url, "").Deployment(t.Context())
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: the error is %v", url, err)
		}
	}
	alone := config("https://127.0.0.1:1", filePassword)
	alone.Credentials.ClientCertificate.File = ""
	if _, err := alone.Deployment(t.Context()); err == nil || !strings.Contains(err.Error(), "a password and no file") {
		t.Errorf("without a file: %v", err)
	}
	// The file may leave the password to the environment, and nothing else.
	for text, wrong := range map[string]bool{"file: " + file: false, "file: " + file + ", password: other": true, "file: none.p12": true} {
		yaml := filepath.Join(t.TempDir(), "crossexam.yaml")
		if err := os.WriteFile(yaml, []byte("target: https://127.0.0.1:1\ncredentials: {client_certificate: {"+text+"}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadConfig(yaml); (err != nil) != wrong {
			t.Errorf("%s: %v", text, err)
		}
	}
}
