package report

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/target"
)

const (
	// minimum is the length, in bytes, from which a secret is searched for
	// everywhere. Shorter ones would be found in every other word.
	minimum = 4
	// minimumFound is the same for secrets that nobody named: the values of
	// cookies and the like that came along, "true" and "deleted" among them.
	minimumFound = 8
	// minimumCore is the same for the middle of a secret in base64.
	minimumCore = 6
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

// harmless are words of the protocol. A cookie may have them for its value, but
// they are no secrets, and the evidence cannot do without them.
var harmless = []string{"true", "false", "null"}

// found are secrets that nobody named and that the record shows by their place:
// the victim's cookies, and what stands in headers that carry credentials.
func found(record engine.Record) []string {
	var list []string
	add := func(s string) {
		if len(s) >= minimumFound {
			list = append(list, s)
		}
	}
	for _, c := range record.Cookies {
		add(c.Value)
	}
	for _, c := range record.Results {
		for _, o := range c.Observations {
			for _, x := range o.Exchanges {
				// What the scenario had the page set is made up by us.
				sent := slices.DeleteFunc(slices.Clone(x.Request.Headers), func(h cors.Header) bool {
					return slices.Contains(o.Attempt.Headers.Values(h.Name), h.Value)
				})
				foundInHeaders(sent, add)
				if x.Response != nil {
					foundInHeaders(x.Response.Headers, add)
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func foundInHeaders(lines cors.Headers, add func(string)) {
	for _, h := range lines {
		switch strings.ToLower(h.Name) {
		case "cookie":
			for pair := range strings.SplitSeq(h.Value, ";") {
				add(cookieValue(pair))
			}
		case "set-cookie":
			pair, _, _ := strings.Cut(h.Value, ";")
			add(cookieValue(pair))
		case "authorization", "proxy-authorization":
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

// spellings are the ways in which secrets and their parts may be written.
func spellings(secrets []string) []string {
	var list []string
	add := func(s string) {
		if len(s) >= minimum {
			list = append(list, s)
		}
	}
	for _, s := range secrets {
		for _, part := range append(parts(s), s) {
			if len(part) < minimum || slices.Contains(harmless, part) {
				continue
			}
			add(part)
			for _, spell := range encodings {
				add(spell(part))
			}
			for shift := range 3 {
				if core := base64Core(part, shift); len(core) >= minimumCore {
					add(core)
					add(strings.NewReplacer("+", "-", "/", "_").Replace(core))
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
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
	if form, err := url.ParseQuery(s); err == nil && strings.Contains(s, "=") {
		for key, values := range form {
			if isSecretField(key) {
				list = append(list, values...)
			}
		}
	}
	if plain, err := url.PathUnescape(s); err == nil && plain != s {
		list = append(list, plain) // a cookie's value as a framework reads it
	}
	var body any
	if json.Unmarshal([]byte(s), &body) == nil {
		list = append(list, fields(body, false)...)
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

// isSecretField tells whether a login's field holds a secret. The name of a user
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

var encodings = []func(string) string{
	url.QueryEscape,
	func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
	url.PathEscape,
	func(s string) string { return lowerEscapes(url.PathEscape(s)) },
	componentEscape,
	func(s string) string { return lowerEscapes(componentEscape(s)) },
	html.EscapeString,
	func(s string) string {
		return strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;").Replace(html.EscapeString(s))
	},
	func(s string) string { return within(strconv.Quote(s)) },
	func(s string) string { return within(strconv.QuoteToASCII(s)) },
	jsonEscape,
	asciiJSON,
	func(s string) string {
		return strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(jsonEscape(s))
	},
	func(s string) string { return strings.ReplaceAll(jsonEscape(s), "/", `\/`) },
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
}

// within is a quoted text without the quotes.
func within(quoted string) string { return quoted[1 : len(quoted)-1] }

// lowerEscapes writes the digits of percent encodings in lower case.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// componentEscape is JavaScript's encodeURIComponent.
func componentEscape(s string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(url.QueryEscape(s))
}

func jsonEscape(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return s
	}
	return within(strings.TrimSuffix(b.String(), "\n"))
}

// asciiJSON is JSON as Python writes it, every other character escaped.
func asciiJSON(s string) string {
	var b strings.Builder
	for _, r := range jsonEscape(s) {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// base64Core is what is left of a secret in the base64 of a longer text that it
// is part of, after shift other bytes: the digits that depend on it alone.
func base64Core(s string, shift int) string {
	digits := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + s))
	from := (shift*8 + 5) / 6
	to := (shift + len(s)) * 8 / 6
	return digits[from:to]
}
