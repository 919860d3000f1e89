package engine

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// by gives the victim as the browser had it in an attempt: a target may have put other
// cookies in the place of the victim's by then, or taken them back. It is v itself where
// the target did not.
func (v *victim) by(ctx context.Context, o scenarios.Observation) (*victim, error) {
	q := o.Request()
	if v == nil || v.tab == nil || q == nil || len(v.cookies) == 0 || o.Attempt.Vector == scenarios.Probe {
		return v, nil
	}
	sent := sentCookies(q.Request)
	kept, err := v.tab.Cookies(ctx, o.Attempt.URL)
	if err != nil {
		return nil, fmt.Errorf("reading the victim's cookies: %w", err)
	}
	now := *v
	now.cookies = replaced(v.cookies, sent, kept, o.Attempt.URL)
	if slices.Equal(now.cookies, v.cookies) {
		return v, nil
	}
	return &now, nil
}

// replaced are a victim's cookies with the values that were sent with a request, by name,
// and without those that the browser no longer keeps for it.
func replaced(cookies []attacker.StoredCookie, sent map[string]string, kept []attacker.StoredCookie, at string) []attacker.StoredCookie {
	u, err := url.Parse(at)
	var now []attacker.StoredCookie
	for _, c := range cookies {
		value, went := sent[c.Name]
		isKept := slices.ContainsFunc(kept, func(k attacker.StoredCookie) bool { return k.Name == c.Name })
		switch {
		case went:
			c.Value = value
		case !isKept && !c.Partitioned && err == nil && strings.HasPrefix(u.Path, strings.TrimSuffix(c.Path, "/")):
			continue
		}
		now = append(now, c)
	}
	return now
}

// sentCookies are the values of the cookies that went with a request, by name: of each
// the first, as servers read it.
func sentCookies(q cors.Request) map[string]string {
	sent := map[string]string{}
	for _, line := range q.Headers.Values("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if _, known := sent[name]; !known {
				sent[name] = value
			}
		}
	}
	return sent
}
