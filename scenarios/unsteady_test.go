package scenarios

import (
	"slices"
	"strings"
	"testing"
)

// What a target answers now and then is one cause, and what it answers each time stays one
// of its own.
func TestCausesOfAnUnsteadyPolicy(t *testing.T) {
	violation := func(id, origin string, s Severity, unsteady bool) Judged {
		return Judged{ID: id, Level: Must, Unsteady: unsteady, Subject: Subject{Endpoint: "GET /me", Origin: origin, Credential: Cookie}, Judgement: Judgement{Verdict: Violates, Severity: s}}
	}
	causes := Causes([]Judged{
		violation("WLD-001", "https://evil.test", High, true),
		violation("ORG-012", "https://x.github.io", High, true),
		violation("TRU-001", "https://notebook.example.com", Low, true),
		violation("ORG-001", "https://notebook.example.com.evil.test", High, false),
	})
	if len(causes) != 2 || causes[0].ID != "policy-unsteady" && causes[1].ID != "policy-unsteady" {
		t.Fatalf("%+v", causes)
	}
	for _, c := range causes {
		switch c.ID {
		case "policy-unsteady":
			if !slices.Equal(c.Findings, []int{0, 1, 2}) || c.Severity != High || !strings.Contains(c.Fix, "same version and configuration") || MendedByPolicy(c.ID) {
				t.Errorf("%+v", c)
			}
		case "ORG-001":
			if !slices.Equal(c.Findings, []int{3}) {
				t.Errorf("%+v", c)
			}
		default:
			t.Errorf("%+v", c)
		}
	}
	for id, turns := range map[string]bool{"WLD-001": true, "ORG-021": true, "CRD-004": true, "CRD-001": false, "HDR-009": false, "CFG-001": false} {
		if s, _ := Find(id); s.TurnsOnGrant() != turns {
			t.Errorf("%s: %t", id, !turns)
		}
	}
}
