package target

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// What the operator does not want provoked is left alone, unless it is named.
func TestErrorsThatAreLeftAlone(t *testing.T) {
	for _, c := range []struct {
		errors []ErrorConfig
		want   string
	}{
		{nil, "422 404 401"},
		{[]ErrorConfig{{Status: 404, None: true}}, "422 401"},
		{[]ErrorConfig{{Status: 401, None: true}}, "422 404"},
		{[]ErrorConfig{{Status: 302, None: true}}, "422 404"},
		{[]ErrorConfig{{Status: 422, None: true}}, "404 401"},
		{[]ErrorConfig{{Status: 404, None: true}, {Status: 404, Path: "/gone"}}, "404 422 401"},
	} {
		config := Config{
			URL: "https://192.0.2.7", Trusted: []string{"https://app.example.com"}, Reads: []string{"/me"}, Errors: c.errors,
			Credentials: CredentialsConfig{Cookies: []string{"session=x"}},
			found:       &Discovery{Errors: []scenarios.ErrorRecipe{{Status: 422, Method: "GET", Path: "/bad"}}},
		}
		d, err := config.Deployment(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range d.Facts.Errors {
			got = append(got, fmt.Sprint(r.Status))
			if declared := slices.ContainsFunc(c.errors, func(e ErrorConfig) bool { return e.Path == r.Path }); declared == (r.Guessed || r.Discovered) {
				t.Errorf("%v: %+v", c.errors, r)
			}
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%v: got %s, want %s", c.errors, g, c.want)
		}
	}
	_, err := Config{URL: "https://192.0.2.7", Trusted: []string{"https://app.example.com"}, Errors: []ErrorConfig{{Status: 404, None: true, Path: "/x"}}}.Deployment(t.Context())
	if err == nil || !strings.Contains(err.Error(), "leave out all but status") {
		t.Errorf("none with a path: %v", err)
	}
}

// A request is answered with one status: two errors by the same one are a mistake.
func TestErrorsByOneRequest(t *testing.T) {
	for name, c := range map[string]struct {
		second ErrorConfig
		twice  bool
	}{
		"another status": {ErrorConfig{Status: 404, Path: "/x"}, true},
		"the same":       {ErrorConfig{Status: 422, Path: "/x", Method: "GET"}, true},
		"a stranger's":   {ErrorConfig{Status: 401, Path: "/x", Anonymous: true}, false},
		"another method": {ErrorConfig{Status: 405, Path: "/x", Method: "POST"}, false},
		"another header": {ErrorConfig{Status: 406, Path: "/x", Headers: map[string]string{"Accept": "text/none"}}, false},
		"another path":   {ErrorConfig{Status: 422, Path: "/y"}, false},
	} {
		_, err := Config{URL: "https://192.0.2.7", Trusted: []string{"https://app.example.com"}, Errors: []ErrorConfig{{Status: 422, Path: "/x"}, c.second}}.Deployment(t.Context())
		if twice := err != nil && strings.Contains(err.Error(), "errors[0] is by the same request, GET /x"); twice != c.twice || !c.twice && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
