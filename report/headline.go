package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// Headline is the verdict in one sentence.
func (r Report) Headline() string {
	if r.distrusted() {
		return "Could not judge: " + r.whyNothing()
	}
	if worst := r.worstTheft(); worst != nil && worst.Severity != scenarios.Low {
		return fmt.Sprintf("%s can %s this API%s.", who(*worst), does(*worst), with(worst.Subject.Credential))
	} else if worst != nil {
		return "A page of another origin could read this API, but of " + visibleLine(worst.Subject.Origin) + " alone, which no attacker can have today."
	}
	but := ""
	if violated := append(r.causesAs(asFailing), r.causesAs(asKnown)...); len(violated) > 0 {
		but = ", but " + visibleLine(violated[0].Rule)
		if n := len(violated) - 1; n > 0 {
			but += " (and " + plural(n, "more cause", "more causes") + ")"
		}
	}
	switch r.Summary.Exfiltration {
	case NoneSeen:
		if but == "" && r.Summary.ExitCode == ExitNoVerdict {
			but = ", but not every requirement could be judged"
		}
		if r.Inferred != nil {
			if may := r.Inferred.maybeMeant(); len(may) > 0 {
				return "No web page could read " + r.whatIsPrivate() + " but those of " + visibleLine(strings.Join(may, ", ")) + ", which may be the owner's own" + but + "."
			}
		}
		return "No web page of another origin could read " + r.whatIsPrivate() + but + "."
	case Undetermined:
		if r.judgedNothing() {
			return "Could not judge: " + r.whyNothing()
		}
		return "Could not judge whether a web page of another origin can read this API" + but + "."
	}
	return "Private data left for the attacker."
}

// whatIsPrivate says how much private data was really seen.
func (r Report) whatIsPrivate() string {
	var seen []string
	what := "the private data at "
	for _, p := range r.Private() {
		if !slices.Contains(seen, p.Endpoint) {
			seen = append(seen, p.Endpoint)
		}
		if p.Finding == scenarios.PrivateByNetwork {
			what = "what this API gives to its network at "
		}
	}
	switch len(seen) {
	case 0:
		return "this API's private data"
	case 1:
		return what + visibleLine(seen[0])
	}
	return what + fmt.Sprintf("any of %d endpoints", len(seen))
}

// does is what was proved: a write, or a read.
func does(c Result) string {
	if topicOf(c) == scenarios.Writing {
		return "change data in"
	}
	return "read"
}

func topicOf(c Result) scenarios.Topic {
	s, _ := scenarios.Find(c.ID)
	return s.Topic
}

func (r Report) judgedNothing() bool {
	return r.Summary.Conforms+r.Summary.Violates+r.Summary.Accepted == 0
}

func (r Report) whyNothing() string {
	switch {
	case r.diagnosed() && len(r.Private()) > 0:
		return "private replies of the API were seen, but no browser sends the credential that opens them by itself."
	case r.Fault != nil:
		return broke(r.Fault.Stage) + "."
	case r.Summary.CannotTell > 0:
		return "no attempt showed anything about the target."
	}
	if reason := r.commonReason(); reason != "" {
		return strings.ToLower(reason[:1]) + reason[1:]
	}
	return "no requirement applies to this target as it was declared."
}

// commonReason is the one for which nothing applies, where there is only one.
func (r Report) commonReason() string {
	reason := ""
	for i, c := range r.Results {
		if i > 0 && c.Reason != reason {
			return ""
		}
		reason = c.Reason
	}
	return reason
}

