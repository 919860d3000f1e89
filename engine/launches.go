package engine

import (
	"fmt"
	"net/url"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/tap"
)

// mountLaunches puts a tap before each program that runs for this examination.
func (s *session) mountLaunches() error {
	for _, l := range s.plan.Target.Launches {
		if l.URL == "" {
			continue
		}
		base, err := url.Parse(l.URL)
		if err != nil {
			return fmt.Errorf("the launch with %s: %w", l, err)
		}
		if cors.OriginOf(base) == s.plan.Target.Origin() {
			continue // it is the target, before which there is a tap
		}
		t, err := tap.New(tap.Options{Upstream: tap.Upstream{URL: base}, Limits: s.deployment.Limits, Run: s.record.Run, Browser: s.lines, Conceal: s.deployment.Credentials.Without})
		if err != nil {
			return fmt.Errorf("the launch with %s: %w", l, err)
		}
		s.launched = append(s.launched, t)
		s.lab.stage.Mount(cors.OriginOf(base), t)
	}
	return nil
}

// exchange finds an exchange by its id, which no two taps share.
func (s *session) exchange(id string) (cors.Exchange, bool) {
	for _, t := range append([]*tap.Tap{s.tap}, s.launched...) {
		if x, ok := t.Exchange(id); ok {
			return x, true
		}
	}
	return cors.Exchange{}, false
}
