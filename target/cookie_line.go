package target

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// cookieAttributes are those of Set-Cookie that browsers know (RFC 6265bis, section
// 5.6, and Priority, which is Chrome's).
var cookieAttributes = []string{"path", "domain", "expires", "max-age", "samesite", "secure", "httponly", "partitioned", "priority"}

// cookieLines takes what an operator gave for a cookie: one in Set-Cookie syntax, or
// several as the Cookie header of a request has them, "a=1; b=2", which developer
// tools show. note says so in the second case. The error repeats no value.
//
// What is pasted with it is taken off: the header's name, Set-Cookie or Cookie, and
// quotes around the whole, with which no name of a cookie can begin.
func cookieLines(line string) (lines []string, note string, err error) {
	line = pasted(line)
	parts := strings.Split(line, ";")
	var known, unknown []string
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if err := attributeError(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
			return nil, "", err
		}
		switch {
		case strings.TrimSpace(part) == "":
		case slices.Contains(cookieAttributes, strings.ToLower(strings.TrimSpace(name))):
			known = append(known, name)
		default:
			unknown = append(unknown, strings.TrimSpace(name))
		}
	}
	switch {
	case len(unknown) == 0:
		parts = []string{line}
	case len(known) > 0:
		return nil, "", fmt.Errorf("%q is no attribute of a cookie: write one cookie at a time, such as \"session=VALUE; SameSite=None; Secure\"", unknown[0])
	}
	var names []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		c, err := ParseSetCookie(part)
		if err != nil || !httpguts.ValidHeaderFieldName(c.Name) {
			return nil, "", fmt.Errorf("this is not in Set-Cookie syntax: write it like \"session=VALUE; SameSite=None; Secure\"")
		}
		names, lines = append(names, c.Name), append(lines, part)
	}
	if len(unknown) > 0 {
		note = "The line of cookies is taken for " + strings.Join(names, ", ") + " without attributes, as a request has them: browsers keep such cookies from pages of other sites. " +
			"Give each by itself with the attributes that the API sets, if there are any."
	}
	return lines, note, nil
}

// attributeError says what is wrong with the value of an attribute that browsers would
// leave out for it: the cookie would be another than the one that was meant.
func attributeError(name, value string) error {
	switch strings.ToLower(name) {
	case "samesite":
		if !slices.Contains([]string{"strict", "lax", "none"}, strings.ToLower(value)) {
			return fmt.Errorf("%q is no SameSite: write Strict, Lax or None, or leave the attribute out for what browsers take then, Lax", value)
		}
	case "max-age":
		if _, err := strconv.Atoi(value); err != nil {
			return fmt.Errorf("%q is no Max-Age: write a number of seconds, or leave the attribute out", value)
		}
	}
	return nil
}

// pasted is a line of cookies without what else was copied with it.
func pasted(line string) string {
	line = strings.TrimSpace(line)
	if inner, ok := strings.CutPrefix(line, `"`); ok {
		if inner, ok = strings.CutSuffix(inner, `"`); ok {
			line = strings.TrimSpace(inner)
		}
	}
	if name, rest, ok := strings.Cut(line, ":"); ok && (strings.EqualFold(name, "Set-Cookie") || strings.EqualFold(name, "Cookie")) {
		line = strings.TrimSpace(rest)
	}
	return line
}

// bareCookies are the names of the cookies that have no attribute at all, as developer
// tools and the Cookie header of a request show them.
func bareCookies(lines []string) []string {
	var names []string
	for _, line := range lines {
		pair, attributes, _ := strings.Cut(line, ";")
		if name, _, ok := strings.Cut(pair, "="); ok && strings.TrimSpace(attributes) == "" {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}
