package attacker

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// Which cookies go along from where, with third-party cookies allowed and blocked.
// The engine's cookie matrix is measured in the first and derives the second from
// what this test holds: blocked, no cookie goes to another site, and a sibling
// gets them all the same.
func TestWhereCookiesGo(t *testing.T) {
	api := cors.MustParseOrigin("https://api.shop.test")
	sibling, other := cors.MustParseOrigin("https://evil.shop.test"), cors.MustParseOrigin("https://evil.test")
	for _, c := range []struct {
		posture Posture
		page    cors.Origin
		want    string
	}{
		{Posture{}, other, "lax: SameSiteLax; none: sent; strict: SameSiteStrict; unset: SameSiteUnspecifiedTreatedAsLax"},
		{Posture{}, sibling, "lax: sent; none: sent; strict: sent; unset: sent"},
		{Posture{BlockThirdPartyCookies: true}, other, "lax: SameSiteLax, UserPreferences; none: UserPreferences; strict: SameSiteStrict, UserPreferences; unset: SameSiteUnspecifiedTreatedAsLax, UserPreferences"},
		{Posture{BlockThirdPartyCookies: true}, sibling, "lax: sent; none: sent; strict: sent; unset: sent"},
	} {
		if got := fates(t, c.posture, api, c.page); got != c.want {
			t.Errorf("%s, %+v:\n got %s\nwant %s", c.page, c.posture, got, c.want)
		}
	}
}

func fates(t *testing.T, p Posture, api, page cors.Origin) string {
	t.Helper()
	needsBrowser(t)
	stage, err := NewStage()
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	stage.Mount(api, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(tap.ExchangeHeader, "1")
		w.Header().Set("Content-Type", "text/plain")
		if r.URL.Path == "/login" {
			for name, attribute := range map[string]string{"none": "; SameSite=None", "lax": "; SameSite=Lax", "strict": "; SameSite=Strict", "unset": ""} {
				w.Header().Add("Set-Cookie", name+"=1; Secure; Path=/"+attribute)
			}
		}
	}))
	browser, err := Start(t.Context(), stage, Options{Posture: p})
	if err != nil {
		t.Fatal(err)
	}
	defer browser.Close()
	tab, err := browser.Tab(t.Context(), "victim")
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.Visit(t.Context(), api.String()+"/login"); err != nil {
		t.Fatal(err)
	}
	if err := tab.Open(t.Context(), page, Malicious); err != nil {
		t.Fatal(err)
	}
	sightings, err := tab.Run(t.Context(), []Task{{Attempt: scenarios.Attempt{
		Page: page, Vector: scenarios.Fetch, Identity: scenarios.Cookie, Method: "GET", URL: api.String() + "/read",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range sightings[0].Cookies {
		line := f.Name + ": sent"
		if len(f.HeldBack) > 0 {
			line = f.Name + ": " + strings.ReplaceAll(strings.Join(f.HeldBack, ", "), "Schemeful", "")
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}
