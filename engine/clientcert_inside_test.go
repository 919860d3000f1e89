package engine

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/child/childtest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
	"github.com/crossexam/crossexam/scenarios"
)

// A browser that does not present the certificate it was given fails the control,
// and there are no verdicts: here it was given another one than the lab thinks.
func TestCertificateControlFails(t *testing.T) {
	if err := attacker.CanHoldCertificate(); err != nil {
		childtest.Missing(t, err)
	}
	authority, given := loopbacktest.ClientCertificate(t, "given")
	other, err := authority.ClientCertificate("other")
	if err != nil {
		t.Fatal(err)
	}
	browsertest.Needed(t)
	lab, err := OpenLab(t.Context(), attacker.Options{ClientCertificate: &given})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	lab.options.ClientCertificate = &other
	staged, err := StageNotebook(lab, fixtures.Notebook{Login: fixtures.ClientCertificate})
	if err != nil {
		t.Fatal(err)
	}
	defer staged.Close()
	plan := NewPlan(scenarios.Catalogue(), staged.Deployment.Facts)
	record, err := ExaminePlan(t.Context(), lab, staged.Deployment, plan, Hooks{})
	var fault *Fault
	if !errors.As(err, &fault) || fault.Stage != StageControls || !strings.Contains(fault.Error(), "client-cert/open") || len(record.Results) != 0 {
		t.Errorf("the error is %v, with %d results", err, len(record.Results))
	}
}

// A certificate that went astray is no evidence of anything.
func TestStrayCertificate(t *testing.T) {
	presented := []cors.Exchange{{Request: cors.Request{ClientCertificate: true}}}
	for identity, want := range map[scenarios.Credential]bool{
		scenarios.ClientCert: false, scenarios.Cookie: true, scenarios.Basic: true, scenarios.Anonymous: true, scenarios.Bearer: true,
	} {
		if got := stray(identity, presented) != ""; got != want {
			t.Errorf("%q: stray %t", identity, got)
		}
		if why := stray(identity, []cors.Exchange{{}}); why != "" {
			t.Errorf("%q without: %s", identity, why)
		}
	}
}

// An attempt without credentials is never made in the browser context that holds
// the certificate.
func TestAnonymousAttemptsStayApartFromTheCertificate(t *testing.T) {
	page := evil()
	with := func(identity scenarios.Credential) scenarios.Attempt {
		return scenarios.Attempt{Page: page, Vector: scenarios.Fetch, Method: "GET", URL: "https://api.test/", Identity: identity}
	}
	anonymous := with(scenarios.Anonymous)
	anonymous.Omit = true
	for identity, alone := range map[scenarios.Credential]bool{scenarios.Cookie: false, scenarios.ClientCert: true} {
		groups := grouped(scenarios.Target{URL: "https://api.test"}, []scenarios.Attempt{with(identity), anonymous})
		if (len(groups) == 2) != alone {
			t.Errorf("%s: %d groups", identity, len(groups))
		}
	}
}

// A server that talks to nobody without a certificate is judged by what it says to
// those who have one; that strangers get no answer is no doubt about it.
func TestTargetThatBreaksOffTLS(t *testing.T) {
	if err := attacker.CanHoldCertificate(); err != nil {
		childtest.Missing(t, err)
	}
	_, certificate := loopbacktest.ClientCertificate(t, "the victim")
	browsertest.Needed(t)
	lab, err := OpenLab(t.Context(), attacker.Options{ClientCertificate: &certificate})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	for _, policy := range []fixtures.Policy{fixtures.Hardened(), fixtures.WildcardEchoAlways()} {
		t.Run(policy.Name, func(t *testing.T) {
			n := fixtures.Notebook{
				Policy: policy, Login: fixtures.ClientCertificate, Client: lab.leaf(),
				Origins: []cors.Origin{cors.MustParseOrigin("https://notebook.example.com")},
			}
			staged, err := StageNotebook(lab, n)
			if err != nil {
				t.Fatal(err)
			}
			defer staged.Close()
			n.Hosts = []string{staged.Deployment.Facts.Origin().Host()}
			config := lab.stage.Authority().TLSConfig()
			config.ClientAuth = tls.RequireAnyClientCert
			server, err := loopback.ServeTLS(n.Handler(), config)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			staged.Deployment.Upstream.Address = server.Addr()
			plan := NewPlan(scenarios.Catalogue(), staged.Deployment.Facts)
			record, err := ExaminePlan(t.Context(), lab, staged.Deployment, plan, Hooks{})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range record.Results {
				if policy.Breaks == "" && (r.Verdict() == scenarios.Violates || r.Verdict() == scenarios.CannotTell) {
					t.Errorf("%s %v: %s: %s", r.Scenario.ID, r.Subject, r.Verdict(), r.Judgement.Reason)
				}
				switch want := map[bool]scenarios.Verdict{true: scenarios.Conforms, false: scenarios.Violates}[policy.Breaks == ""]; r.Scenario.ID {
				case "WLD-001":
					if r.Verdict() != want || r.Judgement.Exfiltrated != (policy.Breaks != "") {
						t.Errorf("WLD-001: %+v", r.Judgement)
					}
				case "WLD-005":
					if r.Verdict() != scenarios.NotApplicable || !strings.Contains(r.Judgement.Reason, "breaks off TLS") {
						t.Errorf("WLD-005: %+v", r.Judgement)
					}
				}
			}
		})
	}
}

// Only a doubt about a request without any credential is taken for no answer.
func TestDoubtsThatStay(t *testing.T) {
	refused := func(identity scenarios.Credential, required bool) scenarios.Observation {
		return scenarios.Observation{
			Attempt:   scenarios.Attempt{Identity: identity},
			Exchanges: []cors.Exchange{{Fault: "no certificate", CertificateRequired: required}},
		}
	}
	unopened := refused(scenarios.Anonymous, true)
	unopened.Fault = "the page could not be opened"
	for name, c := range map[string]struct {
		doubted scenarios.Observation
		want    scenarios.Verdict
	}{
		"nobody's request":   {refused(scenarios.Anonymous, true), scenarios.NotApplicable},
		"another reason":     {unopened, scenarios.CannotTell},
		"a victim's request": {refused(scenarios.Cookie, true), scenarios.CannotTell},
		"another fault":      {refused(scenarios.Anonymous, false), scenarios.CannotTell},
		"no doubt of that":   {scenarios.Observation{}, scenarios.CannotTell},
	} {
		judged := scenarios.Case{Judge: func(obs scenarios.Observations) scenarios.Judgement {
			return scenarios.Judgement{Verdict: scenarios.CannotTell, Doubt: obs.All()[0].Doubt()}
		}}
		// Nobody's request beside it met the same, which is not what the doubt is about.
		if got := judge(judged, []scenarios.Observation{c.doubted, refused(scenarios.Anonymous, true)}); got.Verdict != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
