package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// beyondRemote are the scenarios that cannot be told in a browser that ran already,
// with the reason that they give.
var beyondRemote = map[string]string{
	"NET-001": "does not know where they are",
	"NET-002": "does not know where they are",
}

// A browser that runs already judges as one of ours does, or says what it cannot
// tell: at a public name, with a cookie, and at a loopback address.
func TestRemoteBrowserJudgesAsOurs(t *testing.T) {
	lab := openLab(t, attacker.Options{Path: browsertest.Run(t, browsertest.CookiesAllowed)})
	for _, c := range []struct {
		policy fixtures.Policy
		login  fixtures.Login
		at     string
	}{
		{fixtures.Hardened(), fixtures.SessionCookie, engine.StagedURL},
		{fixtures.WildcardEchoAlways(), fixtures.SessionCookie, engine.StagedURL},
		{fixtures.Hardened(), fixtures.NoLogin, engine.LocalURL},
		{fixtures.WildcardWithoutCredentials(), fixtures.NoLogin, engine.LocalURL},
	} {
		t.Run(c.policy.Name+string(c.login), func(t *testing.T) {
			want := c.policy.Convicts
			if c.at == engine.LocalURL {
				want = c.policy.ConvictsOpen
			}
			record := examineTelling(t, lab, stageAt(t, lab, fixtures.Notebook{Policy: c.policy, Login: c.login}, c.at), c.policy, want)
			want = slices.DeleteFunc(slices.Clone(want), func(id string) bool { return beyondRemote[id] != "" })
			slices.Sort(want)
			if got := convicted(record); !slices.Equal(got, want) {
				t.Errorf("convicted by %v\nours by      %v", got, want)
			}
			for _, r := range record.Results {
				if why := beyondRemote[r.Scenario.ID]; r.Verdict() == scenarios.CannotTell && (why == "" || !strings.Contains(r.Judgement.Reason, why)) ||
					r.Verdict() == scenarios.Conforms && why != "" {
					t.Errorf("%s %v: %s: %s", r.Scenario.ID, r.Subject, r.Verdict(), r.Judgement.Reason)
				}
				if r.Scenario.ID == "WLD-001" && r.Verdict() == scenarios.Violates && !r.Judgement.Exfiltrated {
					t.Errorf("no proof: %s", r.Judgement.Reason)
				}
			}
			if !slices.ContainsFunc(record.Notes, func(n string) bool { return strings.Contains(n, "checks of certificates were off") }) {
				t.Errorf("the notes are silent about certificates: %q", record.Notes)
			}
			if !record.Browser.Remote || record.Browser.Flags != nil || strings.Contains(record.Browser.Path, "devtools") {
				t.Errorf("the browser is %+v", record.Browser)
			}
		})
	}
}

// Without the victim's cookie nothing can be judged, and the control says so.
func TestRemoteBrowserThatBlocksCookies(t *testing.T) {
	lab := openLab(t, attacker.Options{Path: browsertest.Run(t, browsertest.ThirdPartyCookiesBlocked)})
	s := stage(t, lab, fixtures.Notebook{Policy: fixtures.WildcardEchoAlways(), Login: fixtures.SessionCookie})
	plan := engine.NewPlan(scenarios.Catalogue(), s.Deployment.Facts)
	record, err := engine.ExaminePlan(t.Context(), lab, s.Deployment, plan, engine.Hooks{})
	var f *engine.Fault
	if !errors.As(err, &f) || f.Stage != engine.StageControls || !strings.Contains(f.Error(), "cookie/open") || !strings.Contains(f.Advice, "chrome://settings/cookies") {
		t.Errorf("the fault is %v", err)
	}
	if len(record.Results) > 0 {
		t.Errorf("%d results", len(record.Results))
	}
}
