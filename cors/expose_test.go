package cors

import (
	"slices"
	"strings"
	"testing"
)

// Every row was seen in Chrome 156.
func TestVisibleHeaders(t *testing.T) {
	reply := lines("X-A", "1", "x-b", "2", "X-a", "3", "Set-Cookie", "a=b", "Set-Cookie2", "a=b",
		"Clear-Site-Data", `"cache"`, "Content-Type", "text/plain", "Cache-Control", "no-store",
		"Content-Language", "en", "Expires", "0", "Last-Modified", "x", "Pragma", "x", "ETag", "x", "X Y", "1", "", "1", "X-Empty", "")
	const safe = "cache-control content-language content-type expires last-modified pragma"
	const all = "access-control-expose-headers cache-control content-language content-type etag expires last-modified pragma x-a x-b x-empty"
	for _, tc := range []struct {
		expose        []string // lines of Access-Control-Expose-Headers
		omit, include string
	}{
		{nil, safe, safe},
		{[]string{""}, safe, safe},
		{[]string{"x-a"}, safe + " x-a", safe + " x-a"},
		{[]string{"X-B ,\tx-A"}, safe + " x-a x-b", safe + " x-a x-b"},
		{[]string{"x-a", "x-empty"}, safe + " x-a x-empty", safe + " x-a x-empty"},
		{[]string{",x-a,,"}, safe + " x-a", safe + " x-a"},
		{[]string{"x-a, x b"}, safe, safe},
		{[]string{"x-a", "x;"}, safe, safe},
		{[]string{`"x-a"`}, safe, safe},
		{[]string{"x-c, vary"}, safe, safe},
		{[]string{"set-cookie, Set-Cookie2, clear-site-data, x-a"}, safe + " x-a", safe + " x-a"},
		{[]string{"*"}, all, safe},
		{[]string{"x-a, *"}, all, safe + " x-a"},
		{[]string{"*, x b"}, safe, safe},
		{[]string{"**"}, safe, safe},
	} {
		h := slices.Clone(reply)
		for _, v := range tc.expose {
			h = append(h, Header{HeaderExposeHeaders, v})
		}
		for credentials, want := range map[bool]string{false: tc.omit, true: tc.include} {
			if got := strings.Join(visibleHeaders(credentials, h), " "); got != want {
				t.Errorf("Expose-Headers %q, credentials %v:\n got %s\nwant %s", tc.expose, credentials, got, want)
			}
		}
	}
}

// With credentials the star is the name of a header.
func TestVisibleHeadersStar(t *testing.T) {
	h := lines("*", "1", "X-A", "1", HeaderExposeHeaders, "*")
	if got, want := visibleHeaders(true, h), []string{"*"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzVisibleHeaders(f *testing.F) {
	f.Add("X-A", "*")
	f.Add("set-cookie", "Set-Cookie, x")
	f.Add("Content-Type", `"`)
	f.Fuzz(func(t *testing.T, name, expose string) {
		h := lines(name, "1", HeaderExposeHeaders, expose)
		omit, include := visibleHeaders(false, h), visibleHeaders(true, h)
		for _, n := range omit {
			if !h.Has(n) || strings.HasPrefix(n, "set-cookie") {
				t.Errorf("%q is visible in %q", n, h)
			}
		}
		for _, n := range include {
			if !slices.Contains(omit, n) {
				t.Errorf("credentials make %q visible", n)
			}
		}
	})
}
