package target

import (
	"net/netip"
	"slices"
	"strings"
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

// A target on this machine is the operator's own, whatever its name: no request rate.
func TestAddressesOfThisMachine(t *testing.T) {
	for list, want := range map[string][2]bool{
		"":                          {false, false},
		"127.0.0.1":                 {true, true},
		"127.0.0.1 ::1":             {true, true},
		"::ffff:127.0.0.2":          {true, true},
		"127.0.0.1 192.168.7.7":     {true, false},
		"127.0.0.1 192.0.2.7":       {false, false},
		"169.254.0.1 fd00::1 ::1":   {true, false},
		"192.168.7.7 192.0.2.7 ::1": {false, false},
	} {
		var addrs []netip.Addr
		for _, a := range strings.Fields(list) {
			addrs = append(addrs, netip.MustParseAddr(a))
		}
		if private, loopback := areLocal(addrs); [2]bool{private, loopback} != want {
			t.Errorf("%s: private %t, loopback %t", list, private, loopback)
		}
	}
}
