package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

func planSessionCookies(t Target) ([]Case, string) {
	if !t.Has(Cookie) {
		return nil, "The victim has no cookie."
	}
	e := firstRead(t)
	i := slices.IndexFunc(t.Ambient(), func(c Credential) bool { return c.Includes(Cookie) })
	v := attack(t, t.Ambient()[i])
	judge := func(o Observation) Judgement { return judgeSessionCookies(t.CrossSiteCookies, t.BareCookies, o) }
	return []Case{single(v.subject(e), v.read(e), judge)}, ""
}

// judgeSessionCookies looks at the attributes that the browser keeps. crossSite
// says that the operator declared that cookies have to travel across sites, bare names
// those that were given without attributes, of which nothing is known.
func judgeSessionCookies(crossSite bool, bare []string, o Observation) Judgement {
	if len(o.Cookies) == 0 {
		if o.Fault != "" {
			return inDoubt(o.Doubt())
		}
		return cannotTell("the victim's browser is not known to keep a cookie for the target").until(LacksCookie)
	}
	var flaws, seen []string
	for _, c := range o.Cookies {
		if slices.Contains(bare, c.Name) {
			continue
		}
		seen = append(seen, c.text())
		var flaw []string
		if !c.Secure {
			flaw = append(flaw, "is not Secure")
		}
		if !c.HTTPOnly && !isForScripts(c.Name) {
			flaw = append(flaw, "is not HttpOnly")
		}
		if c.SameSite == "None" && !crossSite {
			flaw = append(flaw, "is SameSite=None, although no front end of another site is declared")
		}
		if len(flaw) > 0 {
			flaws = append(flaws, "the cookie "+quote(c.Name)+" "+strings.Join(flaw, " and "))
		}
	}
	if len(flaws) > 0 {
		return violates(Low, "%s", strings.Join(flaws, "; "))
	}
	if len(seen) < len(o.Cookies) {
		return cannotTell("the cookie was given without the attributes with which the server sets it").until(LacksCookie)
	}
	return conforms("the browser keeps %s", strings.Join(seen, "; "))
}

// isForScripts reports whether a cookie is, by its name, one that the front end's
// scripts have to read: the half of a double-submitted token.
func isForScripts(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "csrf") || strings.Contains(name, "xsrf")
}

func (c CookieAttributes) text() string {
	s := quote(c.Name)
	if c.Secure {
		s += ", Secure"
	}
	if c.HTTPOnly {
		s += ", HttpOnly"
	}
	if c.SameSite == "" {
		return s + ", no SameSite, which Chrome takes for Lax"
	}
	return fmt.Sprintf("%s, SameSite=%s", s, c.SameSite)
}
