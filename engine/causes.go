package engine

import "github.com/crossexam/crossexam/scenarios"

// Causes traces the violations of the record to what the target does. The findings of
// each are places in Results.
func (r Record) Causes() []scenarios.Cause {
	all := make([]scenarios.Judged, len(r.Results))
	for i, c := range r.Results {
		all[i] = scenarios.Judged{ID: c.Scenario.ID, Subject: c.Subject, Judgement: c.Judgement, Level: c.Level()}
		if o := c.Proof(); o != nil {
			all[i].Answer, all[i].Block = o.Response(), o.Block.Reason
		}
	}
	return scenarios.Causes(all)
}
