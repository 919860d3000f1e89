package target

import (
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// allow_writes is safe_to_write for each write that the operator named, in the eyes
// of the tap and of the scenarios alike, and for no other.
func TestAllowWrites(t *testing.T) {
	for _, all := range []bool{false, true} {
		c := Config{URL: "http://127.0.0.1:1/v1", AllowWrites: all, Endpoints: []EndpointConfig{{Path: "/me"}, {Method: "POST", Path: "/me", Body: "{}"}}}
		c.found = &Discovery{Writes: []scenarios.Endpoint{{Method: "DELETE", Path: "/me", Discovered: true}}}
		d, err := c.Deployment(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Facts.AllowsWrite("POST", "http://127.0.0.1:1/v1/me"); got != all {
			t.Errorf("allow_writes %t: POST passes %t", all, got)
		}
		if d.Facts.AllowsWrite("DELETE", "http://127.0.0.1:1/v1/me") {
			t.Errorf("allow_writes %t: a discovered write passes", all)
		}
		if got := len(d.Facts.SafeWrites()) == 1; got != all {
			t.Errorf("allow_writes %t: the writes that pass are %v", all, d.Facts.SafeWrites())
		}
		if len(d.Facts.Endpoints) != 3 || d.Facts.Endpoints[0].SafeToWrite {
			t.Errorf("endpoints %+v", d.Facts.Endpoints)
		}
	}
}
