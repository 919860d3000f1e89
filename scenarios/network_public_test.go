package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestLocalNetworkPermission(t *testing.T) {
	for page, want := range map[string]Permission{
		public(Granted).String():             Granted,
		public(Refused).String():             Refused,
		"https://evil.test":                  "",
		"https://public-attacker.test":       "",
		"https://other.public-attacker.test": "",
		"https://granted.evil.test":          "",
	} {
		if got, ok := LocalNetworkPermission(cors.MustParseOrigin(page)); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", page, got, ok)
		}
	}
}
