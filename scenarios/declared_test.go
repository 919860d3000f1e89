package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// patterned trusts the patterns alone.
func patterned(patterns ...string) Target {
	t := trusting("https://api.example.com")
	for _, s := range patterns {
		p, err := cors.ParsePattern(s)
		if err != nil {
			panic(err)
		}
		t.Patterns, t.Trusted = append(t.Patterns, p), append(t.Trusted, MemberOf(p))
	}
	return t
}

// What a pattern covers is no near-miss, and what only resembles a member or the domain
// is one.
func TestNearMissesOfPatterns(t *testing.T) {
	const sub, strict, port = "https://*.example.com", "https://:label.example.com", "https://app.example.com:*"
	for _, tt := range []struct{ id, pattern, want string }{
		{"ORG-001", sub, "+https://crossexammember.example.com.evil.test +https://example.com.evil.test"},
		{"ORG-003", sub, "+https://evilexample.com"},
		{"ORG-006", sub, "?http://crossexammember.example.com ?http://example.com"},
		{"ORG-007", sub, "?https://crossexammember.example.com:8443 ?https://example.com:8443"},
		{"ORG-009", sub, ""},
		{"ORG-010", sub, "?https://example.com"},
		{"ORG-011", sub, "?http://crossexamsub.crossexammember.example.com ?http://crossexamsub.example.com"},
		{"ORG-009", strict, "?https://crossexamsub.crossexammember.example.com"},
		{"ORG-010", strict, "?https://example.com"},
		{"ORG-007", port, ""},
		{"ORG-008", port, ""},
		{"ORG-009", port, "?https://crossexamsub.app.example.com:8443"},
		{"ORG-006", port, "?http://app.example.com:8443"},
	} {
		if got := weighed(rules[tt.id](patterned(tt.pattern))); got != tt.want {
			t.Errorf("%s of %s: %s, want %s", tt.id, tt.pattern, got, tt.want)
		}
	}
	wide := patterned("https://*.example.com")
	for _, s := range Catalogue() {
		cases, why := s.Plan(wide)
		for _, c := range cases {
			for _, a := range c.Attempts {
				if s.Family() == "ORG" && !a.Trusted && wide.Trusts(a.Page) && a.Vector != Probe {
					t.Errorf("%s takes %s for a near-miss, which was declared", s.ID, a.Page)
				}
			}
		}
		if s.ID == "CRD-002" && !strings.Contains(why, "by the pattern") {
			t.Errorf("a sibling that is trusted is tried: %q", why)
		}
	}
	if got := wide.DeclaredTrust(); !slices.Equal(got, []string{"https://*.example.com"}) {
		t.Errorf("trusted are %q", got)
	}
}

// A member stands for its pattern as the front end.
func TestAMemberIsPlayedAsTheFrontEnd(t *testing.T) {
	cases, why := planTrustedReads(patterned("https://*.example.com"))
	if len(cases) != 1 || cases[0].Attempts[0].Page.String() != "https://crossexammember.example.com" || !cases[0].Attempts[0].Trusted {
		t.Errorf("%v, %q", cases, why)
	}
}

func TestNeighboursOfOtherOrigins(t *testing.T) {
	for origin, want := range map[string]string{
		"chrome-extension://abcdefghijklmnopabcdefghijklmnop":  "chrome-extension://bcdefghijklmnopabcdefghijklmnopa",
		"moz-extension://0f9dd9a2-4b1c-4e0a-9b1e-2d6c0c3a7e55": "moz-extension://1a0ee0b3-5c2d-5f1b-0c2f-3e7d1d4b8f66",
		"capacitor://localhost":                                "capacitor://crossexam-other",
		"null":                                                 "",
	} {
		if got := neighbourOf(origin); got != want {
			t.Errorf("%s: %s", origin, got)
		}
	}
	target := oneEndpoint(Cookie)
	target.Trusted, target.OtherTrusted = nil, []string{"chrome-extension://abcdefghijklmnopabcdefghijklmnop", "null"}
	cases, why := planOtherNeighbours(target)
	if len(cases) != 1 || cases[0].Subject.Origin != "chrome-extension://bcdefghijklmnopabcdefghijklmnopa" {
		t.Fatalf("%v, %q", cases, why)
	}
	a, other := cases[0].Attempts[0], answeredTo(cases[0].Attempts[1], reply(200, "x"))
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "refused", obs: []Observation{answeredTo(a, reply(200, "x")), other}, verdict: Conforms, reason: "MissingAllowOriginHeader"},
		{name: "granted", obs: []Observation{answeredTo(a, reply(200, "x", allowOrigin(cases[0].Subject.Origin), cors.HeaderAllowCredentials+": true")), other}, verdict: Violates, severity: Low, reason: "that the victim installs"},
		{name: "without credentials", obs: []Observation{answeredTo(a, reply(200, "x", allowOrigin(cases[0].Subject.Origin))), other}, verdict: Conforms},
		{name: "no answer", obs: []Observation{{Attempt: a}, other}, verdict: CannotTell},
	})
}
