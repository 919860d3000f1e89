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

func TestIsLimited(t *testing.T) {
	for _, c := range []struct {
		status  int
		headers Headers
		want    bool
	}{
		{429, nil, true},
		{503, nil, true},
		{403, lines("retry-after", "1"), true},
		{403, nil, false},
		{401, lines("Retry-After", "1"), false},
		{200, lines("Retry-After", "1"), false},
		{500, nil, false},
	} {
		if got := (Response{Status: c.status, Headers: c.headers}).IsLimited(); got != c.want {
			t.Errorf("%d with %v: %v, want %v", c.status, c.headers, got, c.want)
		}
	}
}
