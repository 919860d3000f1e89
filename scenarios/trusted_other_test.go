package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// An origin of another scheme is asked for by header, and needs no page.
func TestOtherTrustedOrigins(t *testing.T) {
	target := oneEndpoint(Network)
	target.Trusted, target.OtherTrusted = nil, []string{"chrome-extension://abcdefghijklmnopabcdefghijklmnop"}
	cases, why := planTrustedReads(target)
	if len(cases) != 1 || len(cases[0].Attempts) != 1 || cases[0].Attempts[0].Vector != Probe {
		t.Fatalf("%d cases, %q", len(cases), why)
	}
	a := cases[0].Attempts[0]
	if named, _ := a.Headers.Get(cors.HeaderOrigin); named != target.OtherTrusted[0] || cases[0].Subject.Origin != named {
		t.Errorf("it asks as %q, for %v", named, cases[0].Subject)
	}
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "granted", obs: []Observation{answeredTo(a, reply(200, "x", allowOrigin(target.OtherTrusted[0])))}, verdict: Conforms, reason: "by its header alone, since a page of this origin takes the extension's own key"},
		{name: "refused", obs: []Observation{answeredTo(a, reply(403, ""))}, verdict: Violates, severity: Low, reason: "MissingAllowOriginHeader"},
		{name: "another extension", obs: []Observation{answeredTo(a, reply(200, "x", allowOrigin("chrome-extension://other")))}, verdict: Violates, severity: Low},
		{name: "an error", obs: []Observation{answeredTo(a, reply(500, "x", allowOrigin("*")))}, verdict: CannotTell},
	})
}
