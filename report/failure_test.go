package report

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

func TestFailure(t *testing.T) {
	result := stolen("WLD-001", sampleEvil)
	r := reportOf(engine.Record{Results: []engine.Result{result}}, Meta{})
	want := `WLD-001 is violated (must, high)
  expected:  Title of WLD-001
  happened:  https://evil.test read the reply with the victim's cookie
  subject:   GET /api/notebooks from https://evil.test with cookie
  evidence:  GET https://api.example.com/api/notebooks
               Origin: https://evil.test
               Cookie: session=[redacted]; theme=[redacted]
             answered 200
               Access-Control-Allow-Origin: https://evil.test
               Access-Control-Allow-Credentials: true
  fix:       Fix of WLD-001. ` + scenarios.FixIn("WLD-001", nil)
	if got := r.Results[0].Failure(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// What nobody redacted has no evidence.
	if got := Failure(result); strings.Contains(got, "evidence") || strings.Contains(got, sampleSession) || !strings.Contains(got, "fix:") {
		t.Error(got)
	}
	doubt := judged("ORG-001", scenarios.Must, scenarios.CannotTell, "\x1b[31mred")
	if got, want := Failure(doubt), "ORG-001 could not be judged\n  expected:  Title of ORG-001\n  happened:  \\x1b[31mred"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
