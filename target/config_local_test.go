package target

import (
	"slices"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// Where a target is, and what a victim needs for it, are two things.
func TestLocalTargets(t *testing.T) {
	for _, c := range []struct {
		config  Config
		local   bool
		network bool
	}{
		{Config{URL: "http://127.0.0.1:5055"}, true, true},
		{Config{URL: "http://192.168.7.7"}, true, true},
		{Config{URL: "http://192.168.7.7", Credentials: CredentialsConfig{Bearer: "token"}}, true, false},
		{Config{URL: "https://192.0.2.7"}, false, false},
	} {
		d, err := c.config.Deployment(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if network := slices.Contains(d.Facts.Credentials, scenarios.Network); d.Facts.Local != c.local || network != c.network {
			t.Errorf("%s: local %t, network %t", c.config.URL, d.Facts.Local, network)
		}
	}
}
