package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// An error that the front end cannot read, because of the very headers that successes
// have, says no more than where to look: the cause that it falls with says what to change.
func TestCauseHasAFixOfItsOwn(t *testing.T) {
	together := 0
	for _, s := range Catalogue() {
		shown := broke(s.ID, "https://app.example.com", nil)
		shown.Judgement.Severity = Low
		follows := broke("ERR-001", "https://app.example.com", nil)
		follows.Block = cors.InvalidAllowCredentials
		follows.Judgement.FollowsFrom, follows.Judgement.Fix = "TRU-001", "See TRU-001: the errors have the very headers that successes have."
		for _, c := range Causes([]Judged{follows, shown}) {
			if s.ID == "ERR-001" || len(c.Findings) < 2 {
				continue
			}
			together++
			if strings.HasPrefix(c.Fix, "See ") {
				t.Errorf("%s: the fix of %s (%v) is %s", s.ID, c.ID, c.Requirements, c.Fix)
			}
		}
	}
	if together < 5 {
		t.Errorf("only %d scenarios have a cause together with the error", together)
	}
}

// Where a list of origins mends nothing, a report must not show one as the fix.
func TestMendedByPolicy(t *testing.T) {
	for cause, want := range map[string]bool{
		"every-origin": true, "null-origin": true, "front-end-refused": true, "preflights-for-everyone": true, "lists": true,
		string(EndsWith): true, string(SameHost): true, "ORG-004": true,
		"two-layers": false, "login-before-cors": false, "errors-outside-cors": false, "vary": false, "CRD-005": false, "HDR-007": false, "unheard-of": false,
	} {
		if MendedByPolicy(cause) != want {
			t.Errorf("%s: %v, want %v", cause, !want, want)
		}
	}
}
