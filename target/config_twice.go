package target

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// saidTwice tells fail of what stands in a list that has it already: it is either too much,
// or another was meant, which would not be examined.
func (c Config) saidTwice(fail func(entry string, err error) bool) {
	same := func(a, b string) bool { return a == b }
	for _, list := range []struct {
		entry string
		texts []string
		same  func(a, b string) bool
	}{
		{"trusted", c.Trusted, same},
		{"policy.methods", c.Policy.Methods, same},
		{"policy.headers", c.Policy.Headers, strings.EqualFold},
		{"policy.exposed", c.Policy.Exposed, strings.EqualFold},
		{"event_streams", c.EventStreams, same},
		{"redirects", c.Redirects, same},
		{"exclude", c.Exclude, same},
	} {
		for i, text := range list.texts {
			if slices.ContainsFunc(list.texts[:i], func(before string) bool { return list.same(before, text) }) {
				fail(fmt.Sprintf("%s[%d]", list.entry, i), fmt.Errorf("%s is given twice: give it once, or write what was meant in its place", text))
			}
		}
	}
	for i, w := range c.WebSockets {
		if slices.ContainsFunc(c.WebSockets[:i], func(before WebSocketConfig) bool {
			return before.Path == w.Path && before.FirstMessage == w.FirstMessage && slices.Equal(before.Then, w.Then) && slices.Equal(before.Protocols, w.Protocols)
		}) {
			fail(fmt.Sprintf("websockets[%d]", i), fmt.Errorf("%s is given twice: give it once, or say in what they differ", w.Path))
		}
	}
}

// checkRequestsOnce tells fail, with the index of the endpoint, which of those that are
// read are another one's request again. Writes may be, as in [nameEndpoints].
func checkRequestsOnce(list []scenarios.Endpoint, fail func(i int, err error)) {
	for i, e := range list {
		before := slices.IndexFunc(list[:i], func(b scenarios.Endpoint) bool {
			return b.Method == e.Method && b.Path == e.Path && sameRequest(b, e)
		})
		switch {
		case before < 0 || e.Writes():
		case list[before].Private != e.Private:
			fail(i, fmt.Errorf("%s %s is said to be private and to be open: leave out one of the two", e.Method, e.Path))
		default:
			fail(i, fmt.Errorf("%s %s is given twice: give it once, or say in what they differ", e.Method, e.Path))
		}
	}
}

// givenTwice is an error where a cookie takes the place of one before it, as it would in
// a browser: that is one of the same name, domain and path (RFC 6265, section 5.3).
func givenTwice(line string, before []string) error {
	cookie, err := ParseSetCookie(line)
	if err != nil {
		return nil // which is told by itself
	}
	for _, b := range before {
		if other, err := ParseSetCookie(b); err == nil && other.Name == cookie.Name && other.Domain == cookie.Domain && other.Path == cookie.Path {
			return errors.New("the cookie " + cookie.Name + " is given twice, and a browser keeps the last: give it once")
		}
	}
	return nil
}
