package report_test

import (
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// A judgement with a fix of its own is about another mistake than the scenario's fix,
// and than what the application's operator does about that one.
func TestFixOfAJudgement(t *testing.T) {
	record := engine.Record{Results: []engine.Result{
		{Scenario: scenarios.Scenario{ID: "ERR-001", Fix: "usual"}},
		{Scenario: scenarios.Scenario{ID: "ERR-001", Fix: "usual"}, Judgement: scenarios.Judgement{Fix: "other"}},
	}}
	r := report.New(record, report.Meta{FixFor: func(string) string { return "preset" }})
	if got := r.Results[0].Fix; got != "usual preset" {
		t.Errorf("the scenario's: %q", got)
	}
	if got := r.Results[1].Fix; got != "other" {
		t.Errorf("the judgement's: %q", got)
	}
}
