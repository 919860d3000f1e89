package target

import (
	"slices"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// Who waits for the verdict reads what is examined in a few lines, however much there is.
func TestBrief(t *testing.T) {
	many := Discovery{
		recognised: "This is an application on FastAPI (preset fastapi)", whereToFix: "CORS is in a call", Document: "http://api.test/openapi.json",
		Errors: []scenarios.ErrorRecipe{{Status: 401}, {Status: 422}, {Status: 401}},
	}
	for _, path := range []string{"/a", "/b", "/c", "/d", "/e"} {
		many.Reads = append(many.Reads, scenarios.Endpoint{Method: "GET", Path: path})
		many.Writes = append(many.Writes, scenarios.Endpoint{Method: "POST", Path: path})
		many.Left = append(many.Left, LeftAlone{operation: "GET " + path + "x", why: "it answered 500"})
	}
	for name, c := range map[string]struct {
		found Discovery
		want  []string
	}{
		"many": {many, []string{
			"This is an application on FastAPI (preset fastapi), with the OpenAPI document http://api.test/openapi.json.",
			"Read: /a, /b, /c and 2 more.", "Writes, all withheld from the target: POST /a, POST /b and 3 more.", "Errors provoked: 401, 422.", "Left alone: 5 endpoints. The report says why.",
		}},
		"nothing": {Discovery{Notes: []string{"More."}}, []string{"No OpenAPI document was found; the usual paths were tried.", "No endpoint was found that can be read: name one with `read`.", "More."}},
		"few": {
			Discovery{Document: "x", Reads: many.Reads[:4], Left: many.Left[:1]},
			[]string{"The endpoints are from the OpenAPI document x.", "Read: /a, /b, /c, /d.", "Left alone: GET /ax (it answered 500)."},
		},
		"a recording": {Discovery{Recording: "Firefox", Reads: many.Reads}, []string{"Read from a recording of Firefox."}},
	} {
		if got := c.found.Brief(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
