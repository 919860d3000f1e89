package scenarios

import (
	"regexp"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// An endpoint with a list of its own, in a target whose first endpoint is right, has one
// cause with the rule of that list: each near-miss is judged by all that the endpoint grants.
func TestOneCauseOfAnEndpointWithItsOwnList(t *testing.T) {
	const trusted = "https://app.example.com"
	first, own := Endpoint{Method: "GET", Path: "/right", Private: true}, Endpoint{Method: "GET", Path: "/own", Private: true}
	target := trusting("https://api.notebook.test", trusted)
	target.Endpoints = []Endpoint{first, own}
	pattern := func(p string) func(string) bool { return regexp.MustCompile(p).MatchString }
	for _, tt := range []struct {
		name   string
		grants func(string) bool
		want   string
	}{
		{"suffix", func(o string) bool { return strings.HasSuffix(o, "example.com") }, `every origin is trusted that ends with "example.com", over http:// too`},
		{"subdomain", pattern(`^https?://([a-z0-9-]+\.)*example\.com(:\d+)?$`), `every origin is trusted that is a subdomain of "example.com", on any port, over http:// too`},
		{"prefix", func(o string) bool { return strings.HasPrefix(o, trusted) }, `every origin is trusted that begins with "https://app.example.com"`},
		{"host", pattern(`^https?://app\.example\.com(:\d+)?$`), `every origin is trusted that has the host "app.example.com", on any port, over http:// too`},
	} {
		answer := func(a Attempt) Observation {
			origin := a.Page.String()
			if value, sent := a.Headers.Get(cors.HeaderOrigin); sent {
				origin = value
			}
			lines := []string{}
			if origin == trusted || strings.HasSuffix(a.URL, own.Path) && tt.grants(origin) {
				lines = []string{allowOrigin(origin), withCredentials}
			}
			body, status := privateBody, 200
			if a.Identity != Cookie {
				body, status = deniedBody, 401
			}
			r := reply(status, body, lines...)
			switch {
			case a.Vector == Probe:
				return answeredTo(a, r)
			case len(lines) > 0:
				return readBy(a, r)
			}
			return blockedFrom(a, cors.MissingAllowOriginHeader, r)
		}
		var all []Judged
		for id := range rules {
			s, _ := Find(id)
			cases, _ := s.Plan(target)
			for _, c := range cases {
				if c.Subject.Endpoint != own.String() {
					continue
				}
				var seen []Observation
				for _, a := range c.Attempts {
					seen = append(seen, answer(a))
				}
				for _, a := range c.More(NewObservations(seen)) {
					seen = append(seen, answer(a))
				}
				j := c.Judge(NewObservations(seen))
				if j.FollowsFrom != "" {
					s, _ = Find(j.FollowsFrom)
				}
				all = append(all, Judged{ID: id, Subject: c.Subject, Judgement: j, Level: s.Level})
			}
		}
		var got []string
		for _, c := range Causes(all) {
			got = append(got, c.Rule)
		}
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
