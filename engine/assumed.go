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
	x.record.diagnose(Diagnosis{Kind: TrustAssumed, Detail: "no trusted origin was named, so this run found out by itself which origins the API lets in"})
	return facts
}
