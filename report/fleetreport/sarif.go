package fleetreport

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/internal/alert"
	"github.com/crossexam/crossexam/report/internal/escape"
	"github.com/crossexam/crossexam/scenarios"
)

// writeSARIF writes results.sarif: an alert a cause and target, the gravest targets first,
// since services cut long files off. What is accepted is suppressed, and targets that
// could not be judged are in the notifications of the invocation.
func (f Fleet) writeSARIF(w io.Writer) error {
	run := alert.NewRun(f.options.Tool.Version)
	run.AddInvocation(f.invocation())
	index := map[string]int{}
	for _, r := range f.rules() {
		index[r.ID] = len(index)
		run.Tool.Driver.AddRule(r.Descriptor())
	}
	for _, t := range f.targets {
		for _, c := range t.Causes {
			run.AddResult(t.alert(c, f.compared()).WithRuleIndex(index[c.ID]))
		}
	}
	return alert.Write(w, run)
}

// rules are the causes of all targets, each once: as its gravest example has it, with the
// requirements of all.
func (f Fleet) rules() []alert.Rule {
	var all []alert.Rule
	at := map[string]int{}
	for _, t := range f.targets {
		for _, c := range t.Causes {
			i, known := at[c.ID]
			if !known {
				i = len(all)
				at[c.ID] = i
				all = append(all, alert.Rule{ID: c.ID, Says: escape.Line(c.Rule) + ".", Fix: escape.Line(c.Fix), Level: c.Level, Severity: c.Severity, Requirements: []string{}})
			}
			r := &all[i]
			if c.Severity.Graver(r.Severity) {
				r.Severity = c.Severity
			}
			if c.Level == scenarios.Must || r.Level == scenarios.Info {
				r.Level = c.Level
			}
			for _, id := range c.Requirements {
				if !slices.Contains(r.Requirements, id) {
					r.Requirements = append(r.Requirements, id)
				}
			}
		}
	}
	for i := range all {
		slices.Sort(all[i].Requirements)
		for _, id := range all[i].Requirements {
			s, _ := scenarios.Find(id)
			for _, g := range s.Guidance {
				if !slices.Contains(all[i].Guidance, g) {
					all[i].Guidance = append(all[i].Guidance, g)
				}
			}
		}
	}
	return all
}

// alert is a cause at this target.
func (t target) alert(c Cause, compared bool) *sarif.Result {
	message := fmt.Sprintf("%s: %s.", escape.Line(t.Title()), escape.Line(c.Rule))
	if c.Reason != "" {
		message += fmt.Sprintf(" %s.", escape.Line(c.Reason))
	}
	if c.Endpoint != "" {
		message += fmt.Sprintf(" [%s]", escape.Line(c.Endpoint))
	}
	result := sarif.NewRuleResult(c.ID).
		WithLevel(alert.Level(c.Level)).
		WithMessage(sarif.NewTextMessage(message)).
		WithPartialFingerprints(map[string]string{alert.FingerprintKey: c.Fingerprint}).
		WithProperties(sarif.NewPropertyBag().
			Add("target", escape.Line(t.Target)).
			Add("name", escape.Line(t.Name)).
			Add("owner", escape.Line(t.Owner)).
			Add("stage", string(t.Stage)).
			Add("severity", string(c.Severity)).
			Add("requirements", c.Requirements).
			Add("endpoints", c.Endpoints).
			Add("exfiltrated", c.Exfiltrated).
			Add("report", t.link()))
	result.AddLocation(sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(t.place(c.Endpoint))).
		WithRegion(sarif.NewRegion().WithStartLine(1))))
	if c.Accepted {
		result.AddSuppression(sarif.NewSuppression().WithKind("external").WithStatus("accepted"))
	}
	if compared && !c.Accepted {
		state := map[report.Kind]string{report.KindNew: "new", report.KindUnchanged: "unchanged"}
		for _, change := range t.trend.Changes {
			if change.Cause.Fingerprint != c.Fingerprint {
				continue
			}
			result.WithBaselineState("updated") // graver or milder (SARIF 2.1.0, section 3.27.24)
			if s := state[change.Kind]; s != "" {
				result.WithBaselineState(s)
			}
		}
	}
	return result
}

// place is where an endpoint of a target is, its query included, as a relative reference
// that begins with the host: GitHub refuses a whole file that has one absolute https location in it.
func (o Outcome) place(endpoint string) string {
	u, err := url.Parse(o.Target)
	if err != nil || u.Host == "" {
		return "target"
	}
	host := strings.NewReplacer(":", "_", "[", "", "]", "").Replace(u.Host) // a colon would make the host a scheme
	base := strings.Trim(host+"/"+strings.Trim(u.EscapedPath(), "/"), "/")
	return strings.TrimSuffix(base+"/"+strings.TrimPrefix(alert.EndpointURI(endpoint), "./"), "/")
}

// invocation says how the run went, and of which targets nothing is known.
func (f Fleet) invocation() *sarif.Invocation {
	i := sarif.NewInvocation().
		WithExecutionSuccessful(len(f.targets) > 0).
		WithExitCode(f.ExitCode()).
		WithExitCodeDescription(f.Meaning())
	var first time.Time
	for _, t := range f.targets {
		if first.IsZero() || t.Started.Before(first) {
			first = t.Started
		}
		if t.code == report.ExitNoVerdict {
			i.AddToolExecutionNotification(sarif.NewNotification().WithLevel(sarif.LevelWarning).WithMessage(sarif.NewTextMessage(
				fmt.Sprintf("%s could not be judged: %s", escape.Line(t.Title()), escape.Line(t.trouble())))))
		}
	}
	if !first.IsZero() {
		i.WithStartTimeUtc(first.UTC().Format(time.RFC3339))
	}
	return i
}
