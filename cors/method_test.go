package cors

import "testing"

func TestIsSafeMethod(t *testing.T) {
	for method, want := range map[string]bool{
		"GET": true, "HEAD": true, "OPTIONS": true,
		"POST": false, "PUT": false, "DELETE": false, "PATCH": false, "TRACE": false, "get": false, "": false,
	} {
		if IsSafeMethod(method) != want {
			t.Errorf("%q: want %v", method, want)
		}
	}
}
