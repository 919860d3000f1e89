package engine

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// What this machine lacks is no finding and no doubt about the target.
func TestUnavailableAttemptsDoNotApply(t *testing.T) {
	c := scenarios.Case{Judge: func(scenarios.Observations) scenarios.Judgement {
		return scenarios.Judgement{Verdict: scenarios.CannotTell}
	}}
	without := scenarios.Observation{Attempt: scenarios.Attempt{Through: "a cache"}, Unavailable: "nginx is not installed"}
	got := judge(c, []scenarios.Observation{{}, without})
	if got.Verdict != scenarios.NotApplicable || !strings.Contains(got.Reason, "nginx is not installed") || got.Proof != without.Attempt.Key() {
		t.Errorf("%+v", got)
	}
	if got := judge(c, []scenarios.Observation{{}}); got.Verdict != scenarios.CannotTell {
		t.Errorf("with all there is: %+v", got)
	}
}
