package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
)

// A browser that does not present the certificate it was given fails the control,
// and there are no verdicts: here it was given another one than the lab thinks.
func TestCertificateControlFails(t *testing.T) {
	if err := attacker.CanHoldCertificate(); err != nil {
		t.Fatalf("%v: run scripts/stacks, or make test, which runs it", err)
	}
	authority, err := loopback.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	given, err := authority.ClientCertificate("given")
	if err != nil {
		t.Fatal(err)
	}
	other, err := authority.ClientCertificate("other")
	if err != nil {
		t.Fatal(err)
	}
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
	record, err := Examine(t.Context(), lab, staged.Deployment, plan, Options{})
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
