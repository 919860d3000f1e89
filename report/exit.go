package report

import (
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// The exit codes of the command. 2 is for usage and configuration, of which a
// report knows nothing.
const (
	ExitConforms  = 0
	ExitViolates  = 1
	ExitNoVerdict = 3
)

// ExitMeaning says in a few words what an exit code means.
func ExitMeaning(code int) string {
	switch code {
	case ExitConforms:
		return "conforms"
	case ExitViolates:
		return "a MUST requirement is violated (with --strict a SHOULD too)"
	case 2:
		return "usage or configuration"
	case ExitNoVerdict:
		return "could not judge, which is not a pass"
	}
	return "unknown"
}

// ExitCode is 3 when the examination broke off, else 1 when a MUST is violated
// (with strict a SHOULD too) and that is not accepted, else 3 when such a
// requirement could not be judged, or when nothing was judged at all, else 0.
//
// A violation wins over a case that could not be judged: what a page was seen to
// read stays read. A run that broke off says nothing as a whole, though, whatever
// it had judged by then: a code that depends on how far it came would differ from
// run to run.
func (r Report) ExitCode(strict bool) int {
	if r.Fault != nil {
		return ExitNoVerdict
	}
	judged, doubt := false, false
	for _, c := range r.Results {
		switch {
		case c.Verdict == scenarios.Violates && !c.Accepted && c.binding(strict):
			return ExitViolates
		case c.Verdict == scenarios.CannotTell && c.binding(strict):
			doubt = true
		}
		judged = judged || c.Verdict == scenarios.Conforms || c.Verdict == scenarios.Violates
	}
	if doubt || !judged {
		return ExitNoVerdict
	}
	return ExitConforms
}

// distrusted tells whether a control failed, so that nothing that was seen counts.
func (r Report) distrusted() bool {
	return r.Fault != nil && r.Fault.Stage == string(engine.StageControls)
}

// binding tells whether a result of this level can fail a run.
func (c Result) binding(strict bool) bool {
	return c.Level == scenarios.Must || strict && c.Level == scenarios.Should
}

// fails tells whether the result is a violation that fails the run.
func (r Report) fails(c Result) bool {
	return c.Verdict == scenarios.Violates && !c.Accepted && c.binding(r.Run.Strict)
}
