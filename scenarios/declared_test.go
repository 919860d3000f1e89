package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// What only the API's own document names is asked of an attacker, and not of the
// trusted front end.
func TestDiscoveredMethods(t *testing.T) {
	target := Target{
		URL:     "https://api.example.com",
		Trusted: []cors.Origin{cors.MustParseOrigin("https://app.example.com")},
		Endpoints: []Endpoint{
			{Method: "GET", Path: "/a", Private: true},
			{Method: "DELETE", Path: "/a", Discovered: true},
		},
	}
	if got := usedMethods(target); !slices.Equal(got, []string{"DELETE"}) {
		t.Errorf("used: %v", got)
	}
	if cases, why := planTrustedWrites(target); len(cases) != 0 || !strings.Contains(why, "DELETE") {
		t.Errorf("%d cases, %q", len(cases), why)
	}
	target.Policy.Methods = []string{"PUT"}
	if cases, _ := planTrustedWrites(target); len(cases) != 1 || cases[0].Attempts[0].Method != "PUT" {
		t.Errorf("%+v", cases)
	}
}

// A declaration that no credentials are needed makes CRD-003 binding for a victim
// who has some all the same.
func TestDeclaredWithoutCredentials(t *testing.T) {
	target := Target{
		URL:         "https://api.example.com",
		Credentials: []Credential{Cookie},
		Endpoints:   []Endpoint{{Method: "GET", Path: "/a", Private: true}},
	}
	if cases, _ := planBearerOnly(target); len(cases) != 0 {
		t.Errorf("%d cases without a declaration", len(cases))
	}
	target.Policy.Credentials = NoCredentials
	if cases, why := planBearerOnly(target); len(cases) == 0 {
		t.Errorf("no cases: %s", why)
	}
}
