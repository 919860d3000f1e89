package attacker

import (
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/child/childtest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// needCertificates gives a lab whose browser holds a client certificate.
func needCertificates(t *testing.T) (*Stage, *Browser, *tls.Certificate) {
	t.Helper()
	if err := CanHoldCertificate(); err != nil {
		childtest.Missing(t, err)
	}
	_, certificate := loopbacktest.ClientCertificate(t, "the victim")
	stage, browser := ownLab(t, Options{ClientCertificate: &certificate})
	return stage, browser, &certificate
}

// certified is a target over https that asks for client certificates and says who
// came.
func certified(t *testing.T, s *Stage, origin string, c *tls.Certificate) *api {
	t.Helper()
	config := s.Authority().TLSConfig()
	config.ClientAuth = tls.RequestClientCert
	server, err := loopback.ServeTLS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		grant(w, r)
		if r.Method == http.MethodOptions {
			w.Header().Set("Access-Control-Allow-Headers", "x-own")
		}
		who := "nobody"
		if presented := loopback.ClientCertificate(r); presented != nil {
			who = presented.Subject.CommonName
		}
		_, _ = w.Write([]byte(who))
	}), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return mount(t, s, origin, nil, func(o *tap.Options) {
		o.Upstream.URL.Scheme = "https"
		o.Upstream.Address, o.Upstream.Roots = server.Addr(), s.Authority().Roots()
		o.ClientCertificate = c
	})
}

// TestTheCertificateGoesWithEveryRequest pins what Chrome does, whatever the Fetch
// standard says (section "Fetch", where TLS client certificates are credentials):
// it proves itself on every connection to a server that asks, those for
// credentials mode "omit" and those for preflights too. A victim is without the
// certificate only where nobody asks.
func TestTheCertificateGoesWithEveryRequest(t *testing.T) {
	stage, browser, certificate := needCertificates(t)
	a := certified(t, stage, "https://api.mtls.test", certificate)
	omitted, preflighted := a.get("/omitted"), a.get("/preflighted")
	omitted.Omit = true
	preflighted.Headers = cors.Headers{{Name: "X-Own", Value: "1"}}
	attempts := []scenarios.Attempt{omitted, a.get("/included"), preflighted}

	// One victim has the browser's own tab, the other a context of its own.
	for _, victim := range []string{"holder", "holder in a context"} {
		for _, turn := range []struct {
			victim string
			asked  bool
			want   string
		}{{victim, true, "the victim"}, {victim + ", not asked", false, "nobody"}} {
			stage.AskForCertificate()
			if turn.asked {
				stage.AskForCertificate(a.origin)
			}
			tab := openTab(t, browser, turn.victim)
			open(t, tab, evil)
			sightings := run(t, tab, attempts...)
			for i, s := range sightings {
				if !s.Page.Readable || s.Page.Body != turn.want {
					t.Errorf("%s, %s: %+v, expected to read %q", turn.victim, attempts[i].URL, s.Page, turn.want)
				}
				for _, id := range s.Exchanges {
					if x, _ := a.tap.Exchange(id); x.Request.ClientCertificate != turn.asked {
						t.Errorf("%s: %s %s came with a certificate: %t", turn.victim, x.Request.Method, x.Request.URL, x.Request.ClientCertificate)
					}
				}
			}
			if w := wire(sightings[2], a); w != "OPTIONS 200, GET 200" {
				t.Errorf("%s: %s", turn.victim, w)
			}
		}
	}
}

// TestOnlyTheHostInPlayAsks: other hosts of the stage are reached without.
func TestOnlyTheHostInPlayAsks(t *testing.T) {
	stage, browser, certificate := needCertificates(t)
	asking := certified(t, stage, "https://one.mtls.test", certificate)
	other := certified(t, stage, "https://two.mtls.test", certificate)
	stage.AskForCertificate(asking.origin)
	tab := openTab(t, browser, "holder")
	open(t, tab, evil)
	sightings := run(t, tab, asking.get("/"), other.get("/"))
	if got := sightings[0].Page.Body + ", " + sightings[1].Page.Body; got != "the victim, nobody" {
		t.Errorf("read %s", got)
	}
}

// TestAnotherCertificateIsNotTaken: what the browser presents is passed on as the
// tap's only if it is the tap's.
func TestAnotherCertificateIsNotTaken(t *testing.T) {
	stage, browser, _ := needCertificates(t)
	stranger, err := stage.Authority().ClientCertificate("a stranger")
	if err != nil {
		t.Fatal(err)
	}
	a := certified(t, stage, "https://api.mtls.test", &stranger)
	stage.AskForCertificate(a.origin)
	tab := openTab(t, browser, "holder")
	open(t, tab, evil)
	if got := run(t, tab, a.get("/"))[0].Page.Body; got != "nobody" {
		t.Errorf("the target took the browser for %q", got)
	}
}

// The profile has the certificate in its own database, and neither the file nor the
// password it came with.
func TestNothingIsLeftOfTheCertificateFile(t *testing.T) {
	_, browser, _ := needCertificates(t)
	dir := browser.profile.dir
	if !exists(filepath.Join(dir, ".pki", "nssdb", "key4.db")) {
		t.Error("the profile has no certificate database")
	}
	for _, name := range []string{"client.p12", "client.password"} {
		if exists(filepath.Join(dir, name)) {
			t.Errorf("%s is left in the profile", name)
		}
	}
}

// Without NSS's programs the error says what to install.
func TestWithoutCertificateTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := CanHoldCertificate()
	if !errors.Is(err, errNoCertificateStore) || !strings.Contains(err.Error(), "libnss3-tools") {
		t.Fatalf("the error is %v", err)
	}
	authority, _ := loopback.NewAuthority()
	certificate, _ := authority.ClientCertificate("the victim")
	root := t.TempDir()
	t.Setenv("TMPDIR", root)
	if _, err := newProfile(t.Context(), Options{ClientCertificate: &certificate}); !errors.Is(err, errNoCertificateStore) {
		t.Errorf("the profile's error is %v", err)
	}
	if left, _ := os.ReadDir(root); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
