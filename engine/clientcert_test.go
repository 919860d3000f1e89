package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
)

// withCertificate are the options of a browser that holds a client certificate.
func withCertificate(t *testing.T) attacker.Options {
	t.Helper()
	authority, err := loopback.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.ClientCertificate("the victim")
	if err != nil {
		t.Fatal(err)
	}
	return attacker.Options{ClientCertificate: &certificate}
}

// needCertificates gives a lab whose browser holds a client certificate.
func needCertificates(t *testing.T) *engine.Lab {
	t.Helper()
	if err := attacker.CanHoldCertificate(); err != nil {
		t.Fatalf("%v: run scripts/stacks, or make test, which runs it", err)
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
			record := examine(t.Context(), t, lab, s)
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
