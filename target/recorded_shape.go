package target

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// shapeOf is a path with what tells one object of a kind from another left out. Of the
// query what is no id or number stays: ?view=a and ?view=b, or two GraphQL queries, are two
// endpoints, and two pages of a list are one.
func shapeOf(path string) string {
	path, query, _ := strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if isID(p) {
			parts[i] = "{}"
		}
	}
	shape := strings.Join(parts, "/")
	values, err := url.ParseQuery(query)
	if err != nil {
		return shape + "?" + query
	}
	for name, of := range values {
		for i, value := range of {
			if isID(value) && !strings.ContainsAny(value, " {(") {
				of[i] = "{}"
			}
		}
		values[name] = of
	}
	if len(values) > 0 {
		shape += "?" + values.Encode() // in the order of the names
	}
	return shape
}

func withoutQuery(shape string) string {
	path, _, _ := strings.Cut(shape, "?")
	return path
}

// isID takes for the name of an object what has a digit in it, but for v1 and the
// like.
func isID(part string) bool {
	return strings.ContainsAny(part, "0123456789") && !version.MatchString(part)
}

var version = regexp.MustCompile(`^v[0-9]+(\.[0-9]+)?$`)

// secretNames are names of parameters with secrets, without what joins their words.
var secretNames = regexp.MustCompile(`(?i)^(.*(token|secret|password|passwd|apikey|accesskey|signature|jwt).*|key|sig|auth|authorization|code|session|sessionid|sid|ticket|otp|assertion)$`)

// holdsSecret reports whether the path or the query of a URL has something in it that
// looks like a secret.
func holdsSecret(u *url.URL) bool {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return true // who knows
	}
	for name, values := range query {
		if secretNames.MatchString(wordsJoined(name)) || slices.ContainsFunc(values, isRandom) {
			return true
		}
	}
	return slices.ContainsFunc(strings.Split(u.Path, "/"), isRandom)
}

// anID has the forms in which the names of objects come that look as random as a
// secret: UUID, ULID, the hexadecimal ids of databases.
var anID = regexp.MustCompile(`(?i)^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-hjkmnp-tv-z]{26}|[0-9a-f]{24}|[0-9]+)$`)

var randomText = regexp.MustCompile(`^[A-Za-z0-9+/_=.~-]{20,}$`)

// isRandom reports whether a text looks like a token: long, with letters and digits
// that alternate, and not an object's name.
func isRandom(s string) bool {
	if strings.HasPrefix(s, "eyJ") && len(s) > 20 {
		return true // a JSON object in Base64, as JSON Web Tokens begin
	}
	if !randomText.MatchString(s) || anID.MatchString(s) || !strings.ContainsAny(s, "0123456789") {
		return false
	}
	// Names and dates change rarely between letters and digits, and to a capital.
	changes, last := 0, ' '
	for _, r := range s {
		kind := last
		switch {
		case r >= '0' && r <= '9':
			kind = '0'
		case r >= 'A' && r <= 'Z':
			kind = 'A'
		case r >= 'a' && r <= 'z':
			kind = 'a'
		}
		if kind != last && (last != 'A' || kind != 'a') {
			changes++
		}
		last = kind
	}
	return changes*5 >= len(s)
}
