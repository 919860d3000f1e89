package engine

import (
	"context"

	"github.com/crossexam/crossexam/target"
)

// A Rehearsal is what an examination would do, as far as that is known without
// contacting the target and without running anything.
type Rehearsal struct {
	Config     target.Config    // completed by what a document in a file says
	Found      target.Discovery // in that document
	Deployment target.Deployment
	Plan       Plan
}

// Rehearse checks a request as [NewExamination] does, but for the browser, which it
// does not need. For programs that would be started ports from 1 on stand.
func Rehearse(ctx context.Context, r Request) (Rehearsal, error) {
	x, err := checked(ctx, r)
	if err != nil {
		return Rehearsal{}, err
	}
	if len(x.config.StartupLog.Command) == 0 {
		if err := x.config.ReadLog(ctx, r.Stdin); err != nil {
			return Rehearsal{}, err
		}
	}
	c, found, err := x.config.Unstarted().DiscoverOffline()
	if err != nil {
		return Rehearsal{}, err
	}
	x.config = c
	if err := x.deploy(ctx); err != nil {
		return Rehearsal{}, err
	}
	if err := x.checkBrowser(); err != nil {
		return Rehearsal{}, err
	}
	x.setAside()
	if err := x.selectItems(ctx); err != nil {
		return Rehearsal{}, err
	}
	return Rehearsal{Config: c, Found: found, Deployment: x.deployment, Plan: x.plan}, nil
}
