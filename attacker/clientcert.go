package attacker

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// errNoCertificateStore says that no client certificate can be given to the
// browser here. Its error text says what is missing and what to do.
var errNoCertificateStore = errors.New("the browser cannot be given a client certificate here")

// certificateTools are NSS's own programs: Chrome on Linux takes client
// certificates from an NSS database, and nothing else writes one.
var certificateTools = []string{"certutil", "pk12util"}

// CanHoldCertificate gives nil where a browser can be started with a client
// certificate, and else an [errNoCertificateStore].
func CanHoldCertificate() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("%w: on %s it takes them from the user's own store, which Crossexam leaves alone; run it on Linux", errNoCertificateStore, runtime.GOOS)
	}
	for _, tool := range certificateTools {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: there is no %s; install it (Debian and Ubuntu: apt-get install libnss3-tools; Fedora: dnf install nss-tools; Alpine: apk add nss-tools)", errNoCertificateStore, tool)
		}
	}
	return nil
}

// anySite selects the certificate without asking the user, for whatever site asks
// for one: the stage asks for the target's only, and there is no other server. It
// is what the enterprise policy AutoSelectCertificateForUrls becomes inside
// Chrome, without the machine-wide file that the policy needs
// (docs/decisions/2026-11-23-client-certificate.md).
func anySite() map[string]any {
	return map[string]any{"auto_select_certificate": map[string]any{
		"https://*,*": map[string]any{"setting": map[string]any{"filters": []any{map[string]any{}}}},
	}}
}

// storeCertificate puts the certificate into the profile's own NSS database, where
// Chrome looks first in its home. The files on the way there hold the key, under a
// password of their own, and are gone when it returns.
func (p *profile) storeCertificate(ctx context.Context, c *tls.Certificate) (err error) {
	if err := CanHoldCertificate(); err != nil {
		return err
	}
	var others []*x509.Certificate
	for _, der := range c.Certificate[1:] {
		other, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		others = append(others, other)
	}
	password := rand.Text()
	data, err := pkcs12.Modern.Encode(c.PrivateKey, c.Leaf, others, password)
	if err != nil {
		return err
	}
	database := filepath.Join(p.dir, ".pki", "nssdb")
	if err := os.MkdirAll(database, 0o700); err != nil {
		return err
	}
	file, secret := filepath.Join(p.dir, "client.p12"), filepath.Join(p.dir, "client.password")
	defer func() { err = errors.Join(err, removeFile(file), removeFile(secret)) }()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return err
	}
	// Not an argument: the process list is for everyone to read.
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	for _, arguments := range [][]string{
		{"certutil", "-N", "-d", "sql:" + database, "--empty-password"},
		{"pk12util", "-i", file, "-d", "sql:" + database, "-w", secret, "-K", ""},
	} {
		command := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
		command.Env = p.environment()
		if said, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%s could not write the browser's certificate database: %w: %s", arguments[0], err, strings.TrimSpace(string(said)))
		}
	}
	return nil
}

func removeFile(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
