package suite

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// Specs judge the items of a plan in its order, however many endpoints, origins and
// credentials there are: what a browser was asked before can decide what it sends later, so
// that another order could come to other results than an examination without Ginkgo.
func TestSpecsKeepTheOrderOfThePlan(t *testing.T) {
	facts := scenarios.Target{
		URL: "https://api.example.com", Label: "abcdefghijkl",
		Trusted:     []cors.Origin{cors.MustParseOrigin("https://app.example.com"), cors.MustParseOrigin("https://admin.example.com")},
		Credentials: []scenarios.Credential{scenarios.Cookie, scenarios.Basic, scenarios.Bearer},
		Endpoints: []scenarios.Endpoint{
			{Method: "GET", Path: "/me", Private: true}, {Method: "POST", Path: "/search", Private: true, Reads: true},
			{Method: "GET", Path: "/health"}, {Method: "POST", Path: "/me"}, {Method: "DELETE", Path: "/me"},
		},
	}
	for _, e := range facts.Endpoints[:2] {
		for _, c := range facts.Credentials {
			facts.Premises = append(facts.Premises, scenarios.Premise{Endpoint: e.String(), Credential: c, Finding: scenarios.Private})
		}
	}
	type about struct {
		id      string
		subject scenarios.Subject
	}
	of := func(i engine.Item) about { return about{i.Scenario.ID, i.Subject()} }
	plan := engine.NewPlan(scenarios.Catalogue(), facts)
	var planned, judged []about
	for _, i := range plan.Items {
		planned = append(planned, of(i))
	}
	for _, f := range families(plan.Items) {
		for _, s := range f.specs {
			for _, i := range s.items {
				judged = append(judged, of(i))
			}
		}
	}
	if len(planned) < 300 {
		t.Fatalf("there are %d items only", len(planned))
	}
	if len(planned) != len(judged) {
		t.Fatalf("%d are judged of %d", len(judged), len(planned))
	}
	for i := range planned {
		if planned[i] != judged[i] {
			t.Fatalf("item %d is %+v, and %+v is judged", i, planned[i], judged[i])
		}
	}
}
