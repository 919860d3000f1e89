package suite

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/reporters"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/crossexam/crossexam/engine"
)

// RunOptions say how [Run] reports.
type RunOptions struct {
	// Output takes what Ginkgo prints.
	Output io.Writer
	// JUnit is the path of the JUnit file, or empty for none.
	JUnit string
	// Redact gives what takes secrets out of what stands in that file: reasons quote
	// what the target said. nil changes nothing.
	Redact func(engine.Record) func(string) string
}

// gracePeriod is how long a spec may take to end after a signal, before Ginkgo goes
// on without it. Everything in it heeds its context.
const gracePeriod = 3 * time.Second

// Run starts an examination that was prepared, and runs its specs without a `go
// test`: one for each scenario, endpoint and credential of its plan. It ends the
// examination and gives its record, in which a run that stopped before the last
// result has a fault, whatever stopped it; nothing is written before that is known.
// The error is about what is written. Ginkgo allows one run in a process.
func Run(ctx context.Context, x *engine.Examination, o RunOptions) (engine.Record, error) {
	BeforeSuite(func(c SpecContext) {
		ctx, stop := either(c, ctx)
		defer stop()
		if err := x.Start(ctx); err != nil {
			AbortSuite("could not judge: " + err.Error())
		}
	})
	// Ginkgo draws the order of containers. What is asked first can decide what a browser
	// sends later (HTTP authentication), so the plan's order is kept.
	Describe("", Ordered, ContinueOnFailure, func() {
		describe(families(x.Plan().Items), func(c SpecContext, s spec) {
			ctx, stop := either(c, ctx)
			defer stop()
			results, err := observe(ctx, x, s)
			if err != nil {
				AbortSuite("could not judge: " + err.Error())
			}
			tell(results)
		})
	})
	var told Report
	ReportAfterSuite("record", func(r Report) { told = r })
	suite, reporter := GinkgoConfiguration()
	suite.FailOnEmpty = true
	suite.GracePeriod = gracePeriod
	reporter.NoColor = true
	reporter.Succinct = true
	formatter.ColorableStdOut = o.Output
	passed := RunSpecs(new(failer), "Crossexam", suite, reporter)

	known := x.Record().Fault
	record := x.End()
	if !passed && !record.Fails() {
		// Something failed that is no result.
		_ = x.Abort(&engine.Fault{Stage: engine.StageRun, Err: fmt.Errorf("the test framework failed: %s", whatFailed(told))})
		record = x.Record()
	}
	if o.JUnit == "" {
		return record, nil
	}
	if record.Fault != known {
		told.SpecReports = append(told.SpecReports, broken(record.Fault))
	}
	told = withWhatWouldTell(withCauses(told, record), record)
	told.SuitePath = record.Target.URL // JUnit's package; it would be the folder where the command was called
	if o.Redact != nil {
		told = redacted(told, o.Redact(record))
	}
	return record, WriteJUnit(told, o.JUnit)
}

// either gives the context of a spec, which ends with the other one too.
func either(spec, other context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(spec)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// broken is a fault that no spec has told of.
func broken(f *engine.Fault) SpecReport {
	return SpecReport{
		LeafNodeType: types.NodeTypeReportAfterSuite, LeafNodeText: "the examination is complete",
		State: types.SpecStateAborted, Failure: types.Failure{Message: "could not judge: " + f.Error()},
	}
}

// whatFailed is the first failure that Ginkgo tells of.
func whatFailed(r Report) string {
	for _, s := range r.SpecReports {
		if s.Failed() {
			return s.FullText() + ": " + s.FailureMessage()
		}
	}
	return strings.Join(r.SpecialSuiteFailureReasons, "; ")
}

// WriteJUnit writes Ginkgo's JUnit report with names that stay the same from run
// to run. The set-up nodes stay in it: without them a run that broke off before
// its first spec would be an empty, green file. The file is whole, or it is not there.
func WriteJUnit(r Report, path string) (err error) {
	dir, name := filepath.Split(path)
	beside := filepath.Join(dir, "."+name+"-"+rand.Text())
	defer func() {
		if err != nil {
			// It may not have come that far.
			_ = os.Remove(beside)
			err = fmt.Errorf("writing %s: %w", name, err)
		}
	}()
	err = reporters.GenerateJUnitReportWithConfig(r, beside, reporters.JunitReportConfig{
		OmitSpecLabels:   true,
		OmitLeafNodeType: true,
		// The message and the entries say all that the timeline of a judged spec does.
		OmitTimelinesForSpecState: types.SpecStatePassed | types.SpecStateSkipped | types.SpecStateFailed,
	})
	if err != nil {
		return err
	}
	if err := wholeXML(beside); err != nil {
		return err
	}
	return os.Rename(beside, path)
}

// wholeXML makes sure that a file was written to its end: Ginkgo does not tell of a
// full disk.
func wholeXML(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	d := xml.NewDecoder(f)
	for elements := 0; ; {
		switch token, err := d.Token(); {
		case err == io.EOF && elements > 0:
			return nil
		case err == io.EOF:
			return errors.New("nothing was written: is the disk full?")
		case err != nil:
			return fmt.Errorf("it was not written to its end: is the disk full? (%w)", err)
		default:
			if _, ok := token.(xml.StartElement); ok {
				elements++
			}
		}
	}
}

// redacted gives a report in which what the specs said is redacted.
func redacted(r Report, redact func(string) string) Report {
	failure := func(f *types.Failure) {
		f.Message, f.ForwardedPanic = redact(f.Message), redact(f.ForwardedPanic)
	}
	r.SuitePath = redact(r.SuitePath)
	r.SpecReports = slices.Clone(r.SpecReports)
	for i := range r.SpecReports {
		s := &r.SpecReports[i]
		s.LeafNodeText = redact(s.LeafNodeText) // names an endpoint, which the target may have named
		s.ContainerHierarchyTexts = slices.Clone(s.ContainerHierarchyTexts)
		for j, text := range s.ContainerHierarchyTexts {
			s.ContainerHierarchyTexts[j] = redact(text)
		}
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
