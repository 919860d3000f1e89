package scenarios

import "testing"

func TestAllowsWrite(t *testing.T) {
	target := Target{
		URL:   "https://api.example.com/api",
		Login: "/login",
		Endpoints: []Endpoint{
			{Method: "GET", Path: "/read", SafeToWrite: true},
			{Method: "POST", Path: "/safe?dry=1", SafeToWrite: true},
			{Method: "POST", Path: "/unsafe"},
			{Method: "POST", Path: "/found", Discovered: true},
			{Method: "PUT", Path: "/käse/a%2fb", SafeToWrite: true},
			{Method: "PUT", Path: "/a/../b", SafeToWrite: true},
			{Method: "DELETE", Path: "/trailing/", SafeToWrite: true},
		},
		Errors: []ErrorRecipe{
			{Status: 413, Method: "POST", Path: "/upload?x=1", SafeToWrite: true},
			{Status: 400, Method: "POST", Path: "/broken"},
		},
	}
	const base = "https://api.example.com"
	for _, c := range []struct {
		method, url string
		want        bool
	}{
		{"GET", base + "/api/read", false},
		{"OPTIONS", base + "/api/safe", false},
		{"POST", base + "/api/safe", true},
		{"POST", base + "/api/safe?dry=1", true},
		{"POST", base + "/api/safe/", false},
		{"POST", base + "/safe", false},
		{"post", base + "/api/safe", false},
		{"PUT", base + "/api/safe", false},
		{"POST", base + "/api/unsafe", false},
		{"POST", base + "/api/found", false},
		{"POST", base + "/api/login", true},
		{"PUT", base + "/api/login", false},
		{"POST", base + "/login", false}, // not under the base path
		{"POST", "http://rebound.example:8080/api/login", true},
		{"PUT", base + "/api/k%C3%A4se/a%2Fb", true},
		{"PUT", base + "/api/k%c3%a4se/a%2fb", true},
		{"PUT", base + "/api/käse/a/b", false},
		{"PUT", base + "/api/b", true},
		{"PUT", base + "/api/%62", true},
		{"PUT", base + "//api/b", false},
		{"DELETE", base + "/api/trailing/", true},
		{"DELETE", base + "/api/trailing", false},
		{"POST", base + "/api/upload", true},
		{"POST", base + "/api/broken", false},
		{"POST", "/api/safe", false}, // no URL of a request
		{"POST", base + "/api/%zz", false},
	} {
		if got := target.AllowsWrite(c.method, c.url); got != c.want {
			t.Errorf("%s %s: %t", c.method, c.url, got)
		}
	}
	if len(target.SafeWrites()) != 4 {
		t.Errorf("safe writes: %v", target.SafeWrites())
	}
	target.Login = ""
	if target.AllowsWrite("POST", base+"/api/login") {
		t.Error("without a login, a POST to its path passes")
	}
}

func TestExpectsError(t *testing.T) {
	target := Target{URL: "https://api.example.com/api", Errors: []ErrorRecipe{
		{Status: 429, Method: "GET", Path: "/limited"}, {Status: 503, Method: "GET", Path: "/me?fail=1"},
	}}
	for _, c := range []struct {
		method, url string
		status      int
		want        bool
	}{
		{"GET", "https://api.example.com/api/limited", 429, true},
		{"GET", "https://api.example.com/api/limited", 503, false},
		{"GET", "https://api.example.com/limited", 429, false},
		{"HEAD", "https://api.example.com/api/limited", 429, false},
		{"GET", "https://api.example.com/api/me?fail=1", 503, true},
		{"GET", "https://api.example.com/api/me", 503, false},
	} {
		if got := target.ExpectsError(c.method, c.url, c.status); got != c.want {
			t.Errorf("%s %s, %d: %t", c.method, c.url, c.status, got)
		}
	}
}
