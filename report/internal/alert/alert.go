// Package alert has what the SARIF files of one target and of a fleet have in common:
// the tool, the rules that causes are, and the fingerprints of alerts.
package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/crossexam/crossexam/report/internal/escape"
	"github.com/crossexam/crossexam/scenarios"
)

// home is where the tool is at home.
const home = "https://github.com/crossexam/crossexam"

// FingerprintKey names what [Fingerprint] gives (SARIF 2.1.0, section 3.27.17).
const FingerprintKey = "crossexam/cause/v1"

// Fingerprint names what these parts name, from run to run.
func Fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:16])
}

// EndpointURI is the path of "GET /path" or, of its error, "GET /path (404)", with its query,
// as a relative reference, with the endpoint's name as its fragment.
func EndpointURI(endpoint string) string {
	_, path, _ := strings.Cut(endpoint, " ")
	path = status.ReplaceAllString(path, "")
	path, name, _ := strings.Cut(path, "#")
	path, query, _ := strings.Cut(strings.TrimLeft(path, "/"), "?")
	u := url.URL{Path: path, RawQuery: url.PathEscape(query), Fragment: name}
	if unescaped, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = unescaped, path
	}
	if s := u.String(); s != "" {
		return s
	}
	return "./"
}

var status = regexp.MustCompile(` \([1-5][0-9][0-9]\)$`)

// NewRun is one of this version of Crossexam, which is empty where it is not known, with
// no rules and no results.
func NewRun(version string) *sarif.Run {
	run := sarif.NewRunWithInformationURI("Crossexam", home)
	run.Tool.Driver.WithRules([]*sarif.ReportingDescriptor{})
	if version != "" {
		run.Tool.Driver.WithVersion(version)
	}
	return run
}

// Write writes the file that has this run.
func Write(w io.Writer, run *sarif.Run) error {
	if err := sarif.NewReport().AddRun(run).PrettyWrite(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// A Rule is a cause as code scanning services describe it. What comes of a target in Says
// is visible already.
type Rule struct {
	ID           string
	Says         string // in a sentence
	Fix          string
	Level        scenarios.Level
	Severity     scenarios.Severity
	Requirements []string
	Guidance     []scenarios.Guidance // the most important first
}

// Descriptor describes the rule.
func (r Rule) Descriptor() *sarif.ReportingDescriptor {
	var links, markdown []string
	tags := []string{"security", "cors"}
	for _, g := range r.Guidance {
		links = append(links, fmt.Sprintf("%s, %s: %s", g.Source, g.Ref, g.URL))
		markdown = append(markdown, fmt.Sprintf("- [%s, %s](%s)", escape.Markdown(g.Source), escape.Markdown(g.Ref), g.URL))
		if number, ok := strings.CutPrefix(g.Ref, "CWE-"); ok {
			tags = append(tags, "external/cwe/cwe-"+number)
		}
	}
	d := sarif.NewRule(r.ID).
		WithName(r.ID).
		WithShortDescription(sarif.NewMultiformatMessageString().WithText(r.Says)).
		WithFullDescription(sarif.NewMultiformatMessageString().WithText(r.Says + " " + r.Fix)).
		WithHelp(sarif.NewMultiformatMessageString().
			WithText(strings.TrimSpace(r.Fix + "\n" + strings.Join(links, "\n"))).
			WithMarkdown(strings.TrimSpace(escape.Markdown(r.Fix) + "\n\n" + strings.Join(markdown, "\n")))).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(Level(r.Level)))
	if len(r.Guidance) > 0 {
		d.WithHelpURI(r.Guidance[0].URL)
	}
	// By the number, of the kind CVSS gives, code scanning services sort.
	score := map[scenarios.Severity]string{scenarios.High: "8.0", scenarios.Medium: "5.5", scenarios.Low: "3.0"}[r.Severity]
	return d.WithProperties(sarif.NewPropertyBag().WithTags(tags).
		Add("requirements", r.Requirements).
		Add("security-severity", score))
}

// Level is that of a violation.
func Level(l scenarios.Level) string {
	switch l {
	case scenarios.Must:
		return sarif.LevelError
	case scenarios.Should:
		return sarif.LevelWarning
	}
	return sarif.LevelNote
}
