package scenarios

import (
	"slices"
)

// Verdict is the outcome of a case.
type Verdict string

// The four verdicts. CannotTell is never a pass.
const (
	Conforms      Verdict = "conforms"
	Violates      Verdict = "violates"
	CannotTell    Verdict = "cannot-tell"
	NotApplicable Verdict = "not-applicable"
)

// Severity says what a violation means for the operator.
type Severity string

// High is a read or write that was proved from an origin an attacker can get;
// medium needs more than that (a subdomain, an active network attacker, a cookie
// that SameSite happens to keep home); low is broken or untidy without a proof.
const (
	High   Severity = "high"
	Medium Severity = "medium"
	Low    Severity = "low"
)

// A Judgement is what a judge says of one case.
type Judgement struct {
	Verdict  Verdict
	Severity Severity // of a violation, else empty
	Reason   string   // one plain sentence with the evidence in it
	// Level is that of the violation where it binds less than the scenario does, by a
	// form that can do no harm; empty is the scenario's.
	Level Level
	// Proof is the key of the attempt that shows it best; empty for the first of the
	// case.
	Proof string
	// Doubt is what an observation lacks, where that alone is why nobody can tell;
	// else nil.
	Doubt *Doubt
	// Lack is what would tell where nobody can; else empty.
	Lack Lack
	// Exfiltrated says that the attacker's collector received data from the
	// target that a page without the victim's credential (or network position)
	// could not read.
	Exfiltrated bool
	// Rule is what the target seems to do, which the reason says too; nil where that is
	// not known.
	Rule *Rule
	// FollowsFrom is the ID of the scenario whose violation explains this one: the
	// same rule of the target's is behind both. It is empty where there is none.
	FollowsFrom string
	// Fix is what the operator changes, where that is another thing than what the
	// scenario's says; empty for the scenario's.
	Fix string
}

// withProof names the observation that shows it best.
func (j Judgement) withProof(o Observation) Judgement {
	j.Proof = o.Attempt.Key()
	return j
}

// withRule adds the rule of the target's that is behind a violation.
func (j Judgement) withRule(r Rule) Judgement {
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
