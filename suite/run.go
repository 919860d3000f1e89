package suite

import (
	"context"
	"io"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/reporters"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/crossexam/crossexam/engine"
)

// An Examination is what the specs of [Run] run on.
type Examination struct {
	Plan engine.Plan
	// Start reaches the target, opens it in a lab and runs the controls. It is
	// called once, before the first spec; who made the session closes it.
	Start func(context.Context) (*engine.Session, error)
	// Strict has a violated SHOULD fail its spec.
	Strict bool
}

// RunOptions say how [Run] reports.
type RunOptions struct {
	// Output takes what Ginkgo prints.
	Output io.Writer
	// JUnit is the path of the JUnit file, or empty for none.
	JUnit string
	// Redact takes secrets out of what stands in that file: reasons quote what the
	// target said. It is asked after the last spec; nil changes nothing.
	Redact func(string) string
}

// Run runs the specs of an examination without a `go test`, one for each scenario,
// endpoint and credential of its plan, and tells whether all passed. A fault of the
// harness aborts the run. Ginkgo allows one run in a process.
func Run(x Examination, o RunOptions) (bool, error) {
	var session *engine.Session
	BeforeSuite(func(ctx SpecContext) {
		var err error
		if session, err = x.Start(ctx); err != nil {
			AbortSuite("could not judge: " + err.Error())
		}
	})
	describe(families(x.Plan.Items), func(ctx SpecContext, s spec) {
		results, err := observe(ctx, session, s)
		if err != nil {
			AbortSuite("could not judge: " + err.Error())
		}
		tell(results, x.Strict)
	})
	var writing error
	ReportAfterSuite("JUnit", func(r Report) {
		if o.JUnit != "" {
			writing = WriteJUnit(redacted(r, o.Redact), o.JUnit)
		}
	})
	suite, reporter := GinkgoConfiguration()
	suite.FailOnEmpty = true
	reporter.NoColor = true
	reporter.Succinct = true
	formatter.ColorableStdOut = o.Output
	passed := RunSpecs(new(failer), "Crossexam", suite, reporter)
	return passed, writing
}

// WriteJUnit writes Ginkgo's JUnit report with names that stay the same from run
// to run. The set-up nodes stay in it: without them a run that broke off before
// its first spec would be an empty, green file.
func WriteJUnit(r Report, path string) error {
	return reporters.GenerateJUnitReportWithConfig(r, path, reporters.JunitReportConfig{
		OmitSpecLabels:   true,
		OmitLeafNodeType: true,
	})
}

// redacted gives a report in which what the specs said is redacted.
func redacted(r Report, redact func(string) string) Report {
	if redact == nil {
		return r
	}
	failure := func(f *types.Failure) {
		f.Message, f.ForwardedPanic = redact(f.Message), redact(f.ForwardedPanic)
	}
	r.SpecReports = slices.Clone(r.SpecReports)
	for i := range r.SpecReports {
		s := &r.SpecReports[i]
		failure(&s.Failure)
		s.AdditionalFailures = slices.Clone(s.AdditionalFailures)
		for j := range s.AdditionalFailures {
			failure(&s.AdditionalFailures[j].Failure)
		}
		s.ReportEntries = slices.Clone(s.ReportEntries)
		for j, e := range s.ReportEntries {
			s.ReportEntries[j].Value = types.WrapEntryValue(redact(e.StringRepresentation()))
		}
		s.CapturedGinkgoWriterOutput, s.CapturedStdOutErr = redact(s.CapturedGinkgoWriterOutput), redact(s.CapturedStdOutErr)
	}
	return r
}

// failer stands in for testing.T: the outcome is RunSpecs' result.
type failer struct{}

func (*failer) Fail() {}
