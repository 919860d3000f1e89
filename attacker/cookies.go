package attacker

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
)

// A StoredCookie is a cookie as the browser keeps it: the attributes are what the
// browser made of the server's Set-Cookie.
type StoredCookie struct {
	Name, Value      string
	Domain, Path     string // Domain begins with a dot where other hosts below it have the cookie too
	SameSite         string // "Strict", "Lax", "None", or empty, which is treated as Lax
	Secure, HTTPOnly bool
	Partitioned      bool // it is sent only below the site where it was set (CHIPS)
}

// Cookies gives the cookies the browser keeps for a URL.
func (t *Tab) Cookies(ctx context.Context, u string) ([]StoredCookie, error) {
	var cookies []StoredCookie
	err := t.do(ctx, func(ctx context.Context) error {
		r, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{u}})
		for _, c := range r.Cookies {
			cookies = append(cookies, StoredCookie{
				Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
				SameSite: string(c.SameSite), Secure: c.Secure, HTTPOnly: c.HTTPOnly, Partitioned: c.PartitionKey != nil,
			})
		}
		return err
	})
	return cookies, err
}

// SetCookie gives the tab a cookie for an origin that goes with cross-site
// requests, as if the origin had set it: SameSite=None; Secure; HttpOnly.
func (t *Tab) SetCookie(ctx context.Context, o cors.Origin, name, value string) error {
	return t.do(ctx, func(ctx context.Context) error {
		yes := true
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{
			Name: name, Value: value, URL: o.String() + "/",
			SameSite: network.CookieSameSiteNone, Secure: &yes, HTTPOnly: &yes,
		})
		return err
	})
}

// SetPartitioned gives the tab a partitioned cookie of an origin as if the origin had set
// it below a page of below, which may be its own.
func (t *Tab) SetPartitioned(ctx context.Context, c StoredCookie, of, below cors.Origin) error {
	site := below.RegistrableDomain()
	if site == "" {
		site = below.Host()
	}
	if strings.Contains(site, ":") {
		site = "[" + site + "]" // an IPv6 address
	}
	domain := ""
	if strings.HasPrefix(c.Domain, ".") {
		domain = c.Domain
	}
	return t.do(ctx, func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{
			Name: c.Name, Value: c.Value, URL: of.String() + c.Path, Path: c.Path, Domain: domain,
			SameSite: network.CookieSameSite(c.SameSite), Secure: &c.Secure, HTTPOnly: &c.HTTPOnly,
			PartitionKey: &network.CookiePartitionKey{TopLevelSite: below.Scheme() + "://" + site, HasCrossSiteAncestor: !below.SameSite(of)},
		})
		return err
	})
}
