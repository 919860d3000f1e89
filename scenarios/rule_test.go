package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// The rule decides which scenario a grant is about, and how much it binds, whichever
// near-miss met it.
func TestScenarioOfARule(t *testing.T) {
	of := cors.MustParseOrigin("https://app.example.com")
	for _, c := range []struct {
		rule Rule
		miss string
		want string
	}{
		{Rule{Kind: SubdomainOf, Value: "example.com"}, "https://evilapp.example.com", "ORG-010"},
		{Rule{Kind: SubdomainOf, Value: "app.example.com"}, "https://sub.app.example.com", "ORG-009"},
		{Rule{Kind: LabelBelow, Value: "example.com"}, "https://pp.example.com", "ORG-010"},
		{Rule{Kind: SubdomainOf, Value: "example.com", insecure: true}, "http://evilapp.example.com", "ORG-011"},
		{Rule{Kind: SubdomainOf, Value: "example.com", insecure: true}, "http://app.example.com", "ORG-006"},
		{Rule{Kind: SameHost, Value: "app.example.com", AnyPort: true}, "https://app.example.com:30000", "ORG-007"},
		{Rule{Kind: EndsWith, Value: "example.com"}, "https://appxexample.com", "ORG-003"},
		{Rule{Kind: EndsWith, Value: "example.com"}, "https://pp.example.com", "ORG-003"},
		{Rule{Kind: BeginsWith, Value: "https://app.example.com"}, "https://app.example.comevil.test", "ORG-001"},
		{Rule{Kind: Contains, Value: "example.com"}, "https://evilexample.com.evil.test", "ORG-001"},
		{Rule{Kind: UnescapedDot, Value: "app.example.com"}, "https://appxexample.com", "ORG-005"},
		{Rule{Kind: SiteOn, Value: "github.io"}, "https://evil.github.io", "ORG-012"},
		{Rule{Kind: EndsWith, Value: "example.com", insecure: true}, "http://app.example.com", "ORG-003"},
		{Rule{Kind: TakesFor}, "https://evil.test", ""},
	} {
		if got := c.rule.scenario(cors.MustParseOrigin(c.miss), of); got != c.want {
			t.Errorf("%s grants %s: %q, want %q", c.rule, c.miss, got, c.want)
		}
	}
}
