package target

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/crossexam/crossexam/scenarios"
)

// A ClientCertificate is the victim's certificate with its key for TLS.
type ClientCertificate struct {
	TLS      tls.Certificate
	password string // of the file it came from
}

// loadClientCertificate reads a PKCS#12 file. Its errors say what is wrong with
// the file and what to do, and never repeat the password. now is when the
// certificate has to be valid.
func loadClientCertificate(file, password string, now time.Time) (*ClientCertificate, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, fmt.Errorf("the client certificate cannot be read: %w", err)
	}
	if err := checkPKCS12(file, data); err != nil {
		return nil, err
	}
	key, first, others, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return nil, explainPKCS12(file, password, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("the key in %s is of a kind that TLS has no use for: take an RSA or ECDSA key", file)
	}
	certs := append([]*x509.Certificate{first}, others...)
	// The file may have them in any order: the victim's is the one of the key.
	i := slices.IndexFunc(certs, func(c *x509.Certificate) bool { return belongs(c, signer) })
	if i < 0 {
		return nil, fmt.Errorf("%s has a key and no certificate for it: export the two together (openssl pkcs12 -export -inkey KEY -in CERTIFICATE)", file)
	}
	leaf := certs[i]
	if err := usable(file, leaf, now); err != nil {
		return nil, err
	}
	made := &ClientCertificate{password: password}
	made.TLS = tls.Certificate{PrivateKey: signer, Leaf: leaf, Certificate: [][]byte{leaf.Raw}}
	for _, c := range slices.Delete(certs, i, i+1) {
		made.TLS.Certificate = append(made.TLS.Certificate, c.Raw)
	}
	return made, nil
}

func belongs(c *x509.Certificate, key crypto.Signer) bool {
	public, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(key.Public())
}

// usable tells what keeps browsers and servers from taking the certificate.
func usable(file string, c *x509.Certificate, now time.Time) error {
	day := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
	switch {
	case now.After(c.NotAfter):
		return fmt.Errorf("the certificate in %s has expired on %s: export the current one", file, day(c.NotAfter))
	case now.Before(c.NotBefore):
		return fmt.Errorf("the certificate in %s is not valid before %s: is this machine's clock right?", file, day(c.NotBefore))
	case len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0 &&
		!slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny):
		return fmt.Errorf("the certificate in %s is not for clients (its extended key usage has no clientAuth), so that no browser offers it: take the victim's own", file)
	case c.BasicConstraintsValid && c.IsCA:
		return fmt.Errorf("the certificate in %s is an authority's (CA:TRUE), as openssl req -x509 makes them, and Chrome offers none of these: make it with -addext basicConstraints=critical,CA:FALSE, or have one issued", file)
	}
	return nil
}

var errNoPassword = errors.New("has a password: give it with `credentials.client_certificate.password` or CROSSEXAM_CLIENT_CERT_PASSWORD")

// explainPKCS12 says in one sentence why a PKCS#12 file could not be decoded. The
// library has one error value; the rest it says in words.
func explainPKCS12(file, password string, err error) error {
	switch text := err.Error(); {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password == "":
		return fmt.Errorf("%s %w", file, errNoPassword)
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return fmt.Errorf("the password does not open %s: give the one it was exported with", file)
	case strings.Contains(text, "private key missing"):
		return fmt.Errorf("%s has no private key, and a certificate alone proves nothing: export the two together (openssl pkcs12 -export -inkey KEY -in CERTIFICATE)", file)
	case strings.Contains(text, "exactly one key"):
		return fmt.Errorf("%s has several private keys, and which one is the victim's cannot be told: export one certificate with its key", file)
	case strings.Contains(text, "certificate missing"):
		return fmt.Errorf("%s has a key and no certificate: export the two together (openssl pkcs12 -export -inkey KEY -in CERTIFICATE)", file)
	default:
		return fmt.Errorf("%s cannot be decoded (%s): write it again with openssl pkcs12 -export", file, strings.TrimPrefix(text, "pkcs12: "))
	}
}

// clientCertificate checks the entries about the certificate and loads it. An http
// target never asks for one.
func (c ClientCertificateConfig) clientCertificate(t scenarios.Target) (*ClientCertificate, error) {
	switch {
	case c.File == "":
		return nil, errors.New("there is a password and no file: name the PKCS#12 file with `credentials.client_certificate.file`")
	case t.Origin().Scheme() != "https":
		return nil, fmt.Errorf("a client certificate goes with TLS, and the target is %s: give its https:// URL, or leave the certificate out", t.URL)
	}
	return loadClientCertificate(c.File, c.Password, time.Now())
}

// checkPKCS12 tells a PKCS#12 file from the others that people have: its outer
// structure begins with the version 3 (RFC 7292, section 4).
func checkPKCS12(file string, data []byte) error {
	var pfx struct {
		Version  int
		AuthSafe asn1.RawValue
		MacData  asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(data, &pfx); err != nil || pfx.Version != 3 {
		hint := "write one with openssl pkcs12 -export"
		if strings.Contains(string(data[:min(len(data), 4096)]), "-----BEGIN") {
			hint = "this is PEM; openssl pkcs12 -export makes one of certificate and key"
		}
		return fmt.Errorf("%s is not a PKCS#12 file: %s", file, hint)
	}
	return nil
}
