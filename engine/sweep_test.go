package engine_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/target"
)

// Of 60 endpoints in 7 policies one of each class is examined, each endpoint of a class
// that grants something is read in the browser, and a class is split where the browser
// does otherwise than the headers said: here most hardened routes grant everybody who is
// a browser.
func TestSweepIsProved(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	front := cors.MustParseOrigin("https://notebook.example.com")
	api := fixtures.NewRoutes(1, []cors.Origin{front}, fixtures.SevenPolicies(60)...)
	deviates := func(path string) bool { return api.Policy(path) == "hardened" && path > "/api/v1/resource010" }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if deviates(r.URL.Path) && r.Header.Get("Sec-Fetch-Mode") == "cors" {
			w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			r.Header.Del("Origin")
		}
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	few := slices.DeleteFunc(scenarios.Catalogue(), func(s scenarios.Scenario) bool { return s.ID != "WLD-001" && s.ID != "NUL-001" })
	record, err := engine.Examine(t.Context(), engine.Request{Lab: lab, Catalogue: few, Config: target.Config{
		URL: server.URL, Trusted: []string{front.String()},
		Credentials: target.CredentialsConfig{Cookies: []string{fixtures.RoutesCookie + "; Path=/; Secure; SameSite=None"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := record.Sweep
	if s == nil || len(s.Endpoints) != 60 || len(s.Classes) != 8 {
		t.Fatalf("the sweep: %v", s != nil && len(s.Classes) == 8)
	}
	policy := func(endpoint string) string { return api.Policy(strings.TrimPrefix(endpoint, "GET ")) }
	var examined []string
	for _, e := range record.Target.PrivateReads() {
		if !slices.Contains(examined, policy(e.String())) {
			examined = append(examined, policy(e.String()))
		}
	}
	if len(record.Target.PrivateReads()) != 8 || len(examined) != 7 {
		t.Errorf("examined: %v of the policies %v", record.Target.PrivateReads(), examined)
	}
	// Every endpoint where something is granted was read, all others were refused.
	tried := map[string]engine.ProofOutcome{}
	for _, p := range s.Proofs {
		tried[p.Endpoint] = p.Outcome
		want := engine.ProofBlocked
		if p.Expected || deviates(strings.TrimPrefix(p.Endpoint, "GET ")) {
			want = engine.ProofRead
		}
		if p.Outcome != want {
			t.Errorf("%s (%s) from %s: %s %s", p.Endpoint, policy(p.Endpoint), p.Page, p.Outcome, p.Why)
		}
	}
	for _, e := range s.Endpoints {
		granted := slices.Contains([]string{"wildcard-echo-always", "null-trusted", "begins-with", "host-ends-with", "http-too"}, policy(e.Endpoint))
		if _, ok := tried[e.Endpoint]; granted && !ok && !slices.Contains(s.Examined, e.Endpoint) {
			t.Errorf("%s (%s) was not tried", e.Endpoint, policy(e.Endpoint))
		}
		if by := s.By(e); by != "" && policy(by) != policy(e.Endpoint) {
			t.Errorf("%s is proved by %s", e.Endpoint, by)
		}
	}
	// The class that was split has what the browser read, and the diagnosis says so.
	split := s.Classes[7]
	from, _ := s.Class(split.SplitFrom)
	for _, e := range s.Endpoints { // none of which rests on a tenth, once one disagreed
		if deviates(strings.TrimPrefix(e.Endpoint, "GET ")) && e.Class != split.ID && !slices.Contains(s.Examined, e.Endpoint) {
			t.Errorf("%s is said to be as the headers are", e.Endpoint)
		}
	}
	if split.Size == 0 || from.Size == 0 || !strings.Contains(split.Why, "read there what the headers do not grant") {
		t.Errorf("split %+v", split)
	}
	for _, e := range s.Endpoints {
		if (e.Class == split.ID) != (tried[e.Endpoint] == engine.ProofRead && policy(e.Endpoint) == "hardened") {
			t.Errorf("%s is in %s", e.Endpoint, e.Class)
		}
	}
	if !slices.ContainsFunc(record.Diagnoses, func(d engine.Diagnosis) bool {
		return d.Kind == engine.SweepDisagrees && d.Number == float64(split.Size)
	}) {
		t.Errorf("diagnoses %+v", record.Diagnoses)
	}
	// Trials are the same for a seed.
	before := sweep.Result{Classes: slices.Clone(s.Classes[:7]), Endpoints: slices.Clone(s.Endpoints)}
	if a, b := before.Trials(nil, 1), before.Trials(nil, 1); !slices.Equal(a, b) || slices.Equal(a, before.Trials(nil, 2)) {
		t.Error("the seed does not decide what is drawn")
	}
}
