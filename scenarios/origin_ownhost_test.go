package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// A local origin with the API's own host is told from a development server's by another
// local name.
func TestOwnHostIsNoDevelopmentServer(t *testing.T) {
	target := trusting("http://127.0.0.1:8000", "https://notebook.example.com")
	target.Credentials = []Credential{Cookie}
	cases, _ := func() ([]Case, string) { s, _ := Find("ORG-013"); return s.Plan(target) }()
	for _, tt := range []struct {
		origin    string
		elsewhere bool // is granted
		own       bool
	}{
		{"http://127.0.0.1:3000", false, true},
		{"http://127.0.0.1:3000", true, false},
		{"http://localhost:3000", false, false},
	} {
		for _, c := range cases {
			if c.Subject.Origin != tt.origin {
				continue
			}
			answered := func(a Attempt) Observation {
				page := a.Page.String()
				granted := reply(200, privateBody, allowOrigin(page), withCredentials)
				switch {
				case a.Identity == Anonymous:
					return answeredTo(a, denied)
				case a.Vector == Probe && page == "http://localhost:3000" && tt.elsewhere:
					return answeredTo(a, granted)
				case a.Vector == Probe:
					return answeredTo(a, reply(200, privateBody))
				case page == tt.origin:
					return readBy(a, granted)
				}
				return blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, privateBody))
			}
			var obs []Observation
			for _, a := range c.Attempts {
				obs = append(obs, answered(a))
			}
			for _, a := range c.More(NewObservations(obs)) {
				obs = append(obs, answered(a))
			}
			j := c.Judge(NewObservations(obs))
			if own := strings.Contains(j.Fix, "Host header"); j.Verdict != Violates || own != tt.own || own != (j.Rule.Kind == SameHost && j.Rule.Value == "127.0.0.1") {
				t.Errorf("%s, another local host granted %t: %s (%s)", tt.origin, tt.elsewhere, j.Reason, j.Fix)
			}
		}
	}
}
