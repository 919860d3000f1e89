package sweep

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// interviewed asks every route of an API, without a connection, and files them.
func interviewed(api *fixtures.Routes, t scenarios.Target) ([]Endpoint, []Class) {
	asks := newScript(t)
	var endpoints []Endpoint
	var interviews []*interview
	for _, path := range api.Paths() {
		v := &interview{script: asks, with: scenarios.Cookie, methods: []string{http.MethodGet}, ask: func(q Question) (Decision, bool) {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			if q.Preflight != "" {
				r.Method = http.MethodOptions
				r.Header.Set(cors.HeaderRequestMethod, q.Preflight)
			}
			r.Header.Set(cors.HeaderOrigin, q.Origin.String())
			if q.With == scenarios.Cookie {
				r.Header.Set("Cookie", fixtures.RoutesCookie)
			}
			w := httptest.NewRecorder()
			api.ServeHTTP(w, r)
			reply := &cors.Response{Status: w.Code}
			for name, values := range w.Header() {
				for _, v := range values {
					reply.Headers = append(reply.Headers, cors.Header{Name: name, Value: v})
				}
			}
			return decide(q, reply), true
		}}
		v.run()
		interviews = append(interviews, v)
		endpoints = append(endpoints, Endpoint{Endpoint: "GET " + path, Status: http.StatusOK, Finding: scenarios.Private})
	}
	return endpoints, file(t, endpoints, interviews)
}

// One route among 500 that decides otherwise is found, wherever it is and whatever it does.
func TestOneDeviatingRouteIsFound(t *testing.T) {
	front := cors.MustParseOrigin("https://notebook.example.com")
	facts := scenarios.Target{URL: "https://api.example.com", Trusted: []cors.Origin{front}, Credentials: []scenarios.Credential{scenarios.Cookie}}
	deviations := fixtures.SevenPolicies(7)[1:]
	for seed := range uint64(20) {
		deviant := deviations[seed%uint64(len(deviations))].Policy
		api := fixtures.NewRoutes(seed, facts.Trusted, fixtures.Share{Policy: fixtures.Hardened(), Routes: 499}, fixtures.Share{Policy: deviant, Routes: 1})
		endpoints, classes := interviewed(api, facts)
		if len(classes) != 2 || classes[0].Size+classes[1].Size != 500 || classes[0].Size != 1 {
			t.Errorf("seed %d, %s: %d classes", seed, deviant.Name, len(classes))
			continue
		}
		for _, e := range endpoints {
			if alone := e.Class == classes[0].ID; alone != (api.Policy(e.Endpoint[len("GET "):]) == deviant.Name) {
				t.Errorf("seed %d, %s: %s is in %s", seed, deviant.Name, e.Endpoint, e.Class)
			}
		}
	}
}
