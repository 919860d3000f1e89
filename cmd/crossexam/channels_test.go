package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// notebook serves the notebook API without a login, so that the victim's place in
// the network is the credential. /old redirects, with a grant where it is asked for.
func notebook(t *testing.T, p fixtures.Policy, granting bool) string {
	t.Helper()
	n := fixtures.Notebook{Policy: p, Origins: []cors.Origin{cors.MustParseOrigin("https://app.example")}}
	api := n.Handler()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/old" {
			api.ServeHTTP(w, r)
			return
		}
		if granting {
			grant(w, r)
		}
		http.Redirect(w, r, "/api/notebooks", http.StatusFound)
	})
}

// verdicts are those of a report by the scenario's ID and the subject's endpoint:
// of several, one that violates.
func verdicts(r report.Report) map[string]scenarios.Verdict {
	all := map[string]scenarios.Verdict{}
	for _, c := range r.Results {
		if about := c.ID + " " + c.Subject.Endpoint; all[about] != scenarios.Violates {
			all[about] = c.Verdict
		}
	}
	return all
}

// What the file names as WebSocket, event stream and redirect is examined: convicted
// where it lets everybody in, and not where it does not.
func TestChannelsOfTheFile(t *testing.T) {
	browsertest.Needed(t)
	everybody := fixtures.WildcardEchoAlways()
	everybody.SocketsFromAnywhere = true
	for name, c := range map[string]struct {
		policy fixtures.Policy
		code   int
		want   scenarios.Verdict
	}{
		"hardened":          {fixtures.Hardened(), 0, scenarios.Conforms},
		"open to everybody": {everybody, 1, scenarios.Violates},
	} {
		t.Run(name, func(t *testing.T) {
			url := notebook(t, c.policy, c.code == 0)
			file := save(t, "crossexam.yaml", "target: "+url+"\ntrusted: [https://app.example]\nread: [/api/notebooks]\n"+
				"websockets: ["+fixtures.LivePath+"]\nevent_streams: ["+fixtures.EventsPath+"]\nredirects: [/old]\n")
			r := crossexam(t, nil, "test", "--config", file, "--label=ALT-001 || ALT-002 || HDR-008")
			got := verdicts(r.report(t))
			for _, subject := range []string{"ALT-001 GET " + fixtures.LivePath, "ALT-002 GET " + fixtures.EventsPath, "HDR-008 GET /old"} {
				if r.code != c.code || got[subject] != c.want {
					t.Errorf("exit code %d, %s: %s\n%s", r.code, subject, got[subject], r.stdout)
				}
			}
		})
	}
}

// Nothing is said of them where they are not named.
func TestChannelsAreNotGuessed(t *testing.T) {
	browsertest.Needed(t)
	r := crossexam(t, nil, "test", notebook(t, fixtures.Hardened(), true), "--trusted=https://app.example", "--read=/api/notebooks", "--label=ALT-001 || ALT-002")
	for _, c := range r.report(t).Results {
		if c.Verdict != scenarios.NotApplicable || !strings.Contains(c.Reason, "declares no") {
			t.Errorf("%s: %s: %s", c.ID, c.Verdict, c.Reason)
		}
	}
}
