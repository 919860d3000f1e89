package engine

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// giveCookies gives the victim the cookies that were given by value. Chrome takes those
// that are Partitioned for common ones where an answer of ours sets them.
func (vs *victims) giveCookies(ctx context.Context, v *victim, lines []string) error {
	own := vs.target.Origin()
	var partitioned []*http.Cookie
	common := slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		c, err := target.ParseSetCookie(line)
		apart := err == nil && c.Partitioned && target.WhyRefused(c, own) == ""
		if apart {
			partitioned = append(partitioned, c)
		}
		return apart
	})
	if err := v.tab.TakeCookies(ctx, own, common); err != nil {
		return err
	}
	for _, c := range partitioned {
		stored := attacker.StoredCookie{Name: c.Name, Value: c.Value, Path: cmp.Or(c.Path, "/"), SameSite: sameSiteName(c.SameSite), Secure: c.Secure, HTTPOnly: c.HttpOnly}
		if c.Domain != "" {
			stored.Domain = "." + strings.TrimPrefix(c.Domain, ".")
		}
		if err := v.tab.SetPartitioned(ctx, stored, own, own); err != nil {
			return fmt.Errorf("giving the victim its partitioned cookie: %w", err)
		}
	}
	if len(partitioned) == 0 {
		return nil
	}
	// Chrome tells of these on a page of their partition alone.
	return v.tab.Open(ctx, own, attacker.TrustedFront)
}

// sameSiteName is the attribute as cookies are kept with it; empty where nothing was said.
func sameSiteName(mode http.SameSite) string {
	switch mode {
	case http.SameSiteNoneMode:
		return "None"
	case http.SameSiteLaxMode:
		return "Lax"
	case http.SameSiteStrictMode:
		return "Strict"
	}
	return ""
}

// partition gives the victim its partitioned cookies below each trusted front end of
// another site too, where the front end's own use of the API would have had them set.
func (vs *victims) partition(ctx context.Context, v *victim) error {
	own := vs.target.Origin()
	for _, c := range v.cookies {
		for _, o := range vs.target.Trusted {
			if !c.Partitioned || o.SameSite(own) {
				continue
			}
			if err := v.tab.SetPartitioned(ctx, c, own, o); err != nil {
				return fmt.Errorf("setting the victim's partitioned cookie below %s: %w", o, err)
			}
		}
	}
	return nil
}

// inPartition are the names of the victim's partitioned cookies that would have gone with
// a request, were they not kept where they were set, as Chrome does not mention them.
func (v *victim) inPartition(a scenarios.Attempt, seen []scenarios.CookieFate) []string {
	var names []string
	u, err := url.Parse(a.URL)
	for _, c := range v.cookies {
		mentioned := slices.ContainsFunc(seen, func(f scenarios.CookieFate) bool { return f.Name == c.Name })
		if err == nil && c.Partitioned && !mentioned && strings.HasPrefix(u.Path, strings.TrimSuffix(c.Path, "/")) {
			names = append(names, c.Name)
		}
	}
	return names
}
