package engine_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A partitioned cookie (CHIPS) stays below the site where it was set: no attacker of
// another site has it, the front end below whose site it was set has, and nothing is left
// in doubt.
func TestPartitionedCookies(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	const attributes = "Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
	for _, c := range []struct {
		policy   fixtures.Policy
		verdict  scenarios.Verdict // of WLD-001
		severity scenarios.Severity
		reason   string
	}{
		{fixtures.Hardened(), scenarios.Conforms, "", "kept the cookie home (Partitioned)"},
		{fixtures.WildcardEchoAlways(), scenarios.Violates, scenarios.Medium, "only its partition kept the cookie home"},
	} {
		s := stage(t, lab, fixtures.Notebook{Policy: c.policy, Login: fixtures.SessionCookie, CookieAttributes: attributes})
		plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).Select(func(i engine.Item) bool {
			switch i.Scenario.ID {
			case "WLD-001", "WLD-005", "NUL-001", "ORG-001", "PRE-001", "PRE-003", "CRD-002", "TRU-001", "ERR-002":
				return true
			}
			return false
		})
		record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range record.Results {
			switch {
			case r.Verdict() == scenarios.CannotTell:
				t.Errorf("%s: %s %v is in doubt: %s", c.policy.Name, r.Scenario.ID, r.Subject, r.Judgement.Reason)
			case r.Scenario.ID == "WLD-001" && (r.Verdict() != c.verdict || r.Judgement.Severity != c.severity || !strings.Contains(r.Judgement.Reason, c.reason)):
				t.Errorf("%s: %s, %s: %s", c.policy.Name, r.Verdict(), r.Judgement.Severity, r.Judgement.Reason)
			case r.Scenario.ID == "TRU-001" && r.Verdict() != scenarios.Conforms:
				t.Errorf("%s: the front end below whose site the cookie was set: %s: %s", c.policy.Name, r.Verdict(), r.Judgement.Reason)
			}
		}
	}
}

// Given by value, such a cookie stays in its partition as well, also at an http:// URL of
// this machine.
func TestPartitionedCookiesByValue(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	echoes := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		if c, err := r.Cookie("session"); err != nil || c.Value != "alice" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"mail":"alice@example.com"}`))
	})
	server := httptest.NewServer(echoes)
	defer server.Close()
	for _, domain := range []string{"", "; Domain=127.0.0.1"} {
		config := target.Config{URL: server.URL, Trusted: []string{"https://app.example.com"}, Reads: []string{"/me"}}
		config.Credentials.Cookies = []string{"session=alice; Secure; HttpOnly; SameSite=None; Partitioned" + domain}
		deployment, err := config.Deployment(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		plan := engine.NewPlan(scenarios.Catalogue(), deployment.Facts).Select(func(i engine.Item) bool {
			return i.Scenario.ID == "WLD-001" || i.Scenario.ID == "TRU-001"
		})
		record, err := engine.ExaminePlan(t.Context(), lab, deployment, plan, engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		if len(record.Cookies) != 1 || !record.Cookies[0].Partitioned {
			t.Errorf("%q: the browser has %+v", domain, record.Cookies)
		}
		for _, r := range record.Results {
			switch {
			case r.Scenario.ID == "WLD-001" && !strings.Contains(r.Judgement.Reason, "only its partition kept the cookie home"),
				r.Scenario.ID == "TRU-001" && r.Verdict() != scenarios.Conforms:
				t.Errorf("%q: %s %s: %s", domain, r.Scenario.ID, r.Verdict(), r.Judgement.Reason)
			}
		}
	}
}
