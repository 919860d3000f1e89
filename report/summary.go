package report

import (
	"fmt"
	"slices"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// Summary counts the results. The first five counts add up to all of them.
type Summary struct {
	Conforms      int          `json:"conforms"`
	Violates      int          `json:"violates"` // not accepted
	CannotTell    int          `json:"cannot_tell"`
	NotApplicable int          `json:"not_applicable"`
	Accepted      int          `json:"accepted"` // violations
	Exfiltration  Exfiltration `json:"exfiltration"`
	Attempts      int          `json:"attempts"`
	Navigations   int          `json:"navigations"`
	Requests      int          `json:"requests"` // to the target
	DurationMS    int64        `json:"duration_ms"`
	ExitCode      int          `json:"exit_code"` // see [Report.ExitCode]
}

// Exfiltration says whether private data left for the attacker.
type Exfiltration string

// Proven takes the attacker's collector having received private data. NoneSeen
// takes that reads were attempted, that each of them could be judged, and that
// the examination came to its end.
const (
	Proven       Exfiltration = "proven"
	NoneSeen     Exfiltration = "none"
	Undetermined Exfiltration = "cannot-tell"
)

// summarize counts; what became of the reads is known before.
func summarize(r Report, e Exfiltration) Summary {
	s := Summary{Exfiltration: e, ExitCode: r.ExitCode()}
	for _, c := range r.Results {
		switch {
		case c.Verdict == scenarios.Conforms:
			s.Conforms++
		case c.Verdict == scenarios.Violates && c.Accepted:
			s.Accepted++
		case c.Verdict == scenarios.Violates:
			s.Violates++
		case c.Verdict == scenarios.NotApplicable:
			s.NotApplicable++
		default:
			s.CannotTell++
		}
	}
	return s
}

// looked says what the attempts to read private data came to.
func looked(record engine.Record) Exfiltration {
	if f := record.Fault; f != nil && f.Stage == engine.StageControls {
		return Undetermined
	}
	conclusive, doubt := false, record.Fault != nil
	for _, c := range record.Results {
		switch {
		case c.Judgement.Exfiltrated, slices.ContainsFunc(c.Observations, scenarios.Observation.Stolen):
			return Proven
		case !isTheft(c):
		case c.Verdict() == scenarios.CannotTell:
			doubt = true
		case c.Verdict() == scenarios.Conforms || c.Verdict() == scenarios.Violates:
			conclusive = true
		}
	}
	unseen := slices.ContainsFunc(record.Diagnoses, func(d engine.Diagnosis) bool { return d.Kind == engine.LeftAlone })
	if doubt || !conclusive || unseen {
		return Undetermined
	}
	return NoneSeen
}

// isTheft reports whether a result is about a page of another origin that tries to
// read, and has an attempt by a page that is not trusted.
func isTheft(c engine.Result) bool {
	return c.Scenario.Topic == scenarios.Reading && slices.ContainsFunc(c.Observations, func(o scenarios.Observation) bool {
		return o.Attempt.Vector != scenarios.Probe && !o.Attempt.Trusted
	})
}

// Counts is the summary in two sentences: how many causes there are to mend, with what
// that means, and what the results came to.
func (r Report) Counts() string {
	s := r.Summary
	work := fmt.Sprintf("%s in %.1f s.", plural(s.Attempts, "attempt", "attempts"), float64(s.DurationMS)/1000)
	if len(r.Results) == 0 {
		return "Nothing was judged; " + work
	}
	levels := map[scenarios.Level]int{}
	for _, c := range r.Causes {
		if !c.Accepted {
			levels[c.Level]++
		}
	}
	doubts := 0
	for _, c := range r.Results {
		if c.Verdict == scenarios.CannotTell && c.Level == scenarios.Must {
			doubts++
		}
	}
	causes := fmt.Sprintf("%d must, %d advice", levels[scenarios.Must], levels[scenarios.Should]+levels[scenarios.Info])
	if r.Run.Strict {
		causes = fmt.Sprintf("%d must, %d should, %d advice", levels[scenarios.Must], levels[scenarios.Should], levels[scenarios.Info])
	}
	text := fmt.Sprintf("Causes: %s. Results: %d violate, %d conform, %d could not be judged", causes, s.Violates, s.Conforms, s.CannotTell)
	if s.CannotTell > 0 {
		text += fmt.Sprintf(" (%d must)", doubts)
	}
	text += fmt.Sprintf(", %d %s not apply", s.NotApplicable, map[bool]string{true: "does", false: "do"}[s.NotApplicable == 1])
	if s.Accepted > 0 {
		text += fmt.Sprintf(", %d %s accepted", s.Accepted, map[bool]string{true: "is", false: "are"}[s.Accepted == 1])
	}
	return text + "; " + work
}
