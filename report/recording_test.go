package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// ofRecording is the record of an examination that was recorded in a real Chrome, judged
// by the catalogue as it is.
func ofRecording(t testing.TB, name string) engine.Record {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "scenarios", "testdata", "recordings", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Target       scenarios.Target        `json:"target"`
		Observations []scenarios.Observation `json:"observations"`
	}
	if err := json.Unmarshal(b, &kept); err != nil {
		t.Fatal(err)
	}
	byKey := map[string]scenarios.Observation{}
	for _, o := range kept.Observations {
		byKey[o.Attempt.Key()] = o
	}
	record := sample()
	record.Target, record.Results, record.Cookies, record.Withheld, record.Notes = kept.Target, nil, nil, nil, nil
	for _, s := range scenarios.Catalogue() {
		cases, why := s.Plan(kept.Target)
		if len(cases) == 0 {
			record.Results = append(record.Results, engine.Result{Scenario: s, Judgement: scenarios.Judgement{Verdict: scenarios.NotApplicable, Reason: why}})
		}
		for _, c := range cases {
			r := engine.Result{Scenario: s, Subject: c.Subject}
			add := func(attempts []scenarios.Attempt) {
				for _, a := range attempts {
					r.Observations = append(r.Observations, byKey[a.Key()])
				}
			}
			add(c.Attempts)
			if c.More != nil {
				add(c.More(scenarios.NewObservations(r.Observations)))
			}
			r.Judgement = c.Judge(scenarios.NewObservations(r.Observations))
			if r.Judgement.FollowsFrom == s.ID {
				r.Judgement.FollowsFrom = ""
			}
			record.Results = append(record.Results, r)
		}
	}
	return record
}

// One line of the target's code is one finding: of a wildcard one grave cause is told,
// and at most three others.
func TestCausesOfAWildcard(t *testing.T) {
	r := reportOf(ofRecording(t, "wildcard-echo-with-cookie"), Meta{})
	high := 0
	for _, c := range r.Causes {
		if c.Severity == scenarios.High {
			high++
		}
	}
	if high != 1 || len(r.Causes) > 4 || r.Causes[0].ID != "every-origin" || len(r.Causes[0].Requirements) < 30 {
		t.Errorf("%+v", r.Causes)
	}
	if run := sarifOf(t, r); len(run.Results) > 8 {
		t.Errorf("%d alerts", len(run.Results))
	}
}
