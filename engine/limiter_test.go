package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/child/childtest"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/nginx"
	"github.com/crossexam/crossexam/scenarios"
)

// Behind nginx with a limit on the rate, whose refusals have no CORS headers, the verdicts
// are those without it: nothing that the limiter answers is judged.
func TestLimiterOfNginx(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	var catalogue []scenarios.Scenario
	for _, id := range []string{"WLD-001", "ORG-003", "NUL-001", "TRU-001"} {
		s, _ := scenarios.Find(id)
		catalogue = append(catalogue, s)
	}
	policy, ok := fixtures.PolicyNamed("host-ends-with")
	if !ok {
		t.Fatal("there is no such policy")
	}
	judged := func(s *engine.Staged) engine.Record {
		t.Helper()
		record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, engine.NewPlan(catalogue, s.Deployment.Facts), engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		return record
	}
	stage := func() *engine.Staged {
		return stage(t, lab, fixtures.Notebook{Policy: policy, Login: fixtures.SessionCookie})
	}
	want := judged(stage())
	if !slices.Contains(convicted(want), "ORG-003") || slices.Contains(convicted(want), "TRU-001") {
		t.Fatalf("without a limiter it is convicted by %v", convicted(want))
	}
	for range max(1, *runs-1) {
		s := stage()
		limited(t, s)
		got := judged(s)
		if !slices.Equal(verdictLines(got), verdictLines(want)) {
			t.Errorf("with a limiter:\n%v\nand without:\n%v", verdictLines(got), verdictLines(want))
		}
		if !slices.ContainsFunc(got.Diagnoses, func(d engine.Diagnosis) bool { return d.Kind == engine.RateLimited }) {
			t.Errorf("nothing says that the rate is limited: %+v", got.Diagnoses)
		}
	}
}

// limited puts nginx in front of a staged notebook until the test ends: it answers 503
// to more than 10 requests a second and 3 at once.
func limited(t *testing.T, s *engine.Staged) {
	t.Helper()
	server, err := nginx.Start(t.Context(), nginx.Config{
		HTTP:   "limit_req_zone $binary_remote_addr zone=all:1m rate=10r/s;",
		Server: "location / { limit_req zone=all burst=2 nodelay; proxy_set_header Host $http_host; proxy_pass http://" + s.Deployment.Upstream.Address + "; }",
	})
	if errors.Is(err, nginx.ErrMissing) {
		childtest.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	putBefore(t, s, server)
}
