package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// Prepare completes what is known of the target, and makes the plan. The error is
// a *Fault, or else about the request: what a log, a document or the target says
// does not go with it.
func (x *Examination) Prepare(ctx context.Context) error {
	if x.record.Fault != nil {
		return x.record.Fault
	}
	ctx, stop := x.inTime(ctx)
	defer stop()
	x.resemble(ctx)
	for _, stage := range []struct {
		name Stage
		do   func(context.Context) error
	}{
		{StageLog, x.readLog},
		{StageLaunch, x.launch},
		{StageReach, x.followToHTTPS},
		{StageDiscover, x.discover},
		{StageReach, x.reach},
		{StagePremises, x.findPremises},
		{StagePlan, x.makePlan},
	} {
		if err := stage.do(ctx); err != nil {
			return x.broke(ctx, stage.name, err)
		}
	}
	return nil
}

// resemble has the requests that Crossexam makes itself look like the browser's.
func (x *Examination) resemble(ctx context.Context) {
	o := x.browser
	if x.request.Lab != nil {
		o = x.request.Lab.options
	}
	x.lines = o.Headers(ctx)
	x.config.AskAs(x.lines)
}

// readLog reads what the target logged at its start.
func (x *Examination) readLog(ctx context.Context) error {
	if x.request.Deployment != nil || !x.config.ReadsLog() {
		return nil
	}
	if command := x.config.StartupLog.Command; len(command) > 0 {
		x.begin(Step{Stage: StageLog, Command: command})
	}
	if err := x.config.ReadLog(ctx, x.request.Stdin); err != nil {
		return err
	}
	return x.deploy(ctx)
}

// launch starts the target where the configuration says how.
func (x *Examination) launch(ctx context.Context) error {
	if x.request.Deployment != nil || !x.config.Starts() {
		return nil
	}
	x.begin(Step{Stage: StageLaunch, Command: x.config.Launch.Command})
	var err error
	if x.launched, err = x.config.Start(ctx); err != nil {
		return err
	}
	return x.deploy(ctx)
}

// discover asks the target for what the configuration does not say.
func (x *Examination) discover(ctx context.Context) error {
	if x.request.Deployment != nil || !x.config.NeedsDiscovery() {
		return nil
	}
	x.begin(Step{Stage: StageDiscover, URL: x.deployment.Facts.URL})
	c, found, err := x.config.DiscoverAt(ctx, x.deployment)
	var down *target.UnreachableError
	if errors.As(err, &down) {
		_ = x.openTap() // for its notes: the error is that of the target
	}
	if err != nil {
		return err
	}
	x.config = c
	for _, sentence := range found.Brief() {
		x.notice(sentence)
	}
	if x.request.MustFind && len(found.Reads) == 0 && len(c.Endpoints) == 0 {
		return c.Problem("read", errors.New("nothing was found at the target that can be read: name a path that answers with private data"))
	}
	return x.deploy(ctx)
}

// reach makes sure that the target answers, and finds out whether it asks for HTTP
// authentication.
func (x *Examination) reach(ctx context.Context) error {
	if err := x.openTap(); err != nil {
		return err
	}
	x.begin(Step{Stage: StageReach, URL: x.deployment.Facts.URL})
	return x.tap.Reach(ctx)
}

// openTap opens the way to the target, whose notes say which one that is.
func (x *Examination) openTap() error {
	d := x.deployment
	t, err := tap.New(tap.Options{
		Upstream:   d.Upstream,
		Limits:     withRoomFor(d.Facts.Errors, d),
		Run:        x.record.Run,
		Browser:    x.lines,
		AllowWrite: d.Facts.AllowsWrite,
		Expected:   d.Facts.ExpectsError,

		Messages: d.Facts.Messages,
		Conceal:  d.Credentials.Without,
		Prompts:  answersPrompts(d),

		ClientCertificate: d.Credentials.Certificate(),
	})
	if err != nil {
		return err
	}
	x.tap = t
	for _, sentence := range d.Notes {
		x.record.note(sentence)
	}
	if d.Upstream.InsecureSkipVerify {
		x.record.note("The target's certificate was not verified (`insecure_skip_verify`): another server may have answered in its name.")
	}
	return nil
}

