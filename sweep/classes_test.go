package sweep

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"slices"
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
			if q.Preflight != "" {
				return consent(cors.PreflightRequest{Origin: q.Origin.String(), Method: q.Preflight}, reply), true
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
	for _, name := range []string{"hosting-service", "preview-deployments", "localhost-trusted"} {
		p, ok := fixtures.PolicyNamed(name)
		if !ok {
			t.Fatalf("there is no policy %s", name)
		}
		deviations = append(deviations, fixtures.Share{Policy: p})
	}
	seeds := uint64(20)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
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

// Each rule that takes an origin for a trusted one is seen where a single route has it, and
// suspected of what it violates.
func TestEveryMatcherIsFound(t *testing.T) {
	front := cors.MustParseOrigin("https://notebook.example.com")
	facts := scenarios.Target{URL: "https://api.example.com", Trusted: []cors.Origin{front}, Credentials: []scenarios.Credential{scenarios.Cookie}}
	unasked := []string{
		"port-begins-with", "run-together", // they take another front end, or two
		"trailing-dot", "look-alikes", "case-insensitive", "list-parsed", // nobody has a page there, or few
	}
	for _, m := range fixtures.Matchers() {
		api := fixtures.NewRoutes(1, facts.Trusted, fixtures.Share{Policy: fixtures.Hardened(), Routes: 9}, fixtures.Share{Policy: m, Routes: 1})
		_, classes := interviewed(api, facts)
		if slices.Contains(unasked, m.Name) {
			if len(classes) != 1 {
				t.Errorf("%s is found: take it out of the list", m.Name)
			}
			continue
		}
		if len(classes) != 2 || classes[0].Size != 1 {
			t.Errorf("%s: %d classes", m.Name, len(classes))
			continue
		}
		if !slices.ContainsFunc(classes[0].Granted, func(g Grant) bool { return slices.Contains(m.Convicts, g.Requirement) }) {
			t.Errorf("%s is suspected of %+v", m.Name, classes[0].Granted)
		}
	}
}

// What tells policies apart is what was decided, not which methods an endpoint has; and no
// endpoint is in a class with one that decided otherwise, or that grants what weighs more.
func TestMethodsAreNoPolicy(t *testing.T) {
	front := cors.MustParseOrigin("https://notebook.example.com")
	facts := scenarios.Target{URL: "https://api.example.com", Trusted: []cors.Origin{front}, Credentials: []scenarios.Credential{scenarios.Cookie}}
	type endpoint struct {
		name    string
		own     string // method of the read
		methods []string
		grants  func(method string, o cors.Origin) bool
	}
	trusted := func(_ string, o cors.Origin) bool { return o == front }
	everyone := func(string, cors.Origin) bool { return true }
	for _, c := range []struct {
		name      string
		endpoints []endpoint
		classes   [][]string // the names, the widest grant first
	}{
		{"one right policy", []endpoint{
			{"get", "GET", nil, trusted}, {"get and post", "GET", []string{"POST"}, trusted}, {"all", "GET", []string{"PUT", "PATCH", "DELETE"}, trusted}, {"a query by post", "POST", nil, trusted},
		}, [][]string{{"get", "get and post", "all", "a query by post"}}},
		{"one echo", []endpoint{
			{"get", "GET", nil, everyone}, {"get and delete", "GET", []string{"DELETE"}, everyone}, {"a query by post", "POST", nil, everyone},
		}, [][]string{{"get", "get and delete", "a query by post"}}},
		{"a method for nobody", []endpoint{
			{"a", "GET", []string{"PUT"}, trusted}, {"b", "GET", []string{"PUT"}, func(m string, o cors.Origin) bool { return o == front && m != "PUT" }},
		}, nil}, // one each, in their order
		{"a write for everyone", []endpoint{
			{"a", "GET", nil, trusted}, {"b", "GET", []string{"DELETE"}, func(m string, o cors.Origin) bool { return o == front || m == "DELETE" }}, {"c", "GET", []string{"PUT"}, trusted},
		}, [][]string{{"b"}, {"a", "c"}}},
		{"a read for everyone by one method", []endpoint{
			{"a", "GET", nil, func(m string, o cors.Origin) bool { return o == front || m == "POST" }}, {"b", "POST", nil, func(m string, o cors.Origin) bool { return o == front || m == "POST" }},
		}, [][]string{{"b"}, {"a"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for turn := range c.endpoints { // whichever comes first
				turned := slices.Concat(c.endpoints[turn:], c.endpoints[:turn])
				var endpoints []Endpoint
				var interviews []*interview
				for _, e := range turned {
					v := &interview{script: newScript(facts), with: scenarios.Cookie, methods: append([]string{e.own}, e.methods...), ask: func(q Question) (Decision, bool) {
						if e.grants(cmp.Or(q.Preflight, e.own), q.Origin) {
							return WithCredentials, true
						}
						return NotGranted, true
					}}
					v.run()
					interviews = append(interviews, v)
					endpoints = append(endpoints, Endpoint{Endpoint: e.name, Status: http.StatusOK, Finding: scenarios.Private})
				}
				classes := file(facts, endpoints, interviews)
				if c.classes == nil && len(classes) == len(endpoints) {
					continue
				}
				if len(classes) != len(c.classes) {
					t.Fatalf("%d classes: %+v", len(classes), endpoints)
				}
				for i, want := range c.classes {
					if classes[i].Size != len(want) {
						t.Errorf("%s has %d endpoints, not %d", classes[i].ID, classes[i].Size, len(want))
					}
					for _, e := range endpoints {
						if (e.Class == classes[i].ID) != slices.Contains(want, e.Endpoint) {
							t.Errorf("%s is in %s", e.Endpoint, e.Class)
						}
					}
				}
			}
		})
	}
}
