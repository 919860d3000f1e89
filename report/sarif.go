package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/crossexam/crossexam/scenarios"
)

// home is where the tool is at home.
const home = "https://github.com/crossexam/crossexam"

// baseID names the target's base URL in the SARIF file. Locations are relative to
// it (SARIF 2.1.0, section 3.14.14): GitHub refuses a whole file that has one
// absolute https location in it ("SARIF URI scheme "https" did not match the
// checkout URI scheme "file"").
const baseID = "TARGET"

// WriteSARIF writes results.sarif. Its results are the violations and nothing else,
// since code scanning services make an alert of each whatever its kind; those that
// are accepted are suppressed (SARIF 2.1.0, section 3.35). What could not be judged
// is in the notifications of the invocation.
func (r Report) WriteSARIF(w io.Writer) error {
	run := sarif.NewRunWithInformationURI("Crossexam", home)
	run.Tool.Driver.WithRules([]*sarif.ReportingDescriptor{})
	if r.Tool.Version != "" {
		run.Tool.Driver.WithVersion(r.Tool.Version)
	}
	base := sarif.NewArtifactLocation().WithURI(baseURI(r.Target.URL)).
		WithDescription(sarif.NewTextMessage("The API under test."))
	run.WithOriginalUriBaseIds(map[string]sarif.ArtifactLocation{baseID: *base})
	run.WithRedactionTokens([]string{redacted})
	run.AddInvocation(r.invocation())
	for _, g := range r.groups() {
		run.Tool.Driver.AddRule(rule(g))
		for _, c := range g.Results {
			if c.Verdict == scenarios.Violates {
				run.AddResult(r.sarifResult(c).WithRuleIndex(len(run.Tool.Driver.Rules) - 1))
			}
		}
	}
	file := sarif.NewReport().AddRun(run)
	if err := file.PrettyWrite(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// rule describes a scenario.
func rule(g group) *sarif.ReportingDescriptor {
	var links, markdown []string
	tags := []string{"security", "cors"}
	for _, s := range g.Guidance {
		links = append(links, fmt.Sprintf("%s, %s: %s", s.Source, s.Ref, s.URL))
		markdown = append(markdown, fmt.Sprintf("- [%s, %s](%s)", mdText(s.Source), mdText(s.Ref), s.URL))
		if number, ok := strings.CutPrefix(s.Ref, "CWE-"); ok {
			tags = append(tags, "external/cwe/cwe-"+number)
		}
	}
	d := sarif.NewRule(g.ID).
		WithName(g.ID).
		WithShortDescription(sarif.NewMultiformatMessageString().WithText(g.Title + ".")).
		WithFullDescription(sarif.NewMultiformatMessageString().WithText(g.Title + ". " + g.Fix)).
		WithHelp(sarif.NewMultiformatMessageString().
			WithText(strings.TrimSpace(g.Fix + "\n" + strings.Join(links, "\n"))).
			WithMarkdown(strings.TrimSpace(mdText(g.Fix) + "\n\n" + strings.Join(markdown, "\n")))).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel(g.Level)))
	if len(g.Guidance) > 0 {
		d.WithHelpURI(g.Guidance[0].URL)
	}
	properties := sarif.NewPropertyBag().WithTags(tags)
	if score := securityScore(g); score != "" {
		properties.Add("security-severity", score)
	}
	return d.WithProperties(properties)
}

// securityScore is how code scanning services sort by security: the gravest
// violation as a number of the kind CVSS gives.
func securityScore(g group) string {
	worst := scenarios.Severity("")
	for _, s := range []scenarios.Severity{scenarios.Low, scenarios.Medium, scenarios.High} {
		if slices.ContainsFunc(g.Results, func(c Result) bool { return c.Verdict == scenarios.Violates && c.Severity == s }) {
			worst = s
		}
	}
	return map[scenarios.Severity]string{scenarios.High: "8.0", scenarios.Medium: "5.5", scenarios.Low: "3.0"}[worst]
}

// sarifLevel is that of a violation.
func sarifLevel(l scenarios.Level) string {
	switch l {
	case scenarios.Must:
		return sarif.LevelError
	case scenarios.Should:
		return sarif.LevelWarning
	}
	return sarif.LevelNote
}