// findPremises finds out which endpoints are private, and whether the target asks for
// HTTP authentication. With nothing private there is nothing to judge: one diagnosis
// says why, and no verdict does.
func (x *Examination) findPremises(ctx context.Context) error {
	x.setAside()
	if err := x.selectItems(ctx); err != nil { // of what discovery found too
		return err
	}
	if x.plan.Attempts() == 0 && len(x.deployment.Facts.Reads()) > 0 && !x.deployment.Facts.Assumed {
		return nil // what was selected asks the target nothing
	}
	x.begin(Step{Stage: StagePremises, URL: x.deployment.Facts.URL})
	given := x.deployment.Facts
	a := sweep.NewAsker(ctx, x.tap, x.deployment)
	found := x.assumeTrust(ctx, a, a.Premises())
	if done, err := x.basicByScript(ctx, a, found); done || err != nil {
		return err
	}
	unasked, others := opensByBasic(found) && !x.tap.Challenges(), false
	if unasked {
		found, others = withoutBasic(found)
	}
	if !unasked || others {
		found = x.sweepAll(ctx, a, found)
	}
	x.deployment.Facts, x.record.Target = found, found
	if set := found.Credentials; len(set) == 1 && len(given.Credentials) > 1 && len(set[0].Kinds()) > 1 {
		x.record.note(fmt.Sprintf("None of the credentials opens the API alone, and these do together (%s): they were examined as one, as with `credentials.together`.", set[0]))
	}
	for _, c := range leftOut(given.Credentials, found) {
		x.record.diagnose(Diagnosis{Kind: CredentialRefused, Detail: fmt.Sprintf("one of the credentials was refused wherever it was tried, and left out (%s); what others open was examined", c)})
	}
	discovered := target.Discovery{}
	if x.deployment.Discovery != nil {
		discovered = *x.deployment.Discovery
	}
	if unseen := discovered.Unseen(); unseen.Most() {
		x.record.diagnose(Diagnosis{Kind: LeftAlone, Detail: strings.TrimSuffix(unseen.String(), ".")})
	}
	if unasked && others {
		x.record.diagnose(Diagnosis{Kind: BasicUnasked, Detail: neverAsked + "; it was left out, and what other credentials open was examined"})
	}
	switch {
	case tap.Over(ctx):
		return interrupted(ctx)
	case unasked && !others:
		x.record.Diagnoses = append([]Diagnosis{{Kind: BasicUnasked, Detail: neverAsked}}, x.record.Diagnoses...)
		return &Fault{Stage: StagePremises, Err: errors.New(neverAsked)}
	case len(found.PrivateReads()) > 0, declaredOpen(given):
		for _, about := range []func(scenarios.Target) (Diagnosis, bool){mixedContent, bareCookies} {
			if d, ok := about(found); ok {
				x.record.diagnose(d)
			}
		}
		return nil
	}
	asks, refused := x.tap.AsksForCertificate()
	d := whyNothingPrivate(found, discovered).withCertificate(found, asks, refused).withExpiry(x.deployment.Credentials.Expired(time.Now()))
	x.record.Diagnoses = append([]Diagnosis{d}, x.record.Diagnoses...)
	return &Fault{Stage: StagePremises, Err: errors.New(d.Detail)}
}

// leftOut are the credentials of those that were given which the target refuses wherever
// they were tried, and of which none of the others consists.
func leftOut(given []scenarios.Credential, found scenarios.Target) []scenarios.Credential {
	return slices.DeleteFunc(slices.Clone(given), func(c scenarios.Credential) bool {
		kept := slices.ContainsFunc(found.Credentials, func(f scenarios.Credential) bool { return f == c || f.Includes(c) })
		return kept || !sweep.IsRefused(found, c)
	})
}

// declaredOpen reports whether what there is to examine is what the operator declared,
// and is not private: open to everybody, or no read.
func declaredOpen(t scenarios.Target) bool {
	if len(t.PrivateReads()) > 0 {
		return false
	}
	declared := func(e scenarios.Endpoint) bool { return !e.Discovered }
	return slices.ContainsFunc(t.Reads(), declared) || len(t.WebSockets)+len(t.EventStreams) > 0
}

// makePlan makes the plan of the target as it is, with the browser for it.
func (x *Examination) makePlan(ctx context.Context) error {
	for _, do := range []func(context.Context) error{x.selectItems, x.checkAccepted, x.chooseBrowser} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	if x.record.Fault != nil { // the browser cannot be led to the target
		return x.record.Fault
	}
	return nil
}
