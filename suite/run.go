package suite

import (
	"io"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/reporters"
	. "github.com/onsi/gomega"
)

// RunOptions say how [Run] reports.
type RunOptions struct {
	// Output takes what Ginkgo prints.
	Output io.Writer
	// JUnit is the path of the JUnit file, or empty for none.
	JUnit string
}

// Run registers and runs the specs of an examination without a `go test`, and
// tells whether all passed. Ginkgo allows one run in a process.
func Run(x Examination, o RunOptions) (bool, error) {
	RegisterFailHandler(Fail)
	Register(x)
	var writing error
	ReportAfterSuite("JUnit", func(r Report) {
		if o.JUnit != "" {
			writing = WriteJUnit(r, o.JUnit)
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

// failer stands in for testing.T: the outcome is RunSpecs' result.
type failer struct{}

func (*failer) Fail() {}
