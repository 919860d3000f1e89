package cors

import (
	"cmp"
	"encoding/json"
	"os"
	"testing"
)

// What the suites of others hold browsers and servers to, restated as data: requests,
// replies and whether the page reads. Where ours is another answer, the case is explained
// in docs/decisions/2026-11-28-cases-of-other-suites.md. Package engine holds Chrome to
// the same cases.
func TestCasesOfOtherSuites(t *testing.T) {
	text, err := os.ReadFile("testdata/suites.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Suite, Name string
		Page        string
		Credentials bool
		Method      string
		Sent        Headers
		Preflight   *struct { // nil where none is sent
			Status  int
			Headers Headers
		}
		Headers  Headers // of the reply itself
		Readable bool
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("there are no cases")
	}
	for _, tc := range cases {
		t.Run(tc.Suite+"/"+tc.Name, func(t *testing.T) {
			f := Fetch{Origin: MustParseOrigin(tc.Page), URL: api + "/", Method: tc.Method, Headers: tc.Sent, Credentials: tc.Credentials}
			var wire []Exchange
			if tc.Preflight != nil {
				e := preflight(api+"/", cmp.Or(tc.Preflight.Status, 200))
				e.Response.Headers = tc.Preflight.Headers
				wire = append(wire, e)
			}
			if tc.Preflight == nil || tc.Headers != nil { // what a refused preflight asked for is never sent
				e := request(tc.Method, api+"/", 200)
				e.Response.Headers = tc.Headers
				wire = append(wire, e)
			}
			got := Predict(f, wire)
			if got.Undetermined != "" || got.Readable != tc.Readable || got.NeedsPreflight != (tc.Preflight != nil) {
				t.Errorf("it is %+v; want readable %t, with a preflight %t", got, tc.Readable, tc.Preflight != nil)
			}
		})
	}
}

// cors-preflight-status: a preflight's status is one of 200 to 299.
func TestPreflightStatusOfWebPlatformTests(t *testing.T) {
	for _, status := range []int{
		200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 305, 306, 307, 308,
		400, 401, 402, 403, 404, 405, 501, 502, 503, 504, 505,
	} {
		req := PreflightRequest{Origin: app, Method: "GET", UnsafeHeaders: []string{"x-force-preflight"}}
		got := CheckPreflight(req, status, lines(HeaderAllowOrigin, "*", HeaderAllowHeaders, "x-force-preflight"))
		if (got == Allowed) != (status >= 200 && status <= 299) {
			t.Errorf("%d: %q", status, got)
		}
	}
}
