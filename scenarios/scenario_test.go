package scenarios

import "github.com/crossexam/crossexam/cors"

const (
	evilOrigin    = "https://evil.test"
	trustedOrigin = "https://app.example.org"
)

var (
	privateRead = Endpoint{Method: "GET", Path: "/api/notebooks", Private: true}
	openRead    = Endpoint{Method: "GET", Path: "/health"}
	create      = Endpoint{Method: "POST", Path: "/api/notebooks", Private: true, Body: `{"name":"x"}`, SafeToWrite: true}
	replace     = Endpoint{Method: "PUT", Path: "/api/notebooks/1", Private: true, Body: `{"name":"x"}`}
	remove      = Endpoint{Method: "DELETE", Path: "/api/notebooks/2", Private: true}
)

// oneEndpoint is a target with one endpoint and one trusted origin.
func oneEndpoint(creds ...Credential) Target {
	return Target{
		URL:         "https://api.example.com",
		Trusted:     []cors.Origin{cors.MustParseOrigin(trustedOrigin)},
		Credentials: creds,
		Endpoints:   []Endpoint{privateRead},
		Errors: []ErrorRecipe{
			{Status: 401, Method: "GET", Path: "/api/notebooks", Anonymous: true},
			{Status: 404, Method: "GET", Path: "/nothing-here"},
		},
		Label: "r4nd0m",
	}
}

// rich is a target that declares all there is to declare.
func rich(creds ...Credential) Target {
	t := oneEndpoint(creds...)
	t.Trusted = append(t.Trusted, cors.MustParseOrigin("https://admin.example.org"))
	t.Endpoints = []Endpoint{privateRead, openRead, {Method: "GET", Path: "/api/notes", Private: true}, create, replace, remove}
	t.Errors = append(t.Errors,
		ErrorRecipe{Status: 400, Method: "GET", Path: "/bad", Headers: cors.Headers{{Name: "Accept", Value: "x"}}},
		ErrorRecipe{Status: 400, Method: "GET", Path: "/bad", Headers: cors.Headers{{Name: "Accept", Value: "y"}}},
		ErrorRecipe{Status: 422, Method: "POST", Path: "/api/notebooks", Body: "{"},
		ErrorRecipe{Status: 500, Method: "GET", Path: "/error"},
		ErrorRecipe{Status: 500, Method: "GET", Path: "/error", Unhandled: true},
		ErrorRecipe{Status: 413, Method: "POST", Path: "/upload", BodyBytes: 2 << 20, Proxy: true, SafeToWrite: true},
		ErrorRecipe{Status: 502, Method: "GET", Path: "/down", Proxy: true},
	)
	t.WebSockets, t.EventStreams = []Socket{{Path: "/api/live"}}, []string{"/api/events"}
	t.Policy = Policy{Methods: []string{"GET", "POST", "PUT", "DELETE"}, Headers: []string{"Authorization", "Content-Type"}, Exposed: []string{"X-Total-Count"}}
	return t
}

func at(url string, t Target) Target {
	t.URL = url
	return t
}
