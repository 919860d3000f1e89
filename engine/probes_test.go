package engine_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// A requirement that only probes show is judged with the victim's credential, though
// no page needs a victim.
func TestProbesAloneHaveACredential(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	s := stage(t, lab, fixtures.Notebook{Policy: fixtures.Hardened(), Login: fixtures.SessionCookie})
	plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).
		Select(func(i engine.Item) bool { return i.Scenario.ID == "HDR-007" })
	if len(plan.Pages()) != 0 || len(plan.Probes()) == 0 {
		t.Fatal("the requirement has pages: take another one for this test")
	}
	record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range record.Results {
		if r.Verdict() != scenarios.Conforms {
			t.Errorf("%s: %s", r.Verdict(), r.Judgement.Reason)
		}
	}
	if len(record.Controls) == 0 {
		t.Error("no control was run")
	}
}

// What only reads is asked side by side: of two requests by hand each waits for the other.
func TestProbesAreMadeSideBySide(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	var met atomic.Bool
	meeting := make(chan struct{})
	meets := func(q fixtures.Question) fixtures.Answer {
		if strings.HasSuffix(q.Origin(), ".com.evil.test") && q.Request.Header.Get("Sec-Fetch-Mode") == "" {
			select {
			case meeting <- struct{}{}:
				met.Store(true)
			case <-meeting:
			case <-time.After(time.Second): // nobody comes
			}
		}
		return fixtures.Hardened().Decide(q)
	}
	trusted := origins("https://a.one.com https://b.two.com https://c.three.com https://d.four.com https://e.five.com https://f.six.com")
	s := stage(t, lab, fixtures.Notebook{Login: fixtures.SessionCookie, Origins: trusted, Policy: fixtures.Policy{Name: "meets", Decide: meets}})
	plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts).Select(func(i engine.Item) bool { return i.Scenario.ID == "ORG-001" })
	if _, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{}); err != nil {
		t.Fatal(err)
	}
	if !met.Load() {
		t.Error("no request by hand was under way with another")
	}
}
