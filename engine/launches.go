package engine

import (
	"fmt"
	"net/url"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/target"
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
		tap, err := target.NewTap(target.Options{Upstream: target.Upstream{URL: base}, Limits: s.deployment.Limits, Run: s.record.Run})
		if err != nil {
			return fmt.Errorf("the launch with %s: %w", l, err)
		}
		s.launched = append(s.launched, tap)
		s.lab.stage.Mount(cors.OriginOf(base), tap)
	}
	return nil
}

// exchange finds an exchange by its id, which no two taps share.
func (s *session) exchange(id string) (cors.Exchange, bool) {
	for _, tap := range append([]*target.Tap{s.tap}, s.launched...) {
		if x, ok := tap.Exchange(id); ok {
			return x, true
		}
	}
	return cors.Exchange{}, false
}
