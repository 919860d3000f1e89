package engine

import (
	"slices"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/scenarios"
)

// A CookieRow says of one of the victim's cookies where the browser sends it.
type CookieRow struct {
	scenarios.CookieAttributes
	// CrossSite is from a page of another site, third-party cookies allowed.
	CrossSite CookieCell
	// Sibling is from a page of the same site, such as another subdomain.
	Sibling CookieCell
	// ThirdPartyBlocked is from a page of another site in a browser that blocks
	// third-party cookies. Siblings are no third party: they get the same there.
	ThirdPartyBlocked CookieCell
}

// A CookieCell says whether a cookie went along.
type CookieCell struct {
	Sent     bool
	HeldBack []string // Chrome's reasons where it was not
	Basis    Basis
}

// Basis says how a cell is known.
type Basis string

// A cell is measured in this run, or derived from how Chrome works, or unknown.
const (
	Unknown  Basis = ""
	Measured Basis = "measured"
	Derived  Basis = "derived"
)

// cookieMatrix says for each cookie what the attempts so far showed of it. That a
// browser which blocks third-party cookies sends none of them to another site is
// derived: it needs a browser of its own, and a test of package attacker holds it.
func cookieMatrix(r Record, p Plan, observed map[string]scenarios.Observation) []CookieRow {
	blocks := r.Browser.Posture.BlockThirdPartyCookies
	var rows []CookieRow
	for _, c := range attributes(r.Cookies) {
		row := CookieRow{CookieAttributes: c}
		across := cookieCell(p, observed, c.Name, false)
		row.Sibling = cookieCell(p, observed, c.Name, true)
		if blocks {
			row.ThirdPartyBlocked = across
		} else {
			row.CrossSite = across
			row.ThirdPartyBlocked = CookieCell{Basis: Derived, HeldBack: append(slices.Clone(across.HeldBack), "UserPreferences")}
		}
		rows = append(rows, row)
	}
	return rows
}

// cookieCell looks for an attempt from a page of the target's site, or of another.
func cookieCell(p Plan, observed map[string]scenarios.Observation, name string, sameSite bool) CookieCell {
	own := p.Target.Origin()
	for _, item := range p.Items {
		if item.Case == nil {
			continue
		}
		for _, a := range item.Case.Attempts {
			if !a.Identity.Includes(scenarios.Cookie) || a.Vector != scenarios.Fetch || a.Page == own || a.Page.SameSite(own) != sameSite {
				continue
			}
			fates := observed[a.Key()].Credential.Cookies
			i := slices.IndexFunc(fates, func(f scenarios.CookieFate) bool { return f.Name == name })
			if i >= 0 {
				return CookieCell{Sent: len(fates[i].HeldBack) == 0, HeldBack: fates[i].HeldBack, Basis: Measured}
			}
		}
	}
	return CookieCell{}
}

func attributes(cookies []attacker.StoredCookie) []scenarios.CookieAttributes {
	var as []scenarios.CookieAttributes
	for _, c := range cookies {
		as = append(as, scenarios.CookieAttributes{Name: c.Name, SameSite: c.SameSite, Secure: c.Secure, HTTPOnly: c.HTTPOnly})
	}
	return as
}