// broke says where an examination broke off.
func broke(stage string) string {
	switch engine.Stage(stage) {
	case engine.StageLog:
		return "the startup log could not be read"
	case engine.StageLaunch:
		return "the target could not be started"
	case engine.StageDiscover:
		return "what is to be examined could not be found out"
	case engine.StageReach:
		return "the target does not answer"
	case engine.StagePremises:
		return "no private reply of the API was seen"
	case engine.StageBrowser:
		return "the browser does not work here"
	case engine.StageControls:
		return "a control failed, so nothing that this browser shows can be trusted"
	case engine.StageEvidence:
		return "evidence was lost on the way"
	case engine.StageSteady:
		return "the target does not decide alike each time, so that what conforms may do so by chance"
	case engine.StageRun:
		return "the run was interrupted"
	}
	return "the examination broke off"
}

// FrontEnd says in one sentence whether the trusted front end still works, the
// other half of the question. It is empty where that was not asked.
func (r Report) FrontEnd() string {
	conforms, doubt, accepted := false, false, true
	unasked := "" // the requirement by which preflights fail
	var violated, hidden []string
	for _, c := range r.Results {
		about, _ := scenarios.Find(c.ID)
		switch {
		// Advice too: that nobody said the front end needs preflights does not make them work.
		case about.StopsPreflights && c.Verdict == scenarios.Violates && !c.Accepted && c.preflightFails():
			unasked = cmp.Or(unasked, c.ID)
		case about.HidesErrors && c.violated() && !slices.Contains(hidden, c.ID):
			hidden = append(hidden, c.ID)
		case about.Topic != scenarios.FrontEnd:
		case c.Verdict == scenarios.Violates && c.Excuse != engine.ExcusedAdvice:
			accepted = accepted && c.Accepted
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
	case len(violated) > 0 && accepted:
		return fmt.Sprintf("The trusted front end cannot do all of its work (%s), which was accepted.", strings.Join(violated, ", "))
	case len(violated) > 0:
		return fmt.Sprintf("The trusted front end cannot do all of its work (%s).", strings.Join(violated, ", "))
	case doubt:
		return "Whether the trusted front end can do all of its work could not be judged."
	case conforms && unasked != "":
		return fmt.Sprintf("The trusted front end can only make requests that need no preflight: its preflights fail (%s).", unasked)
	case conforms && len(hidden) > 0:
		return fmt.Sprintf("The trusted front end can do its work, but cannot read error replies (%s).", strings.Join(hidden, ", "))
	case conforms:
		return "The trusted front end can do its work."
	}
	return ""
}

// preflightFails reports whether the evidence has a preflight that was not answered with a
// 2xx, which is all that browsers take (Fetch standard, #cors-preflight-fetch).
func (c Result) preflightFails() bool {
	return slices.ContainsFunc(c.Proof.Exchanges, func(x Exchange) bool {
		return x.Preflight && x.Response != nil && x.Response.Status/100 != 2
	})
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
	if topicOf(c) == scenarios.Reading && strings.HasPrefix(c.Subject.Origin, "https://") {
		n += 5 // before null and http://, which say less to a reader
	}
	return n
}

// anybody reports whether every page on the web is in the place of this attacker.
func anybody(c Result) bool {
	s, _ := scenarios.Find(c.ID)
	return s.Anyone
}

func who(c Result) string {
	if anybody(c) {
		return "Any web page"
	}
	return "A web page at " + visibleLine(c.Subject.Origin)
}

func with(c scenarios.Credential) string {
	if words := c.OfVisitor(); words != "" {
		return " " + words
	}
	return " with a visitor's credentials"
}

// String names the subject in a line: "GET /api/notebooks from https://evil.test
// with cookie". It is empty where there is none.
func (s Subject) String() string {
	var parts []string
	if s.Endpoint != "" {
		parts = append(parts, s.Endpoint)
	}
	if s.Origin != "" {
		parts = append(parts, from(s.Origin))
	}
	if s.Credential != "" {
		parts = append(parts, "with "+string(s.Credential))
	}
	return visibleLine(strings.Join(parts, " "))
}

// noOrigin is the origin of a subject that is about requests without the header.
const noOrigin = "none"

// from says where requests come from.
func from(origin string) string {
	if origin == noOrigin {
		return "without an Origin"
	}
	return "from " + origin
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
