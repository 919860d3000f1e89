package engine_test

import (
	"errors"
	"net/url"
	"slices"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/child/childtest"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/fixtures/stacks"
	"github.com/crossexam/crossexam/nginx"
	"github.com/crossexam/crossexam/scenarios"
)

// behind puts a proxy in front of a staged notebook until the test ends.
func behind(t *testing.T, s *engine.Staged, p stacks.Proxy) {
	t.Helper()
	running, err := p.Start(t.Context(), s.Deployment.Upstream.Address, s.Deployment.Facts.Trusted)
	if errors.Is(err, nginx.ErrMissing) {
		childtest.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	putBefore(t, s, running)
	s.Deployment.Facts.Errors = append(s.Deployment.Facts.Errors, stacks.Recipes()...)
}

// putBefore has a staged notebook reached through a proxy in front of it, which is closed
// with the test.
func putBefore(t *testing.T, s *engine.Staged, proxy interface {
	Addr() string
	Close() error
}) {
	t.Helper()
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Errorf("closing the proxy: %v", err)
		}
	})
	// The proxy speaks plain http; the browser, on the stage, https.
	base, err := url.Parse(s.Deployment.Facts.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.Deployment.Upstream.URL = &url.URL{Scheme: "http", Host: base.Host}
	s.Deployment.Upstream.Address = proxy.Addr()
}

// Every proxy is convicted by exactly the scenarios that it declares, the safe
// ones by none and without a doubt.
func TestProxiesAreConvictedByWhatTheyBreak(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	for _, proxy := range stacks.Proxies() {
		t.Run(proxy.Name, func(t *testing.T) {
			s := stage(t, lab, fixtures.Notebook{Policy: proxy.App, Login: fixtures.SessionCookie})
			behind(t, s, proxy)
			record := examine(t.Context(), t, lab, s)
			if got := convicted(record); !slices.Equal(got, proxy.Convicts) {
				t.Errorf("convicted by %v, and declares %v", got, proxy.Convicts)
				for _, r := range record.Results {
					if r.Verdict() == scenarios.Violates {
						t.Logf("%s %v: %s", r.Scenario.ID, r.Subject, r.Judgement.Reason)
					}
				}
			}
			for _, r := range record.Results {
				if proxy.Breaks == "" && r.Verdict() == scenarios.CannotTell {
					t.Errorf("a safe proxy leaves a doubt: %s %v: %s", r.Scenario.ID, r.Subject, r.Judgement.Reason)
				}
			}
		})
	}
}