func (r Report) sarifResult(c Result) *sarif.Result {
	message := visibleLine(c.Reason)
	if about := c.Subject.String(); about != "" {
		message += " [" + about + "]"
	}
	properties := sarif.NewPropertyBag().
		Add("severity", string(c.Severity)).
		Add("origin", visibleLine(c.Subject.Origin)).
		Add("credential", string(c.Subject.Credential)).
		Add("exfiltrated", c.Exfiltrated)
	if c.Proof.LootSHA256 != "" {
		properties.Add("loot_sha256", c.Proof.LootSHA256)
	}
	result := sarif.NewRuleResult(c.ID).
		WithLevel(sarifLevel(c.Level)).
		WithMessage(sarif.NewTextMessage(message)).
		AddLocation(location(c)).
		WithPartialFingerprints(map[string]string{"crossexam/v1": c.Fingerprint()}).
		WithProperties(properties)
	if c.Change != "" {
		result.WithBaselineState(string(c.Change)) // the same words (section 3.27.24)
	}
	if a := c.Acceptance; a != nil {
		result.AddSuppression(sarif.NewSuppression().WithKind("external").WithStatus("accepted").WithJustification("Accepted " + a.String()))
	}
	return result
}

// Fingerprint identifies a result from run to run: the scenario and its subject.
func (c Result) Fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{c.ID, c.Subject.Endpoint, c.Subject.Origin, string(c.Subject.Credential)}, "\n")))
	return hex.EncodeToString(sum[:16])
}

// location is the endpoint, relative to the target. There is no file and no line;
// services that want one get the first.
func location(c Result) *sarif.Location {
	l := sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(endpointURI(c.Subject.Endpoint)).WithURIBaseID(baseID)).
		WithRegion(sarif.NewRegion().WithStartLine(1)))
	if c.Subject.Endpoint != "" {
		l.AddLogicalLocation(sarif.NewLogicalLocation().WithName(visibleLine(c.Subject.Endpoint)).WithKind("resource"))
	}
	return l
}

// endpointURI is the path of "GET /path" as a relative reference.
func endpointURI(endpoint string) string {
	_, path, _ := strings.Cut(endpoint, " ")
	path, query, _ := strings.Cut(strings.TrimLeft(path, "/"), "?")
	u := url.URL{Path: path, RawQuery: url.PathEscape(query)}
	if unescaped, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = unescaped, path
	}
	if s := u.String(); s != "" {
		return s
	}
	return "./"
}

// baseURI ends in a slash, as a base has to.
func baseURI(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return "about:blank"
	}
	return strings.TrimSuffix(u.String(), "/") + "/"
}

// invocation says how the run went, and what it could not judge.
func (r Report) invocation() *sarif.Invocation {
	code := r.ExitCode()
	i := sarif.NewInvocation().
		WithExecutionSuccessful(r.Fault == nil).
		WithExitCode(code).
		WithExitCodeDescription(r.meaning()).
		WithStartTimeUtc(r.Run.Started.Format(time.RFC3339))
	if f := r.Fault; f != nil {
		text := broke(f.Stage) + ": " + visibleLine(f.Error)
		i.AddToolExecutionNotification(sarif.NewNotification().WithLevel(sarif.LevelError).WithMessage(sarif.NewTextMessage(text)))
	}
	for _, s := range r.Stale {
		i.AddToolConfigurationNotification(sarif.NewNotification().WithLevel(sarif.LevelError).
			WithMessage(sarif.NewTextMessage(fmt.Sprintf("The accepted deviation %s is stale. %s", s.About(), whatStale))))
	}
	for _, c := range r.Results {
		if c.Verdict != scenarios.CannotTell {
			continue
		}
		i.AddToolExecutionNotification(sarif.NewNotification().
			WithLevel(sarif.LevelWarning).
			WithMessage(sarif.NewTextMessage(fmt.Sprintf("%s could not be judged: %s [%s]", c.ID, visibleLine(c.Reason), c.Subject.String()))).
			WithAssociatedRule(sarif.NewReportingDescriptorReference().WithID(c.ID)).
			AddLocation(location(c)))
	}
	return i
}
