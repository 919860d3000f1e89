package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/report/fleetreport"
	"github.com/crossexam/crossexam/sweep"
)

func TestOutcomeOfASweep(t *testing.T) {
	evil := cors.NewOrigin("https", "evil.test", "")
	read := sweep.Endpoint{Endpoint: "GET /me", Class: "P1", Status: 200}
	for name, c := range map[string]struct {
		result sweep.Result
		grant  fleetreport.Grant
		code   int
		says   string
	}{
		"nothing": {sweep.Result{Endpoints: []sweep.Endpoint{read}, Classes: []sweep.Class{{ID: "P1", Size: 1}}},
			fleetreport.Ungranted, 0, "nothing is granted"},
		"private, to anyone": {sweep.Result{Endpoints: []sweep.Endpoint{read}, Classes: []sweep.Class{{ID: "P1", Size: 1, Suspect: true, Granted: []sweep.Grant{{Origin: evil, How: "any origin", Anyone: true, Decision: "with credentials"}}}}},
			fleetreport.Granted, 1, "1 of 1 endpoints grant what is private (any origin: with credentials)"},
		"to a subdomain": {sweep.Result{Endpoints: []sweep.Endpoint{read}, Classes: []sweep.Class{{ID: "P1", Size: 1, Granted: []sweep.Grant{{Origin: evil, How: "a subdomain"}}}}},
			fleetreport.Granted, 0, "nothing private is granted to anyone"},
		"no answer": {sweep.Result{Endpoints: []sweep.Endpoint{{Endpoint: "GET /me", Unanswered: "rate limited"}}},
			fleetreport.GrantUnknown, 3, "rate limited"},
		"no endpoint": {sweep.Result{}, fleetreport.GrantUnknown, 3, "no endpoint was found"},
	} {
		o := swept(c.result, now(), fleetreport.About{Target: "https://a.test"})
		if o.Grant != c.grant || o.ExitCode != c.code || !strings.Contains(o.Headline, c.says) || o.Fault != nil || o.Stage != fleetreport.Sweep {
			t.Errorf("%s: %q, %d, %q", name, o.Grant, o.ExitCode, o.Headline)
		}
	}
}

func TestInterval(t *testing.T) {
	for _, c := range []struct {
		url, config string
		want        time.Duration
	}{
		{"https://a.example.com", `{}`, 50 * time.Millisecond},
		{"https://a.example.com", `{"limits":{"requests_per_second":0.5}}`, 2 * time.Second},
		{"http://127.0.0.1:1", `{}`, 0},
		{"http://127.0.0.1:1", `{"limits":{"requests_per_second":10}}`, 100 * time.Millisecond},
	} {
		if got := interval(Target{URL: c.url, Config: []byte(c.config)}); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.url, c.config, got, c.want)
		}
	}
}
