package target

import (
	"errors"
	"net/http"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// ParseSetCookie reads a line of Set-Cookie as browsers do (RFC 6265bis, section 5.6):
// what stands between the first "=" and the first semicolon is the value as it is, with
// quotes that belong to it and with characters that http.ParseSetCookie refuses, such as
// those of JSON. The error repeats no value.
func ParseSetCookie(line string) (*http.Cookie, error) {
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, ok := strings.Cut(pair, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || name == "" || strings.ContainsFunc(name+value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return nil, errors.New("it is not in Set-Cookie syntax")
	}
	c, err := http.ParseSetCookie("c=v;" + attributes)
	if err != nil {
		return nil, errors.New("it is not in Set-Cookie syntax")
	}
	c.Name, c.Value = name, value
	return c, nil
}

// mostOfCookie is how many bytes name and value have in a cookie that browsers keep
// (RFC 6265bis, section 5.6).
const mostOfCookie = 4096

// WhyRefused says why no browser keeps a cookie that this origin sets, by what the cookie
// says of itself (RFC 6265bis, section 5.7, and the draft on CHIPS for Partitioned). It is
// empty for one that browsers keep. What Domain and Path have to do with the host is not
// looked at.
func WhyRefused(c *http.Cookie, o cors.Origin) string {
	prefix := func(p string) bool { return len(c.Name) >= len(p) && strings.EqualFold(c.Name[:len(p)], p) }
	switch {
	case c.SameSite == http.SameSiteNoneMode && !c.Secure:
		return "SameSite=None without Secure"
	case c.Secure && !o.IsPotentiallyTrustworthy():
		return "Secure, from an http:// URL that is not this machine's own"
	case c.Partitioned && !c.Secure:
		return "Partitioned without Secure"
	case prefix("__Host-") && (!c.Secure || c.Domain != "" || c.Path != "/"):
		return "its name begins with __Host-, which wants Secure, Path=/ and no Domain"
	case prefix("__Secure-") && !c.Secure:
		return "its name begins with __Secure-, which wants Secure"
	case len(c.Name)+len(c.Value) > mostOfCookie:
		return "larger than 4096 bytes"
	}
	return ""
}
