// Package suite is the Ginkgo front end: one thin spec for each scenario,
// endpoint and credential, generated from the plan. A spec asks the engine for
// the results of its subject, attaches them, and fails with what they say. The
// package holds no judgement of its own.
package suite

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// An Examination is what the specs run on.
type Examination struct {
	Plan engine.Plan
	// Start reaches the target, opens it in a lab and runs the controls. It is
	// called once, before the first spec; who made the session closes it.
	Start func(context.Context) (*engine.Session, error)
	// Strict has a violated SHOULD fail its spec.
	Strict bool
}

// Register adds the specs of the examination to the Ginkgo tree. It is a call,
// not an effect of the import, and is made while the tree is being built.
//
// A case that violates fails; so does one that cannot be told, because no
// verdict is not a pass. A violated SHOULD is skipped with its reason unless the
// examination is strict, and so is a violation that the session's options excuse.
// A fault of the harness aborts the suite.
func Register(x Examination) {
	var session *engine.Session
	BeforeSuite(func(ctx SpecContext) {
		var err error
		if session, err = x.Start(ctx); err != nil {
			AbortSuite("could not judge: " + err.Error())
		}
	})
	for _, family := range families(x.Plan.Items) {
		Describe(family.name, Label(family.name), func() {
			for _, s := range family.specs {
				at := types.NewCustomCodeLocation(s.name)
				It(s.name, s.labels, at, func(ctx SpecContext) {
					examine(ctx, session, s, x.Strict)
				})
			}
		})
	}
}

func examine(ctx context.Context, session *engine.Session, s spec, strict bool) {
	GinkgoHelper()
	var results []engine.Result
	for _, item := range s.items {
		r, err := session.Result(ctx, item)
		if err != nil {
			AbortSuite("could not judge: " + err.Error())
		}
		results = append(results, r)
		AddReportEntry(string(r.Judgement.Verdict), entry(r), types.NewCustomCodeLocation(s.name))
	}
	if reason, only := notApplicable(results); only {
		Skip("not-applicable: " + reason)
	}
	Expect(results).To(Conform(strict))
	if why := tolerated(results); why != "" {
		Skip(why)
	}
}

// entry is a result in one line, for reports.
func entry(r engine.Result) string {
	return fmt.Sprintf("%s %s: %s", r.Scenario.ID, entrySubject(r), r.Judgement.Reason)
}

func entrySubject(r engine.Result) string {
	subject := r.Subject.Endpoint
	if r.Subject.Origin != "" {
		subject += " from " + r.Subject.Origin
	}
	if r.Subject.Credential != "" {
		subject += fmt.Sprintf(" with %s", r.Subject.Credential)
	}
	return subject
}

func notApplicable(results []engine.Result) (string, bool) {
	reason := ""
	for _, r := range results {
		if r.Verdict() != scenarios.NotApplicable {
			return "", false
		}
		reason = r.Judgement.Reason
	}
	return reason, len(results) > 0
}

// tolerated says why the first violation did not fail the spec.
func tolerated(results []engine.Result) string {
	for _, r := range results {
		if r.Verdict() != scenarios.Violates {
			continue
		}
		if excuse := r.Excuse(); excuse != "" {
			return fmt.Sprintf("violates (%s): %s", excuse, r.Judgement.Reason)
		}
		return "violates a SHOULD, which fails with --strict: " + r.Judgement.Reason
	}
	return ""
}
