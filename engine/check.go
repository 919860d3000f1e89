package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/scenarios"
)

// checked is an examination whose request can be met, given a browser.
func checked(ctx context.Context, r Request) (*Examination, error) {
	name := make([]byte, 6)
	if _, err := rand.Read(name); err != nil {
		return nil, fmt.Errorf("naming the run: %w", err)
	}
	if r.Catalogue == nil {
		r.Catalogue = scenarios.Catalogue()
	}
	x := &Examination{
		request: r,
		config:  r.Config,
		record:  Record{Run: "crossexam-" + hex.EncodeToString(name), Started: time.Now(), Strict: r.Strict},
	}
	if err := x.deploy(ctx); err != nil {
		return nil, err
	}
	x.limits = withRoomFor(nil, x.deployment)
	for _, check := range []func(context.Context) error{x.checkConfig, x.readExcuses, x.selectItems, x.checkAccepted} {
		if err := check(ctx); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// deploy makes the deployment of what the configuration says by now.
func (x *Examination) deploy(ctx context.Context) error {
	if x.request.Deployment != nil {
		x.deployment = *x.request.Deployment
		return nil
	}
	d, err := x.config.Redeploy(ctx, x.deployment)
	if err == nil {
		x.deployment = d
	}
	return err
}

// checkConfig asks for what an examination needs beyond what a deployment does.
func (x *Examination) checkConfig(context.Context) error {
	c := x.config
	switch {
	case x.request.Deployment != nil:
		return nil
	case c.Trusted == nil && x.request.AssumeTrust && c.Starts():
		return c.Problem("trusted", errors.New("a program that is started here is given the trusted origins: name the origin of its front end with `trusted`, or write `trusted: []`"))
	case c.Trusted == nil && !x.request.AssumeTrust:
		return c.Problem("trusted", errors.New("no trusted origin: name the origin of the front end with `trusted`, such as https://app.example.com, or write `trusted: []` if no origin but the API's own is trusted"))
	case c.StartupLog.File == "-" && x.request.Stdin == nil:
		return c.Problem("startup_log", errors.New("the startup log cannot come from standard input here: name a file"))
	}
	return nil
}

// readExcuses reads what can keep a violation from failing the run.
func (x *Examination) readExcuses(context.Context) error {
	accepted, err := x.config.AcceptedDeviations(time.Now())
	if err != nil {
		return err
	}
	x.accepted = append(slices.Clone(x.request.Accepted), accepted...)
	if x.request.Baseline == nil {
		return nil
	}
	if x.baseline, err = x.request.Baseline(x.deployment.Facts); err == nil {
		x.index = x.baseline.Index()
	}
	return err
}

// selectItems makes the plan of what is known of the target by now.
func (x *Examination) selectItems(context.Context) error {
	plan := NewPlan(x.request.Catalogue, x.deployment.Facts)
	if x.request.Select != nil {
		var err error
		if plan, err = x.request.Select(plan); err != nil {
			return err
		}
	}
	x.plan = plan
	return nil
}

// checkAccepted says which accepted deviations hold no more, and, as soon as all
// cases are known, which are about none of them.
func (x *Examination) checkAccepted(context.Context) error {
	if err := x.plan.CheckExpired(x.accepted, time.Now()); err != nil {
		return err
	}
	if x.unfinished() {
		return nil
	}
	return x.plan.CheckMatches(x.accepted)
}

// unfinished reports whether the target may turn out to have other cases than the
// plan has: it is not started, read about or discovered.
func (x *Examination) unfinished() bool {
	return x.request.Deployment == nil && x.tap == nil && (x.config.NeedsDiscovery() || x.config.Starts() || x.config.ReadsLog())
}

// checkBrowser says whether a browser as it is wanted could do what is wanted, whether it
// is there or not.
func (x *Examination) checkBrowser() error {
	c := x.config.Browser
	wanted := attacker.Options{Path: c.Path, Posture: attacker.Posture{BlockThirdPartyCookies: c.BlockThirdPartyCookies}}
	if x.deployment.Direct {
		wanted.Direct.Origin = x.deployment.Facts.Origin()
	}
	err := wanted.Check()
	var none *attacker.NoBrowserError
	if errors.As(err, &none) {
		return nil
	}
	return err
}

// chooseBrowser says which browser is wanted, and whether it is there.
func (x *Examination) chooseBrowser(ctx context.Context) error {
	if x.request.Lab != nil {
		return nil
	}
	wanted, err := browserFor(ctx, x.config.Browser, x.deployment, x.browser.Direct)
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown):
		_ = x.fail(&Fault{Stage: StageReach, Err: err})
		return nil
	case err != nil:
		return err
	}
	x.browser = wanted
	return wanted.Check()
}
