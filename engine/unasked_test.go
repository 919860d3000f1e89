package engine

import (
	"slices"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// HTTP authentication that a target never asks for is left out where another credential
// opens the same, and only there.
func TestWithoutBasic(t *testing.T) {
	me, items := scenarios.Endpoint{Method: "GET", Path: "/me", Private: true}, scenarios.Endpoint{Method: "GET", Path: "/items", Private: true}
	opens := func(e scenarios.Endpoint, c scenarios.Credential) scenarios.Premise {
		return scenarios.Premise{Endpoint: e.String(), Credential: c, Finding: scenarios.Private}
	}
	for name, c := range map[string]struct {
		premises []scenarios.Premise
		ok       bool
	}{
		"either opens":          {[]scenarios.Premise{opens(me, "basic"), opens(me, "cookie"), opens(items, "cookie")}, true},
		"alone":                 {[]scenarios.Premise{opens(me, "basic"), opens(items, "basic")}, false},
		"alone for one of them": {[]scenarios.Premise{opens(me, "basic"), opens(me, "cookie"), opens(items, "basic")}, false},
		"together":              {[]scenarios.Premise{opens(me, "basic+cookie"), opens(items, "basic+cookie")}, false},
	} {
		facts := scenarios.Target{Endpoints: []scenarios.Endpoint{me, items}, Credentials: []scenarios.Credential{"cookie", "basic"}, Premises: c.premises}
		if !opensByBasic(facts) {
			t.Errorf("%s: it opens nothing", name)
		}
		got, ok := withoutBasic(facts)
		if ok != c.ok || ok && (!slices.Equal(got.Credentials, []scenarios.Credential{"cookie"}) || opensByBasic(got)) {
			t.Errorf("%s: %v, %v, %v", name, ok, got.Credentials, got.Premises)
		}
	}
	if opensByBasic(scenarios.Target{Premises: []scenarios.Premise{{Credential: "basic", Finding: scenarios.CredentialRefused}}}) {
		t.Error("what is refused opens nothing")
	}
}
