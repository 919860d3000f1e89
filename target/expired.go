package target

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Expired says of the first token among the credentials whose time is over that it is,
// by its own exp (RFC 7519, section 4.1.4); it is empty where there is none. Nothing of a
// token is verified or repeated.
func (c Credentials) Expired(now time.Time) string {
	over := func(name, token string) string {
		if at, ok := expiry(token); ok && at.Before(now) {
			return fmt.Sprintf("the token in %s expired at %s, by its own exp", name, at.UTC().Format("2006-01-02 15:04 MST"))
		}
		return ""
	}
	if text := over("the bearer token", c.Bearer); text != "" {
		return strings.Replace(text, "the token in ", "", 1)
	}
	for _, h := range c.Headers {
		fields := strings.Fields(h.Value)
		if len(fields) == 0 {
			continue
		}
		if text := over("the header "+h.Name, fields[len(fields)-1]); text != "" {
			return text
		}
	}
	for _, line := range c.Cookies {
		if cookie, err := ParseSetCookie(line); err == nil {
			if text := over("the cookie "+cookie.Name, cookie.Value); text != "" {
				return text
			}
		}
	}
	return ""
}

// expiry is the time at which a JSON Web Token says that it ends; false where it is none,
// or says nothing of it.
func expiry(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}, false
	}
	var said struct {
		Exp float64 `json:"exp"`
	}
	if json.Unmarshal(claims, &said) != nil || said.Exp <= 0 || said.Exp > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(said.Exp), 0), true
}
