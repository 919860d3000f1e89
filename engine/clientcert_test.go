package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/child/childtest"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback/loopbacktest"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// withCertificate are the options of a browser that holds a client certificate.
func withCertificate(t *testing.T) attacker.Options {
	t.Helper()
	_, certificate := loopbacktest.ClientCertificate(t, "the victim")
	return attacker.Options{ClientCertificate: &certificate}
}

// needCertificates gives a lab whose browser holds a client certificate.
func needCertificates(t *testing.T) *engine.Lab {
	t.Helper()
	if err := attacker.CanHoldCertificate(); err != nil {
		childtest.Missing(t, err)
	}
	return openLab(t, withCertificate(t))
}

// The policies that say what convicts them under a client certificate are
// convicted by exactly that, and the data that a page could take is at the
// attacker's collector.
func TestCertificatePoliciesAreConvictedByWhatTheyBreak(t *testing.T) {
	lab := needCertificates(t)
	for _, policy := range fixtures.Policies() {
		if policy.Breaks != "" && policy.ConvictsCertificate == nil {
			continue
		}
		t.Run(policy.Name, func(t *testing.T) {
			s := stage(t, lab, fixtures.Notebook{Policy: policy, Login: fixtures.ClientCertificate})
			record := examineTelling(t, lab, s, policy, policy.ConvictsCertificate)
			convict(t, policy, policy.ConvictsCertificate, record)
			robbed := slices.ContainsFunc(record.Results, func(r engine.Result) bool {
				return r.Scenario.ID == "WLD-001" && r.Judgement.Exfiltrated &&
					r.Subject.Credential == scenarios.ClientCert && strings.Contains(r.Proof().Loot.Excerpt, "Merger talks")
			})
			if robbed != slices.Contains(policy.ConvictsCertificate, "WLD-001") {
				t.Errorf("the notebooks were stolen with the certificate: %t", robbed)
			}
			for _, id := range []string{"client-cert/open", "client-cert/closed"} {
				if !slices.ContainsFunc(record.Controls, func(c engine.Control) bool { return c.ID == id && c.Outcome == engine.Passed }) {
					t.Errorf("the control %s has not passed", id)
				}
			}
		})
	}
}

// Three victims of one API in one browser, each with a credential of its own. What
// one holds never goes along with a request of another, nor with one that is to
// have none.
func TestVictimsKeepTheirCredentialsApart(t *testing.T) {
	lab := needCertificates(t)
	s := stage(t, lab, fixtures.Notebook{Policy: fixtures.WildcardEchoAlways(), Login: fixtures.AnyAmbient})
	plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).Select(func(i engine.Item) bool { return i.Scenario.ID == "WLD-001" })
	record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	robbed, anonymous := map[scenarios.Credential]bool{}, 0
	for _, r := range record.Results {
		robbed[r.Subject.Credential] = r.Judgement.Exfiltrated
		for _, o := range r.Observations {
			for _, x := range o.Exchanges {
				had := map[scenarios.Credential]bool{
					scenarios.Cookie:     x.Request.Headers.Has("Cookie"),
					scenarios.Basic:      x.Request.Headers.Has("Authorization"),
					scenarios.ClientCert: x.Request.ClientCertificate,
				}
				for credential, went := range had {
					if went != o.Attempt.Identity.Includes(credential) && !o.Attempt.Identity.Includes(scenarios.AnyCookie) {
						t.Errorf("%s went along with a request of %q: %t", credential, o.Attempt.Identity, went)
					}
				}
				if o.Attempt.Identity == scenarios.Anonymous {
					anonymous++
				}
			}
		}
	}
	for _, c := range []scenarios.Credential{scenarios.Cookie, scenarios.Basic, scenarios.ClientCert} {
		if !robbed[c] {
			t.Errorf("nothing was stolen with %s", c)
		}
	}
	if anonymous == 0 {
		t.Error("no request without a credential was observed")
	}
}

// Without NSS's programs nothing is judged with the certificate, and the reason
// says what to do.
func TestWithoutCertificateTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	lab := openLab(t, withCertificate(t))
	s := stage(t, lab, fixtures.Notebook{Policy: fixtures.WildcardEchoAlways(), Login: fixtures.AnyAmbient})
	plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).Select(func(i engine.Item) bool { return i.Scenario.ID == "WLD-001" })
	record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range record.Results {
		want := scenarios.Violates
		if r.Subject.Credential == scenarios.ClientCert {
			want = scenarios.NotApplicable
			if !strings.Contains(r.Judgement.Reason, "libnss3-tools") {
				t.Errorf("the reason is %q", r.Judgement.Reason)
			}
		}
		if r.Verdict() != want {
			t.Errorf("%v: %s (%s)", r.Subject, r.Verdict(), r.Judgement.Reason)
		}
	}
	if lab.NoCertificate() == nil || !strings.Contains(strings.Join(record.Notes, " "), "was not tried") {
		t.Errorf("%v, notes %q", lab.NoCertificate(), record.Notes)
	}
}

// A victim whose certificate the target does not know, or never asks for, opens nothing,
// which is known before any verdict.
func TestVictimsWithoutUse(t *testing.T) {
	lab := needCertificates(t)
	examine := func(s *engine.Staged) (engine.Record, error) {
		plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).Select(func(i engine.Item) bool { return i.Scenario.ID == "WLD-001" })
		return engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
	}
	strangers := stage(t, lab, fixtures.Notebook{Login: fixtures.ClientCertificate})
	strangers.Deployment.Credentials.ClientCertificate = &target.ClientCertificate{TLS: *withCertificate(t).ClientCertificate}
	refused := func(what string, s *engine.Staged, want engine.DiagnosisKind) {
		record, err := examine(s)
		var fault *engine.Fault
		if !errors.As(err, &fault) || fault.Stage != engine.StagePremises || len(record.Diagnoses) != 1 || record.Diagnoses[0].Kind != want {
			t.Errorf("%s: %v, %+v", what, err, record.Diagnoses)
		}
	}
	refused("another certificate", strangers, engine.CertificateRefused)
	silent := stage(t, lab, fixtures.Notebook{Login: fixtures.SessionCookie})
	silent.Deployment.Facts.Credentials = []scenarios.Credential{scenarios.ClientCert}
	silent.Deployment.Credentials = target.Credentials{ClientCertificate: &target.ClientCertificate{TLS: *lab.Certificate()}}
	refused("a target that never asks", silent, engine.CredentialRefused)
}
