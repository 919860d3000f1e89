package target

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// A queryKey is a parameter of the query with a secret in it.
type queryKey struct{ Name, Value string }

// text is the key as it stands in a query.
func (k queryKey) text() string { return url.QueryEscape(k.Name) + "=" + url.QueryEscape(k.Value) }

// ParseQueryKeys reads parameters such as "api_key=SECRET". Its errors repeat no value.
func ParseQueryKeys(lines []string) (map[string]string, error) {
	keys := map[string]string{}
	for i, line := range lines {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("key %d is not written as one: write NAME=VALUE, such as api_key=SECRET", i+1)
		}
		if _, twice := keys[name]; twice {
			return nil, fmt.Errorf("the key %s is given twice: give it once", name)
		}
		keys[name] = value
	}
	return keys, nil
}

// queryKeys checks the parameters in which the front end sends a secret, and gives them
// in the order of their names.
func (c CredentialsConfig) queryKeys() ([]queryKey, error) {
	var keys []queryKey
	for _, name := range slices.Sorted(maps.Keys(c.Query)) {
		switch {
		case name == "" || strings.ContainsFunc(name, isControl):
			return nil, fmt.Errorf("the name %q of a key in the query has a blank in it, or nothing: write it like api_key", name)
		case c.Query[name] == "":
			return nil, fmt.Errorf("the key %s is empty: give its value", name)
		case c.Bearer != "" && c.Query[name] == c.Bearer:
			return nil, errors.New("the bearer token is given as a key in the query too: leave out one of the two")
		}
		keys = append(keys, queryKey{name, c.Query[name]})
	}
	return keys, nil
}

// checkApart checks that the path of an endpoint has none of the keys in it: everybody
// would ask with it, and the stranger's reply would be the victim's.
func (c Credentials) checkApart(path string) error {
	_, query, _ := strings.Cut(path, "?")
	given, _ := url.ParseQuery(query) // what cannot be read is no key
	for _, k := range c.query {
		if given.Has(k.Name) {
			return fmt.Errorf("the path has %s in it, which is given as a key of the front end alone: leave it out here", k.Name)
		}
	}
	return nil
}

// At is a URL as the trusted front end asks for it that has this credential: with its
// keys at the end of the query.
func (c Credentials) At(rawURL string, identity scenarios.Credential) string {
	if !identity.Includes(scenarios.Query) {
		return rawURL
	}
	rawURL, fragment, has := strings.Cut(rawURL, "#")
	for _, k := range c.query {
		sign := "?"
		if strings.Contains(rawURL, "?") {
			sign = "&"
		}
		rawURL += sign + k.text()
	}
	if has {
		rawURL += "#" + fragment
	}
	return rawURL
}

// Without is the URL without the keys that [Credentials.At] adds: what is recorded, and
// what is known of an endpoint, has none.
func (c Credentials) Without(rawURL string) string {
	for _, k := range slices.Backward(c.query) {
		for _, sign := range []string{"?", "&"} {
			at := strings.LastIndex(rawURL, sign+k.text())
			if end := at + len(sign+k.text()); at >= 0 && (end == len(rawURL) || rawURL[end] == '#') {
				rawURL = rawURL[:at] + rawURL[end:]
			}
		}
	}
	return rawURL
}
