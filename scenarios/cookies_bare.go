package scenarios

import "slices"

// homeByDefault reports whether a browser kept a cookie home, as it does with those that
// have no SameSite, of which nobody said what attributes the server gives it: what the
// cookie could do for a page of another site is not known then.
func (t Target) homeByDefault(o Observation) bool {
	return slices.ContainsFunc(o.Credential.Cookies, func(f CookieFate) bool {
		return slices.Contains(t.BareCookies, f.Name) &&
			slices.ContainsFunc(f.HeldBack, func(why string) bool { return defaultSameSite[why] })
	})
}

// defaultSameSite are Chrome's reasons for keeping home a cookie that has no SameSite.
var defaultSameSite = map[string]bool{"SameSiteUnspecifiedTreatedAsLax": true, "SchemefulSameSiteUnspecifiedTreatedAsLax": true}

const bareCookie = "the cookie was given without attributes, so that the browser took it for SameSite=Lax and kept it from %s, a page of another site: " +
	"what the server sets is not known; give the cookie as the server sets it, such as SameSite=None; Secure (`credentials.cookies`)"
