package engine

import (
	"slices"

	"github.com/crossexam/crossexam/scenarios"
)

// Causes traces the violations of the record to what the target does. The findings of
// each are places in Results.
func (r Record) Causes() []scenarios.Cause {
	all := make([]scenarios.Judged, len(r.Results))
	for i, c := range r.Results {
		all[i] = scenarios.Judged{ID: c.Scenario.ID, Subject: c.Subject, Judgement: c.Judgement, Level: c.Level(), Place: r.place(c.Subject.Endpoint)}
		if o := c.Proof(); o != nil {
			all[i].Answer, all[i].Block, all[i].Unsteady = o.Response(), o.Block.Reason, o.Unsteady
		}
	}
	return scenarios.Causes(all)
}

// place is that of an endpoint among those of the target, the most private first as
// discovery has them, and beyond them all for what is none of them.
func (r Record) place(endpoint string) int {
	all := r.Target.Endpoints
	if i := slices.IndexFunc(all, func(e scenarios.Endpoint) bool { return e.String() == endpoint }); i >= 0 {
		return i
	}
	return len(all)
}
