package suite

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// describe adds specs to the Ginkgo tree, those of a family in a container.
func describe(families []family, run func(SpecContext, spec)) {
	for _, family := range families {
		Describe(family.name, Label(family.name), func() {
			for _, s := range family.specs {
				at := types.NewCustomCodeLocation(s.name)
				It(s.name, s.labels, at, func(ctx SpecContext) { run(ctx, s) })
			}
		})
	}
}

// observe has the items of a spec judged and attaches the results. The error is a
// fault of the harness.
func observe(ctx context.Context, x *engine.Examination, s spec) ([]engine.Result, error) {
	var results []engine.Result
	for _, item := range s.items {
		r, err := x.Result(ctx, item)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
		AddReportEntry(string(r.Judgement.Verdict), entry(r), ReportEntryVisibilityFailureOrVerbose, types.NewCustomCodeLocation(s.name))
	}
	return results, nil
}

// tell fails or skips a spec where its results say so.
//
// A case that violates fails; so does one that cannot be told, because no verdict
// is not a pass. What is not binding, or excused, is skipped with its reason.
func tell(results []engine.Result) {
	GinkgoHelper()
	if reason, only := notApplicable(results); only {
		Skip("not-applicable: " + reason)
	}
	// A Gomega of its own: a suite need not have registered a fail handler.
	gomega.NewGomega(Fail).Expect(results).To(&conform{})
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

// tolerated says of the first result that does not conform, and does not fail the
// spec, why.
func tolerated(results []engine.Result) string {
	for _, r := range results {
		switch {
		case r.Verdict() == scenarios.Violates && r.Accepted != nil:
			a := r.Accepted
			return fmt.Sprintf("violates (accepted until %s by %s: %s): %s", a.Expires.Format(time.DateOnly), a.Owner, a.Reason, r.Judgement.Reason)
		case r.Verdict() == scenarios.Violates && r.Excuse == engine.ExcusedKnown:
			return "violates (the baseline has it too, and only new violations fail): " + r.Judgement.Reason
		case r.Verdict() == scenarios.Violates && r.Level() == scenarios.Should:
			return "violates a SHOULD, which fails in a strict run: " + r.Judgement.Reason
		case r.Verdict() == scenarios.Violates:
			return "violates what is advised: " + r.Judgement.Reason
		case r.Verdict() == scenarios.CannotTell:
			return "could not be judged, which is not a pass: " + r.Judgement.Reason
		}
	}
	return ""
}
