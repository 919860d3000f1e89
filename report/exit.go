package report

import (
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// The exit codes of the command. A report knows of one thing that is wrong with
// the configuration: accepted deviations that accept nothing any more.
const (
	ExitConforms  = 0
	ExitViolates  = 1
	ExitUsage     = 2
	ExitNoVerdict = 3
)

// ExitMeaning says in a few words what an exit code means.
func ExitMeaning(code int) string {
	switch code {
	case ExitConforms:
		return "conforms"
	case ExitViolates:
		return "a MUST requirement is violated (in a strict run a SHOULD too)"
	case ExitUsage:
		return "usage or configuration"
	case ExitNoVerdict:
		return "could not judge, which is not a pass"
	}
	return "unknown"
}

// ExitCode is 3 when the examination broke off, else 1 when a violation fails the
// run, else 3 when a verdict that could not be reached does, when nothing was
// judged at all, or when the browser read what no result is about, else 2 when an accepted deviation is stale, else 0.
//
// A violation wins over a case that could not be judged: what a page was seen to
// read stays read. A run that broke off says nothing as a whole, though, whatever
// it had judged by then: a code that depends on how far it came would differ from
// run to run.
func (r Report) ExitCode() int {
	if r.Fault != nil {
		return ExitNoVerdict
	}
	judged, doubt := false, false
	for _, c := range r.Results {
		switch {
		case c.Fails && c.Verdict == scenarios.Violates:
			return ExitViolates
		case c.Fails:
			doubt = true
		}
		judged = judged || c.Verdict == scenarios.Conforms || c.Verdict == scenarios.Violates
	}
	switch {
	case doubt || !judged || r.Sweep.unjudged(r.Results):
		return ExitNoVerdict
	case len(r.Stale) > 0:
		return ExitUsage
	}
	return ExitConforms
}

// meaning says what the exit code of this report means.
func (r Report) meaning() string {
	code := r.ExitCode()
	switch code {
	case ExitUsage:
		return plural(len(r.Stale), "accepted deviation is", "accepted deviations are") + " stale, and has to go from the file"
	case ExitViolates:
		if r.Baseline != nil && r.Baseline.OnlyNew {
			return "a MUST requirement is violated that was not before (in a strict run a SHOULD too)"
		}
	case ExitConforms:
		var but []string
		if n := r.Summary.Accepted; n > 0 {
			but = append(but, plural(n, "accepted violation", "accepted violations"))
		}
		if n := r.known(); n > 0 {
			but = append(but, plural(n, "violation", "violations")+" that the baseline has too")
		}
		if len(but) > 0 {
			return "conforms, except for " + strings.Join(but, " and ")
		}
	}
	return ExitMeaning(code)
}

// known counts the violations that do not fail since the baseline has them too.
func (r Report) known() int {
	n := 0
	for _, c := range r.Results {
		if c.Excuse == engine.ExcusedKnown {
			n++
		}
	}
	return n
}

// distrusted reports whether a control failed, so that nothing that was seen counts.
func (r Report) distrusted() bool {
	return r.Fault != nil && r.Fault.Stage == string(engine.StageControls)
}

// violated reports whether the result is a violation that binds in this run and is
// not accepted.
func (c Result) violated() bool {
	return c.Verdict == scenarios.Violates && (c.Fails || c.Excuse == engine.ExcusedKnown)
}

// convicts reports whether the result is a violation that fails the run.
func (c Result) convicts() bool { return c.Fails && c.Verdict == scenarios.Violates }
