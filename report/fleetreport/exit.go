package fleetreport

import (
	"slices"

	"github.com/crossexam/crossexam/report"
)

// exitCode is that of 'crossexam test' for the target, where a SHOULD binds too if strict,
// and only what is new or graver fails if onlyNew.
func (o Outcome) exitCode(strict, onlyNew bool, trend Trend) int {
	if o.Fault != nil {
		return report.ExitNoVerdict
	}
	failing := func(c Cause) bool {
		return c.Fails || !c.Accepted && c.Level.Binds(strict)
	}
	news := func(c Cause) bool {
		return slices.ContainsFunc(trend.Changes, func(change CauseChange) bool {
			return change.Cause.Fingerprint == c.Fingerprint && (change.Kind == report.KindNew || change.Kind == report.KindGraver)
		})
	}
	known := false
	for _, c := range o.Causes {
		switch {
		case !failing(c):
		case !onlyNew || news(c):
			return report.ExitViolates
		default:
			known = true
		}
	}
	switch {
	case o.ExitCode != report.ExitViolates || !known:
		return o.ExitCode
	case o.Counts.Unjudged > 0:
		return report.ExitNoVerdict
	}
	return report.ExitConforms
}

// worstExit is the gravest of exit codes: that something is violated at one target stays
// true whatever could not be judged at others. Without any, nothing was judged.
func worstExit(codes []int) int {
	if len(codes) == 0 {
		return report.ExitNoVerdict
	}
	for _, code := range []int{report.ExitViolates, report.ExitNoVerdict, report.ExitUsage} {
		if slices.Contains(codes, code) {
			return code
		}
	}
	return report.ExitConforms
}
