package target

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestSecureCounterpart(t *testing.T) {
	for _, c := range []struct {
		asked, location, want string
		status                int
	}{
		{"http://api.example.com/", "https://api.example.com/", "https://api.example.com", 301},
		{"http://api.example.com/v1/", "https://api.example.com/login", "https://api.example.com/v1", 308},
		{"http://api.example.com:8080/", "https://api.example.com:8443/", "https://api.example.com:8443", 302},
		{"http://api.example.com/", "https://www.example.com/", "", 301},
		{"http://api.example.com/", "http://api.example.com/login", "", 302},
		{"http://api.example.com/", "/login", "", 302},
		{"http://api.example.com/", "https://u:p@api.example.com/", "", 301},
		{"http://api.example.com/", "https://api.example.com/", "", 200},
		{"http://api.example.com/", ":", "", 301},
	} {
		r := &cors.Response{Status: c.status, Headers: cors.Headers{{Name: "Location", Value: c.location}}}
		if got, ok := secureCounterpart(c.asked, r); got != c.want || ok != (c.want != "") {
			t.Errorf("%s, %d to %s: %q", c.asked, c.status, c.location, got)
		}
	}
	if _, ok := secureCounterpart("http://api.example.com/", nil); ok {
		t.Error("no reply leads somewhere")
	}
}
