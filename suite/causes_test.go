package suite

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

func TestFailedSpecsNameTheirCause(t *testing.T) {
	result := func(id string, v scenarios.Verdict) engine.Result {
		s, _ := scenarios.Find(id)
		return engine.Result{
			Scenario: s, Subject: scenarios.Subject{Endpoint: "GET /me", Origin: "https://evil.test", Credential: scenarios.Cookie},
			Judgement: scenarios.Judgement{Verdict: v, Severity: scenarios.Low},
		}.Settled(false, false)
	}
	record := engine.Record{Results: []engine.Result{
		result("WLD-001", scenarios.Violates), result("CRD-002", scenarios.Violates), result("HDR-007", scenarios.Violates), result("NUL-001", scenarios.CannotTell),
	}}
	told := Report{}
	for _, r := range record.Results {
		state := types.SpecStateFailed
		if !r.Fails {
			state = types.SpecStateSkipped
		}
		told.SpecReports = append(told.SpecReports, SpecReport{LeafNodeText: nameOf(r.Scenario, r.Subject), State: state, Failure: types.Failure{Message: "failed"}})
	}
	const echo = "failed\n  cause:     every-origin: every origin is granted; 2 requirements fall with it"
	for i, want := range []string{echo, echo, "failed", "failed"} {
		if got := withCauses(told, record).SpecReports[i].Failure.Message; got != want {
			t.Errorf("%s says\n%s\nwant\n%s", told.SpecReports[i].LeafNodeText, got, want)
		}
	}
	record.Results[3].Judgement.Lack = scenarios.LacksAnswer
	doubt := "failed\n  would tell: " + scenarios.LacksAnswer.WouldTell()
	for i, want := range []string{"failed", "failed", "failed", doubt} {
		got := withWhatWouldTell(told, record).SpecReports[i].Failure.Message
		if got != want {
			t.Errorf("%s says\n%s\nwant\n%s", told.SpecReports[i].LeafNodeText, got, want)
		}
	}
	if told.SpecReports[0].Failure.Message != "failed" || told.SpecReports[3].Failure.Message != "failed" {
		t.Error("the report that was given has changed")
	}
}
