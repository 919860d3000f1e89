package report

import (
	"fmt"
	"slices"
	"strings"

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
		return "a binding requirement is violated"
	case 2:
		return "usage or configuration"
	case ExitNoVerdict:
		return "could not judge, which is not a pass"
	}
	return "unknown"
}

// ExitCode is 1 when a MUST is violated (with strict a SHOULD too) and that is
// not accepted, else 3 when the examination broke off, when such a requirement
// could not be judged, or when nothing was judged at all, else 0.
//
// A violation wins over whatever could not be judged: what a page was seen to
// read stays read, however the rest ends. The exception is a control that failed.
// It takes back the trust in all that this browser showed, so nothing counts.
func (r Report) ExitCode(strict bool) int {
	if r.Fault != nil && r.Fault.Stage == string(engine.StageControls) {
		return ExitNoVerdict
	}
	judged, doubt := false, r.Fault != nil
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

// binding tells whether a result of this level can fail a run.
func (c Result) binding(strict bool) bool {
	return c.Level == scenarios.Must || strict && c.Level == scenarios.Should
}

// fails tells whether the result is a violation that fails the run.
func (r Report) fails(c Result) bool {
	return c.Verdict == scenarios.Violates && !c.Accepted && c.binding(r.Run.Strict)
}

// Accepting gives a copy of the report in which the violations that the function
// knows are marked as accepted.
func (r Report) Accepting(accepted func(Result) bool) Report {
	r.Results = slices.Clone(r.Results)
	for i, c := range r.Results {
		r.Results[i].Accepted = c.Verdict == scenarios.Violates && accepted(c)
	}
	s := summarize(r, r.Summary.Exfiltration)
	s.Attempts, s.Navigations, s.Requests, s.DurationMS = r.Summary.Attempts, r.Summary.Navigations, r.Summary.Requests, r.Summary.DurationMS
	r.Summary = s
	return r
}

// summarize counts; what became of the reads is known before.
func summarize(r Report, e Exfiltration) Summary {
	s := Summary{Exfiltration: e, ExitCode: r.ExitCode(r.Run.Strict)}
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
	conclusive, doubt := false, record.Fault != nil
	for _, c := range record.Results {
		switch {
		case c.Judgement.Exfiltrated:
			return Proven
		case !isTheft(c):
		case c.Verdict() == scenarios.CannotTell:
			doubt = true
		case c.Verdict() == scenarios.Conforms || c.Verdict() == scenarios.Violates:
			conclusive = true
		}
	}
	if doubt || !conclusive {
		return Undetermined
	}
	return NoneSeen
}

// isTheft tells whether a result is about a page of another origin that tries to
// read: a family about reading, and an attempt by a page that is not trusted.
func isTheft(c engine.Result) bool {
	if !slices.Contains([]string{"WLD", "ORG", "NUL", "CRD"}, c.Scenario.Family()) {
		return false
	}
	return slices.ContainsFunc(c.Observations, func(o scenarios.Observation) bool {
		return o.Attempt.Vector != scenarios.Probe && !o.Attempt.Trusted
	})
}

// Headline is the verdict in one sentence.
func (r Report) Headline() string {
	if worst := r.worstTheft(); worst != nil {
		return fmt.Sprintf("%s can read this API%s.", who(*worst), with(worst.Subject.Credential))
	}
	violated := 0
	seen := map[string]bool{}
	for _, c := range r.Results {
		if r.fails(c) && !seen[c.ID] {
			seen[c.ID] = true
			violated++
		}
	}
	but := ""
	if violated > 0 {
		but = fmt.Sprintf(", but %s violated", plural(violated, "binding requirement is", "binding requirements are"))
	}
	switch r.Summary.Exfiltration {
	case NoneSeen:
		if but == "" && r.Summary.ExitCode == ExitNoVerdict {
			but = ", but not every requirement could be judged"
		}
		return "No web page of another origin could read this API's private data" + but + "."
	case Undetermined:
		if r.judgedNothing() {
			return "Could not judge: " + r.whyNothing()
		}
		return "Could not judge whether a web page of another origin can read this API" + but + "."
	}
	return "Private data left for the attacker."
}

func (r Report) judgedNothing() bool {
	return r.Summary.Conforms+r.Summary.Violates+r.Summary.Accepted == 0
}

func (r Report) whyNothing() string {
	switch {
	case r.Fault != nil:
		return broke(r.Fault.Stage) + "."
	case r.Summary.CannotTell > 0:
		return "no attempt showed anything about the target."
	}
	return "no requirement applies to this target as it was declared."
}

// broke says where an examination broke off.
func broke(stage string) string {
	switch engine.Stage(stage) {
	case engine.StageReach:
		return "the target does not answer"
	case engine.StageBrowser:
		return "the browser does not work here"
	case engine.StageControls:
		return "a control failed, so nothing that this browser shows can be trusted"
	case engine.StageEvidence:
		return "evidence was lost on the way"
	case engine.StageRun:
		return "the run was interrupted"
	}
	return "the examination broke off"
}

// FrontEnd says in one sentence whether the trusted front end still works, the
// other half of the question. It is empty where that was not asked.
func (r Report) FrontEnd() string {
	conforms, doubt := false, false
	var violated []string
	for _, c := range r.Results {
		switch {
		case c.Family != "TRU":
		case r.fails(c):
			if !slices.Contains(violated, c.ID) {
				violated = append(violated, c.ID)
			}
		case c.Verdict == scenarios.CannotTell:
			doubt = true
		case c.Verdict == scenarios.Conforms:
			conforms = true
		}
	}
	switch {
	case len(violated) > 0:
		return fmt.Sprintf("The trusted front end cannot do all of its work (%s).", strings.Join(violated, ", "))
	case doubt:
		return "Whether the trusted front end can do all of its work could not be judged."
	case conforms:
		return "The trusted front end can do its work."
	}
	return ""
}

// worstTheft is the proven exfiltration that says most, or nil.
func (r Report) worstTheft() *Result {
	var worst *Result
	for i, c := range r.Results {
		if c.Exfiltrated && (worst == nil || c.harm() > worst.harm()) {
			worst = &r.Results[i]
		}
	}
	return worst
}

// harm orders thefts: from an origin that anybody has before one that only some
// can get.
func (c Result) harm() int {
	n := slices.Index([]scenarios.Severity{scenarios.Low, scenarios.Medium, scenarios.High}, c.Severity)
	if anybody(c) {
		n += 10
	}
	return n
}

// anybody tells whether every page on the web is in the place of this attacker.
func anybody(c Result) bool { return c.Family == "WLD" || c.Family == "NUL" }

func who(c Result) string {
	if anybody(c) {
		return "Any web page"
	}
	return "A web page at " + visibleLine(c.Subject.Origin)
}

func with(c scenarios.Credential) string {
	switch c {
	case scenarios.Cookie:
		return " with a visitor's session"
	case scenarios.Basic:
		return " with a visitor's password"
	case scenarios.ClientCert:
		return " with a visitor's certificate"
	case scenarios.Network:
		return " from a visitor's network"
	}
	return ""
}

// about names the subject in a line: "GET /api/notebooks from https://evil.test
// with cookie".
func (s Subject) about() string {
	var parts []string
	if s.Endpoint != "" {
		parts = append(parts, s.Endpoint)
	}
	if s.Origin != "" {
		parts = append(parts, "from "+s.Origin)
	}
	if s.Credential != "" {
		parts = append(parts, "with "+string(s.Credential))
	}
	return visibleLine(strings.Join(parts, " "))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
