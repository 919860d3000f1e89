package cors

import "testing"

func TestRequestIsPreflight(t *testing.T) {
	origin, method := Header{"origin", app}, Header{"access-control-request-METHOD", "PUT"}
	for _, tc := range []struct {
		r    Request
		want bool
	}{
		{Request{Method: "OPTIONS", Headers: Headers{origin, method}}, true},
		{Request{Method: "OPTIONS", Headers: Headers{origin}}, false},
		{Request{Method: "OPTIONS", Headers: Headers{method}}, false},
		{Request{Method: "GET", Headers: Headers{origin, method}}, false},
	} {
		if tc.r.IsPreflight() != tc.want {
			t.Errorf("%+v: preflight %v", tc.r, !tc.want)
		}
	}
}

func TestRequestOrigin(t *testing.T) {
	if got := (Request{Headers: lines("ORIGIN", app)}).Origin(); got != app {
		t.Errorf("got %q", got)
	}
	if got := (Request{}).Origin(); got != "" {
		t.Errorf("got %q without the header", got)
	}
}
