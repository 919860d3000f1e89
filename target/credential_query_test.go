package target

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// The keys stand at the end of what the front end asks for, and are taken from what is
// recorded; a URL with another key in it stays.
func TestKeysInTheQuery(t *testing.T) {
	keys, err := CredentialsConfig{Query: map[string]string{"sig": "b&c", "api_key": "se same"}}.queryKeys()
	if err != nil {
		t.Fatal(err)
	}
	c := Credentials{query: keys}
	for plain, want := range map[string]string{
		"https://a.example/me":     "https://a.example/me?api_key=se+same&sig=b%26c",
		"https://a.example/me?x=1": "https://a.example/me?x=1&api_key=se+same&sig=b%26c",
		"https://a.example/#f":     "https://a.example/?api_key=se+same&sig=b%26c#f",
	} {
		with := c.At(plain, scenarios.Together(scenarios.Cookie, scenarios.Query))
		if with != want || c.Without(with) != plain || c.At(plain, scenarios.Header) != plain {
			t.Errorf("%s: %s, %s", plain, with, c.Without(with))
		}
	}
	for _, other := range []string{"https://a.example/me?api_key=guess", "https://a.example/me?api_key=se+same&sig=b%26cd", "https://a.example/"} {
		if got := c.Without(other); got != other {
			t.Errorf("%s became %s", other, got)
		}
	}
}

func TestBadKeysInTheQuery(t *testing.T) {
	for name, lines := range map[string][]string{"no value": {"secret-key"}, "no name": {"=secret-key"}, "twice": {"a=secret-key", "a=other"}} {
		if _, err := ParseQueryKeys(lines); err == nil || strings.Contains(err.Error(), "secret-key") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]CredentialsConfig{
		"empty": {Query: map[string]string{"a": ""}}, "a blank": {Query: map[string]string{"a b": "x"}}, "the token": {Bearer: "x", Query: map[string]string{"a": "x"}},
	} {
		if _, err := c.queryKeys(); err == nil {
			t.Error(name)
		}
	}
}

// Keys go with every other credential, and together where they are alone.
func TestIdentitiesWithKeys(t *testing.T) {
	header, query := cors.Headers{{Name: "X-CSRF", Value: "1"}}, []queryKey{{"api_key", "x"}}
	for want, c := range map[string]Credentials{
		"query":                       {query: query},
		"header+query":                {query: query, Headers: header},
		"cookie+query":                {query: query, Cookies: []string{"a=b"}},
		"cookie+header bearer+header": {Headers: header, Cookies: []string{"a=b"}, Bearer: "t"},
		"cookie bearer":               {Cookies: []string{"a=b"}, Bearer: "t"},
	} {
		var got []string
		for _, k := range c.identities(false) {
			got = append(got, string(k))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
}
