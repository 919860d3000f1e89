package engine

import (
	"context"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/tap"
)

// assumeTrust finds out what the target trusts where nobody said what it should.
func (x *Examination) assumeTrust(ctx context.Context, a *sweep.Asker, found scenarios.Target) scenarios.Target {
	if !found.Assumed || tap.Over(ctx) {
		return found
	}
	inference, facts := a.Infer(found)
	x.record.Inference = &inference
	x.record.diagnose(Diagnosis{Kind: TrustAssumed, Detail: "nobody said which origins may read this API, so that this run found out which do, by asking for those that an owner may mean"})
	return facts
}
