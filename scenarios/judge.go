package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

func conforms(format string, args ...any) Judgement {
	return Judgement{Verdict: Conforms, Reason: fmt.Sprintf(format, args...)}
}

func violates(s Severity, format string, args ...any) Judgement {
	return Judgement{Verdict: Violates, Severity: s, Reason: fmt.Sprintf(format, args...)}
}

func cannotTell(format string, args ...any) Judgement {
	return Judgement{Verdict: CannotTell, Reason: fmt.Sprintf(format, args...)}
}

// withProof names the observation that shows it best.
func (j Judgement) withProof(o Observation) Judgement {
	j.Proof = o.Attempt.Key()
	return j
}

// by adds the rule of the target's that is behind a violation.
func (j Judgement) by(r Rule) Judgement {
	j.Rule = &r
	j.Reason += "; " + r.String()
	return j
}

// binding says how much a violation binds, where that is less than its scenario does.
func (j Judgement) binding(l Level) Judgement {
	if j.Verdict == Violates {
		j.Level = l
	}
	return j
}

// mendedBy says what the operator changes, where it is another thing than the scenario's.
func (j Judgement) mendedBy(fix string) Judgement {
	j.Fix = fix
	return j
}

// worst is the judgement on a case whose parts were judged one by one: the
// gravest violation, else the first doubt, else the first.
func worst(js ...Judgement) Judgement {
	return slices.MinFunc(js, func(a, b Judgement) int { return b.weight() - a.weight() })
}

func (j Judgement) weight() int {
	switch j.Verdict {
	case Violates:
		return 1 + j.Severity.weight()
	case CannotTell:
		return 1
	}
	return 0
}

func (s Severity) weight() int { return 1 + slices.Index([]Severity{Low, Medium, High}, s) }

// Graver reports whether a severity is graver than another. Each is graver than none.
func (s Severity) Graver(than Severity) bool { return s.weight() > than.weight() }

// atMost caps a severity.
func (s Severity) atMost(limit Severity) Severity {
	if s.Graver(limit) {
		return limit
	}
	return s
}

// StaysInPartition is the reason for which a partitioned cookie (CHIPS) stays home: it is
// sent only below the site where it was set.
const StaysInPartition = "Partitioned"

// keeper is what kept a cookie home for these reasons.
func keeper(home string) string {
	if home == StaysInPartition {
		return "its partition"
	}
	return "SameSite"
}

// sameSiteReasons are Chrome's reasons of SameSite for keeping cookies home, or that they
// stay in their partition, and empty where there is none. Other reasons (a path, a browser that blocks third-party
// cookies) say nothing of how the target protects itself.
func sameSiteReasons(o Observation) string {
	var why []string
	for _, r := range o.Credential.HeldBack {
		if (strings.Contains(r, "SameSite") || r == StaysInPartition) && !slices.Contains(why, r) {
			why = append(why, r)
		}
	}
	return strings.Join(why, ", ")
}

// notInPlay says why an attempt with an ambient credential shows nothing about
// it: the browser did not send it.
func notInPlay(c Credential, o Observation) string {
	if !c.Ambient() || o.Credential.Sent {
		return ""
	}
	why := ""
	if len(o.Credential.HeldBack) > 0 {
		why = " (" + strings.Join(o.Credential.HeldBack, ", ") + ")"
	}
	return fmt.Sprintf("the victim's %s was not in play: the browser did not send it%s", c.noun(), why)
}

// sameFailure reports whether the target answers the request with the error that a
// request without credential and without Origin gets: the credential was not
// accepted, or there is nothing at this path.
func sameFailure(o, bare Observation) bool {
	a, b := answer(o), answer(bare)
	return a != nil && b != nil && a.Status >= 400 && a.Status == b.Status
}

func isSuccess(r *cors.Response) bool { return r != nil && r.Status >= 200 && r.Status <= 299 }

// quote makes a string of the target safe to print.
func quote(s string) string {
	const limit = 80
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return strconv.Quote(s)
}
