package report

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/target"
)

// headerName keeps the names that the judgement is about: a secret may be one of
// their words.
func (x redactor) headerName(name, how string) string {
	if isProtocol(name) || (Header{Name: name}).decides() {
		return name
	}
	if how == "wire" {
		return x.wire(name)
	}
	return x.text(name)
}

// header redacts the value of a header line. Of those that carry a credential
// only what is no secret is kept: the names of cookies, the attributes of a
// Set-Cookie, the scheme of an Authorization.
func (x redactor) header(name, value, how string) string {
	if how == "wire" {
		// First as a text: a secret with a semicolon in it would come apart below.
		value = x.wire(value)
	} else {
		value = x.text(value)
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "cookie":
		pairs := strings.Split(value, ";")
		for i, p := range pairs {
			pairs[i] = cookiePair(p)
		}
		return strings.Join(pairs, "; ")
	case "set-cookie":
		return setCookie(value)
	case "authorization", "proxy-authorization":
		scheme, _, ok := strings.Cut(strings.TrimSpace(value), " ")
		if ok && slices.Contains([]string{"basic", "bearer", "digest", "negotiate", "ntlm"}, strings.ToLower(scheme)) {
			return scheme + " " + target.Redacted
		}
		return target.Redacted
	case "location", "content-location", "referer":
		return x.url(value)
	}
	return value
}

// cookiePair keeps the name of a cookie. What has none is a value.
func cookiePair(s string) string {
	name, _, ok := strings.Cut(strings.TrimSpace(s), "=")
	if !ok || name == "" {
		return target.Redacted
	}
	return name + "=" + target.Redacted
}

func setCookie(line string) string {
	parts := strings.Split(line, ";")
	parts[0] = cookiePair(parts[0])
	for i, p := range parts[1:] {
		name, value, ok := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "path", "domain", "expires", "max-age", "samesite", "priority":
			parts[i+1] = strings.TrimSpace(name)
			if ok {
				parts[i+1] += "=" + value
			}
		case "secure", "httponly", "partitioned":
			parts[i+1] = strings.TrimSpace(name)
		default:
			parts[i+1] = target.Redacted
		}
	}
	return strings.Join(parts, "; ")
}
