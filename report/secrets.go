package report

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// minimum is the length, in bytes, from which a secret is searched for everywhere.
// Shorter ones would be found in every other word.
const minimum = 3

// What bounds the secrets that are searched for. A target may set another cookie
// with every answer.
const (
	maxSecrets     = 20_000
	maxSecretBytes = 512 << 10
)

// Secrets are what must not appear in a report of the record: what the operator
// declared as secrets, and the cookies that the victim got.
func Secrets(d target.Deployment, record engine.Record) []string {
	secrets := d.Secrets()
	for _, cookie := range record.Cookies {
		secrets = append(secrets, cookie.Value)
	}
	return secrets
}

// secrets are what is searched for, each part of a secret on its own.
type secrets struct {
	list    []string
	seen    map[string]bool
	bytes   int
	tooMany bool // some are not in the list
}

// add takes a secret with its parts, as long as there is room.
func (s *secrets) add(secret string) {
	if s.seen[secret] {
		return
	}
	all := append(parts(secret), secret)
	for _, part := range all {
		all = append(all, scenarios.Quotable(part)) // as sentences quote it
	}
	for _, part := range all {
		if len(part) < minimum || s.seen[part] || isProtocol(part) {
			continue
		}
		if len(s.list) == maxSecrets || s.bytes+len(part) > maxSecretBytes {
			s.tooMany = true
			return
		}
		s.seen[part] = true
		s.list = append(s.list, part)
		s.bytes += len(part)
	}
}

// collect returns the secrets that were named, and those that nobody named and that
// the record shows by their place: the victim's cookies, and what stands in headers
// that carry credentials. The newest come first, since there may be too many.
func collect(record engine.Record, named []string) secrets {
	s := secrets{seen: map[string]bool{}}
	// The longest first: what is part of another stays part of it.
	for _, secret := range slices.SortedStableFunc(slices.Values(named), func(a, b string) int { return cmp.Compare(len(b), len(a)) }) {
		s.add(secret)
	}
	for _, c := range record.Cookies {
		s.add(c.Value)
	}
	// Scenarios share their observations.
	done := map[*cors.Exchange]bool{}
	for _, c := range slices.Backward(record.Results) {
		for _, o := range slices.Backward(c.Observations) {
			for i := range slices.Backward(o.Exchanges) {
				x := &o.Exchanges[i]
				switch {
				case s.tooMany:
					return s
				case done[x]:
					continue
				}
				done[x] = true
				if x.Response != nil {
					foundInHeaders(x.Response.Headers, nil, s.add)
				}
				// What the scenario had the page set is made up by us.
				foundInHeaders(x.Request.Headers, o.Attempt.Headers, s.add)
			}
		}
	}
	return s
}

// SecretsIn are the secrets that stand in header lines which carry credentials.
func SecretsIn(lines cors.Headers) []string {
	var list []string
	foundInHeaders(lines, nil, func(s string) { list = append(list, s) })
	return list
}

// foundInHeaders returns the secrets of header lines, but for those that are ours.
func foundInHeaders(lines, ours cors.Headers, add func(string)) {
	for _, h := range lines {
		name := strings.ToLower(h.Name)
		switch name {
		case "cookie", "set-cookie", "authorization", "proxy-authorization":
		default:
			continue
		}
		if slices.Contains(ours.Values(h.Name), h.Value) {
			continue
		}
		switch name {
		case "cookie":
			for pair := range strings.SplitSeq(h.Value, ";") {
				add(cookieValue(pair))
			}
		case "set-cookie":
			pair, _, _ := strings.Cut(h.Value, ";")
			add(cookieValue(pair))
		default:
			_, credentials, _ := strings.Cut(strings.TrimSpace(h.Value), " ")
			add(strings.TrimSpace(credentials))
			if pair, err := base64.StdEncoding.DecodeString(credentials); err == nil {
				_, password, _ := strings.Cut(string(pair), ":")
				add(string(pair))
				add(password)
			}
		}
	}
}

func cookieValue(pair string) string {
	_, value, ok := strings.Cut(pair, "=")
	if !ok {
		value = pair
	}
	return strings.Trim(strings.TrimSpace(value), `"`)
}

// parts are the secrets within a secret: the password of "user:password", the
// value of a cookie, the fields of a login body, form or JSON, and what a percent
// encoding stands for.
func parts(s string) []string {
	var list []string
	if _, password, ok := strings.Cut(s, ":"); ok {
		list = append(list, password)
	}
	if first, _, _ := strings.Cut(s, ";"); strings.Contains(first, "=") {
		list = append(list, cookieValue(first))
	}
	if strings.Contains(s, "=") {
		if form, err := url.ParseQuery(s); err == nil {
			for key, values := range form {
				if isSecretField(key) {
					list = append(list, values...)
				}
			}
		}
	}
	if strings.Contains(s, "%") {
		if plain, err := url.PathUnescape(s); err == nil && plain != s {
			list = append(list, plain) // a cookie's value as a framework reads it
		}
	}
	if strings.HasPrefix(strings.TrimSpace(s), "{") || strings.HasPrefix(strings.TrimSpace(s), "[") {
		var body any
		if json.Unmarshal([]byte(s), &body) == nil {
			list = append(list, fields(body, false)...)
		}
	}
	return list
}

// fields are the strings in a JSON value under names that are those of secrets.
func fields(v any, secret bool) []string {
	var list []string
	switch v := v.(type) {
	case string:
		if secret {
			list = append(list, v)
		}
	case []any:
		for _, item := range v {
			list = append(list, fields(item, secret)...)
		}
	case map[string]any:
		for key, item := range v {
			list = append(list, fields(item, secret || isSecretField(key))...)
		}
	}
	return list
}

// isSecretField reports whether a login's field holds a secret. The name of a user
// is none, and would be redacted out of the middle of other words.
func isSecretField(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"pass", "pwd", "secret", "token", "key", "otp", "pin", "code", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// isProtocol reports whether a text is a word of the protocol. A cookie may have it
// for its value, but it is no secret, and the evidence cannot do without it.
func isProtocol(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "null", "none", "lax", "strict", "http", "https", "http://", "https://", "get", "head", "post", "put", "patch", "delete", "options",
		"origin", "vary", "cookie", "accept", "host", "location", "authorization", "set-cookie", "content-type", "deleted":
		return true
	}
	return false
}

// isWord reports whether a secret could as well be a word or a number in a sentence
// of ours: letters, at most 20, perhaps with hyphens or blanks between them, a
// number of up to 5 digits, or a short mixture, such as "http2".
func isWord(s string) bool {
	letters, digits := 0, 0
	for _, b := range []byte(s) {
		switch {
		case 'a' <= b|0x20 && b|0x20 <= 'z':
			letters++
		case '0' <= b && b <= '9':
			digits++
		case b == '-' || b == ' ' || b == '_' || b == '.' || b == '\'':
			letters++
		default:
			return false
		}
	}
	return digits == 0 && letters <= 20 || letters+digits <= 5
}
