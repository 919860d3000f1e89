package engine_test

import (
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
)

// Whatever the credential, and with the browser's prompts for it, no examination
// ends because the browser and the oracle disagree.
func TestEveryLoginIsJudged(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	for _, login := range []fixtures.Login{fixtures.NoLogin, fixtures.SessionCookie, fixtures.HTTPBasic, fixtures.BearerToken} {
		for _, policy := range []fixtures.Policy{fixtures.Hardened(), fixtures.WildcardEchoAlways()} {
			t.Run(string(login)+"/"+policy.Name, func(t *testing.T) {
				record := examine(t.Context(), t, lab, stage(t, lab, fixtures.Notebook{Policy: policy, Login: login}))
				if counts := verdicts(record); counts[scenarios.Conforms]+counts[scenarios.Violates] == 0 {
					t.Errorf("nothing was judged: %v", counts)
				}
			})
		}
	}
}
