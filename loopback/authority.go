// Package loopback is the ground every server of Crossexam stands on: listeners
// on 127.0.0.1 that speak http and https on one port, with certificates made at
// run time for whatever host name is asked for. Nothing here listens on another
// address.
package loopback

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"
)

// An Authority makes certificates for any host name from one key that lives as
// long as the run and never touches the disk. It is safe for concurrent use.
type Authority struct {
	key  *ecdsa.PrivateKey
	spki string
	root *x509.Certificate

	mu    sync.Mutex
	certs map[string]*tls.Certificate
}

// NewAuthority makes the key and its root certificate.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the run's key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("encoding the run's key: %w", err)
	}
	sum := sha256.Sum256(der)
	a := &Authority{
		key:   key,
		spki:  base64.StdEncoding.EncodeToString(sum[:]),
		certs: map[string]*tls.Certificate{},
	}
	template := a.template(1)
	template.Subject = pkix.Name{CommonName: "Crossexam run-time authority"}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err = x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("making the run's root certificate: %w", err)
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("reading the run's root certificate back: %w", err)
	}
	return a, nil
}

func (a *Authority) template(serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		// An hour back, for clocks that differ between containers.
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  time.Now().Add(7 * 24 * time.Hour),
	}
}

// SPKI is the base64 of the SHA-256 of the public key, as Chrome's
// --ignore-certificate-errors-spki-list takes it: the browser then trusts this
// one key and no other.
func (a *Authority) SPKI() string { return a.spki }

// Root is the certificate of this authority.
func (a *Authority) Root() *x509.Certificate { return a.root }

// Roots is a pool with this authority alone, for a client that shall trust it.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// TLSConfig serves a certificate for whatever name the client asks for, and for
// 127.0.0.1 when it asks for none (clients send no name for an IP address). It
// offers HTTP/1.1 only, so that header lines reach the recorder as they were
// written. (crypto/tls refuses a name with a trailing dot, which Chrome sends for
// https://host./, so that no https page can be on such a host.)
func (a *Authority) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			name := hello.ServerName
			if name == "" {
				name = "127.0.0.1"
			}
			return a.certificate(strings.ToLower(name))
		},
	}
}

// ClientCertificate makes a certificate with a key of its own, with which a client
// proves to be the one of this name. It is of the run like all others.
func (a *Authority) ClientCertificate(name string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making a client's key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("numbering a client certificate: %w", err)
	}
	template := a.template(0)
	template.SerialNumber = serial
	template.Subject = pkix.Name{CommonName: name}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, &key.PublicKey, a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making a client certificate for %q: %w", name, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("reading a client certificate back: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// Mistrust has the host answer with a certificate of another key from now on, one
// that nobody trusts.
func (a *Authority) Mistrust(host string) error {
	other, err := NewAuthority()
	if err != nil {
		return err
	}
	host = strings.ToLower(host)
	certificate, err := other.certificate(host)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.certs[host] = certificate
	return nil
}

func (a *Authority) certificate(host string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.certs[host]; ok {
		return c, nil
	}
	template := a.template(int64(len(a.certs)) + 2)
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %q: %w", host, err)
	}
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
	a.certs[host] = c
	return c, nil
}
