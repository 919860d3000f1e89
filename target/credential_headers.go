package target

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/crossexam/crossexam/cors"
)

// ParseHeaders reads header lines such as "X-API-Key: SECRET". Its errors repeat no
// value.
func ParseHeaders(lines []string) (map[string]string, error) {
	headers := map[string]string{}
	for i, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" {
			return nil, fmt.Errorf("header %d is not written as one: write NAME: VALUE, such as X-API-Key: SECRET", i+1)
		}
		for have := range headers {
			if strings.EqualFold(have, name) {
				return nil, fmt.Errorf("the header %s is given twice: give it once", name)
			}
		}
		headers[name] = value
	}
	return headers, nil
}

// isGuessable reports whether a header is no secret, and every page can set it: its value
// is a word that frameworks ask for only so that a browser has to ask first, such as
// X-Requested-With: XMLHttpRequest, OCS-APIRequest: true or X-CSRF: 1, or its name says
// that it tells whom or what a request is for, such as X-Tenant: acme or Api-Version: 2.
func isGuessable(h cors.Header) bool {
	words := []string{"1", "true", "yes", "xmlhttprequest", "fetch", "no-check", "nocheck", "same-origin"}
	return !strings.EqualFold(h.Name, "Authorization") && (slices.Contains(words, strings.ToLower(h.Value)) || addressing.MatchString(h.Name))
}

// addressing matches names of headers that say which tenant, version, client or language a
// request is for, and nothing of who makes it.
var addressing = regexp.MustCompile(`(?i)^(x[-_])?([a-z]+[-_])??(tenant|org|organi[sz]ation|workspace|site|locale|lang|language|time[-_]?zone|(api|app|client)[-_]?version)([-_]?(id|name|code|slug))?$`)

// keys checks the headers in which the front end sends a secret, and gives them in
// the order of their names. "Authorization: Bearer TOKEN" is the bearer token, which
// it gives apart.
func (c CredentialsConfig) keys() (lines cors.Headers, bearer string, err error) {
	for _, name := range slices.SortedFunc(maps.Keys(c.Headers), func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }) {
		h := cors.Header{Name: name, Value: strings.TrimSpace(c.Headers[name])}
		scheme, token, _ := strings.Cut(h.Value, " ")
		switch {
		case !httpguts.ValidHeaderFieldName(h.Name) || !httpguts.ValidHeaderFieldValue(h.Value):
			return nil, "", fmt.Errorf("the header %q cannot be sent: write a name of letters and dashes, and a value on one line", h.Name)
		case h.Value == "":
			return nil, "", fmt.Errorf("the header %s is empty: give its value", h.Name)
		case strings.EqualFold(h.Name, "Cookie"):
			return nil, "", errors.New(`a cookie is the browser's to send: give it as a cookie, with its attributes, such as "session=VALUE; SameSite=None; Secure"`)
		case strings.EqualFold(h.Name, "Host"):
			return nil, "", errors.New("the header Host is the name in the URL: give that as the target, and where it is with `connect_to`, such as 127.0.0.1:8080")
		case len(cors.UnsafeHeaders(cors.Headers{h})) == 0:
			return nil, "", fmt.Errorf("the header %s is no credential: browsers let either no page set it, or every page without asking; one that the API wants of everybody stands with an endpoint of the configuration: {path: /me, headers: {%s: ...}}", h.Name, h.Name)
		case lines.Has(h.Name):
			return nil, "", fmt.Errorf("the header %s is given twice: give it once", h.Name)
		case strings.EqualFold(h.Name, "Authorization") && c.Bearer != "":
			return nil, "", errors.New("a request has one Authorization header, and the bearer token is in it: leave out one of the two")
		case strings.EqualFold(h.Name, "Authorization") && strings.EqualFold(scheme, "bearer"):
			bearer = strings.TrimSpace(token)
		default:
			lines = append(lines, h)
		}
	}
	return lines, bearer, nil
}
