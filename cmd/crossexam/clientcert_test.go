package main

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/child/childtest"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
	"github.com/crossexam/crossexam/nginx"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// mutual is an nginx that wants client certificates, and what a user has of it.
type mutual struct {
	url  string
	root string // its authority, a PEM file
	p12  string // the victim's certificate, under p12Password
	key  []byte // of the certificate, PKCS#8
}

const p12Password = "hunter2-of-the-certificate"

// startMutual starts an nginx with these directives, which refuses who has no
// certificate, as ssl_verify_client on does: by a 400 of its own.
func startMutual(t *testing.T, http, location string) mutual {
	t.Helper()
	if err := attacker.CanHoldCertificate(); err != nil {
		childtest.Missing(t, err)
	}
	authority := loopbacktest.NewAuthority(t)
	server, err := authority.TLSConfig().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	serverKey, err := x509.MarshalECPrivateKey(server.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root := write("root.pem", "CERTIFICATE", authority.Root().Raw)
	n, err := nginx.Start(t.Context(), nginx.Config{TLS: true, HTTP: http, Server: `
		ssl_certificate ` + write("server.pem", "CERTIFICATE", server.Certificate[0]) + `;
		ssl_certificate_key ` + write("server.key", "EC PRIVATE KEY", serverKey) + `;
		ssl_client_certificate ` + root + `;
		ssl_verify_client on;
		default_type application/json;
		` + location})
	if errors.Is(err, nginx.ErrMissing) {
		childtest.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("closing nginx: %v", err)
		}
	})
	victim, err := authority.ClientCertificate("the victim")
	if err != nil {
		t.Fatal(err)
	}
	data, err := pkcs12.Modern.Encode(victim.PrivateKey, victim.Leaf, nil, p12Password)
	if err != nil {
		t.Fatal(err)
	}
	m := mutual{url: "https://" + n.Addr(), root: root, p12: filepath.Join(dir, "victim.p12")}
	if m.key, err = x509.MarshalPKCS8PrivateKey(victim.PrivateKey); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.p12, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

// examine runs the command as a user would, who trusts nginx's authority.
func (m mutual) examine(t *testing.T, env []string, more ...string) ran {
	t.Helper()
	env = append([]string{"SSL_CERT_FILE=" + m.root, "CROSSEXAM_CLIENT_CERT_PASSWORD=" + p12Password}, env...)
	return crossexam(t, env, append([]string{"test", m.url, "--trusted=https://app.example", "--read=/private", "--client-cert=" + m.p12}, more...)...)
}

// granting is an API that gives an origin what the variables $granted, $with and
// $methods say.
const granting = `
	add_header Access-Control-Allow-Origin $granted always;
	add_header Access-Control-Allow-Credentials $with always;
	add_header Vary Origin always;
	location /private {
		if ($request_method = OPTIONS) {
			add_header Access-Control-Allow-Origin $granted;
			add_header Access-Control-Allow-Credentials $with;
			add_header Access-Control-Allow-Methods $methods;
			add_header Vary Origin;
			return 204;
		}
		add_header Access-Control-Allow-Origin $granted always;
		add_header Access-Control-Allow-Credentials $with always;
		add_header Vary Origin always;
		add_header Cache-Control no-store always;
		return 200 '{"user": "$ssl_client_s_dn", "balance": 4100}';
	}
	location / { return 404 '{}'; }
`

// An nginx that echoes every origin is robbed with the victim's certificate.
func TestNginxWithClientCertificatesIsRobbed(t *testing.T) {
	browsertest.Needed(t)
	m := startMutual(t, `
		map $http_origin $granted { default $http_origin; }
		map $http_origin $with { default true; '' ''; }
		map $http_origin $methods { default GET; }`, granting)
	r := m.examine(t, nil, "--label=WLD || CRD")
	r.expect(t, 1, "WLD-001")
	parsed := r.report(t)
	i := slices.IndexFunc(parsed.Results, func(c report.Result) bool {
		return c.ID == "WLD-001" && c.Subject.Credential == scenarios.ClientCert && c.Verdict == scenarios.Violates
	})
	if parsed.Summary.Exfiltration != "proven" || i < 0 {
		t.Fatalf("exfiltration %q, results %+v", parsed.Summary.Exfiltration, parsed.Results)
	}
	proof := parsed.Results[i].Proof
	if !strings.Contains(proof.LootExcerpt, "CN=the victim") || len(proof.Exchanges) == 0 || !proof.Exchanges[0].Request.ClientCertificate {
		t.Errorf("proof %+v", proof)
	}
	noSecretOf(t, m, r)
}

// One that grants its front end alone conforms, and so does everything else of it.
func TestNginxWithClientCertificatesIsClosed(t *testing.T) {
	browsertest.Needed(t)
	m := startMutual(t, `
		map $http_origin $granted { default ''; ~^https://app[.]example$ $http_origin; }
		map $http_origin $with { default ''; ~^https://app[.]example$ true; }
		map $http_origin $methods { default ''; ~^https://app[.]example$ GET; }`, granting)
	r := m.examine(t, nil)
	r.expect(t, 0, "client-cert")
	parsed := r.report(t)
	conforms := slices.ContainsFunc(parsed.Results, func(c report.Result) bool {
		return c.ID == "WLD-001" && c.Subject.Credential == scenarios.ClientCert && c.Verdict == scenarios.Conforms
	})
	if !conforms || parsed.Summary.Exfiltration != "none" {
		t.Errorf("exfiltration %q, results %+v", parsed.Summary.Exfiltration, parsed.Results)
	}

	// Without NSS's programs the same run proves nothing, and is no pass.
	r = m.examine(t, []string{"PATH=" + t.TempDir()}, "--label=WLD-001")
	r.expect(t, 3, "libnss3-tools")
}

// noSecretOf holds every output to having neither password nor key in it.
func noSecretOf(t *testing.T, m mutual, r ran) {
	t.Helper()
	outputs := map[string]string{"standard output": r.stdout, "standard error": r.stderr}
	err := filepath.WalkDir(r.out, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		outputs[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range outputs {
		for what, secret := range map[string]string{
			"the password": p12Password, "the key": base64.StdEncoding.EncodeToString(m.key), "the key's bytes": string(m.key),
		} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s", what, where)
			}
		}
	}
}

// What is wrong with a certificate is said before anything is contacted.
func TestClientCertificateErrors(t *testing.T) {
	file := save(t, "victim.p12", "no certificate")
	const trusted = "--trusted=https://app.example"
	for name, c := range map[string]struct {
		env, args []string
		says      []string
	}{
		"not PKCS#12":      {nil, []string{"https://127.0.0.1:1", "--client-cert=" + file}, []string{"victim.p12 is not a PKCS#12 file"}},
		"variable":         {[]string{"CROSSEXAM_CLIENT_CERT=" + file}, []string{"https://127.0.0.1:1"}, []string{"CROSSEXAM_CLIENT_CERT", "not a PKCS#12 file"}},
		"http target":      {nil, []string{"http://127.0.0.1:1", "--client-cert=" + file}, []string{"https:// URL"}},
		"password alone":   {nil, []string{"https://127.0.0.1:1", "--client-cert-password-file=" + file}, []string{"a password and no file"}},
		"no password file": {nil, []string{"https://127.0.0.1:1", "--client-cert=" + file, "--client-cert-password-file=/none"}, []string{"--client-cert-password-file"}},
	} {
		t.Run(name, func(t *testing.T) {
			crossexam(t, c.env, append([]string{"test", trusted}, c.args...)...).expect(t, 2, c.says...)
		})
	}
}
