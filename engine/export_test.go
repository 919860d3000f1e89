package engine

import (
	"context"
	"flag"
	"time"

	"github.com/crossexam/crossexam/target"
)

// Whole has the tables try what no case of theirs can change: near-misses, which take
// half of an examination, where a policy grants them no more than the hardened one does.
var Whole = flag.Bool("whole", false, "try every near-miss in every case of the tables")

// ExaminePlan examines a deployment by a plan that was made of it.
func ExaminePlan(ctx context.Context, lab *Lab, d target.Deployment, p Plan, h Hooks) (Record, error) {
	return Examine(ctx, planned(lab, d, p, h))
}

// StartPlan is ExaminePlan up to the first result.
func StartPlan(ctx context.Context, lab *Lab, d target.Deployment, p Plan) (*Examination, error) {
	x, err := NewExamination(ctx, planned(lab, d, p, Hooks{}))
	if err != nil {
		return nil, err
	}
	if err := x.Prepare(ctx); err != nil {
		return x, err
	}
	return x, x.Start(ctx)
}

// Unstarted is an examination of a deployment that is not there, for what is judged
// without a request.
func Unstarted(d target.Deployment, p Plan) *Examination {
	x := &Examination{deployment: d, plan: p, record: Record{Started: time.Now()}}
	x.session = newSession(x)
	return x
}

func planned(lab *Lab, d target.Deployment, p Plan, h Hooks) Request {
	return Request{Lab: lab, Deployment: &d, Select: func(Plan) (Plan, error) { return p, nil }, Hooks: h}
}
