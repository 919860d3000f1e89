package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
)

// summaryLimit is how many results of a kind the summary names. GitHub cuts a job
// summary off at 1 MiB, and a reader sooner.
const summaryLimit = 20

// WriteMarkdown writes summary.md, for the summary of a CI job.
func (r Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	s := r.Summary
	code := r.ExitCode()
	fmt.Fprintf(&b, "## Crossexam: %s\n\n", mdText(r.Headline()))
	if s := r.FrontEnd(); s != "" {
		fmt.Fprintf(&b, "%s\n\n", mdText(s))
	}
	for _, d := range r.Diagnoses {
		fmt.Fprintf(&b, "> **%s.**", mdText(capital(d.Detail)))
		if d.Advice != "" {
			fmt.Fprintf(&b, " What to do: %s.", mdText(d.Advice))
		}
		b.WriteString("\n\n")
	}
	fmt.Fprintf(&b, "Target %s, exit code %d: %s.\n\n", mdCode(r.Target.URL), code, r.meaning())
	b.WriteString("| conforms | violates | cannot tell | not applicable | accepted | exfiltration |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- |\n")
	fmt.Fprintf(&b, "| %d | %d | %d | %d | %d | %s |\n", s.Conforms, s.Violates, s.CannotTell, s.NotApplicable, s.Accepted, s.Exfiltration)
	if f := r.Fault; f != nil && !r.diagnosed() {
		fmt.Fprintf(&b, "\nThe examination broke off: %s (%s).", broke(f.Stage), mdCode(f.Error))
		if f.Advice != "" {
			fmt.Fprintf(&b, " What to do: %s.", mdText(f.Advice))
		}
		b.WriteString("\n")
	}
	r.mdBaseline(&b)
	r.mdResults(&b, "Violated", func(c Result) bool { return mark(c) == "violates" })
	r.mdResults(&b, "Could not be judged, which is not a pass", func(c Result) bool { return mark(c) == "cannot-tell" })
	r.mdResults(&b, "Violated, and accepted", func(c Result) bool { return mark(c) == "accepted" })
	r.mdStale(&b)
	if s := r.withheld(summaryLimit); s != "" {
		fmt.Fprintf(&b, "\n%s\n", mdText(s))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mdBaseline compares with an earlier examination.
func (r Report) mdBaseline(b *strings.Builder) {
	if r.Baseline == nil {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n%s\n", mdText(r.Baseline.Title()), mdText(r.Baseline.Counts()))
	for _, c := range r.changes() {
		lines := c.ByScenario()
		for i, at := range lines {
			if i == 0 {
				b.WriteString("\n")
			}
			if i == summaryLimit {
				fmt.Fprintf(b, "- %s: and %s, in report.html\n", c.Word, plural(len(lines)-i, "more scenario", "more scenarios"))
				break
			}
			fmt.Fprintf(b, "- **%s** %s: %s\n", mdText(at.ID), c.Word, mdCode(at.About()))
		}
	}
}

// mdStale lists the accepted deviations that are stale.
func (r Report) mdStale(b *strings.Builder) {
	if len(r.Stale) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### Accepted deviations that are stale\n\n%s\n\n", whatStale)
	for _, s := range r.Stale {
		fmt.Fprintf(b, "- **%s** %s\n", mdText(s.About()), mdText(s.Acceptance.String()))
	}
}

// mdResults lists the scenarios with results of a kind.
func (r Report) mdResults(b *strings.Builder, heading string, wanted func(Result) bool) {
	listed, left := 0, 0
	for _, g := range r.groups() {
		var results []Result
		for _, c := range g.Results {
			if wanted(c) {
				results = append(results, c)
			}
		}
		if len(results) == 0 {
			continue
		}
		if listed == summaryLimit {
			left++
			continue
		}
		if listed == 0 {
			fmt.Fprintf(b, "\n### %s\n\n", heading)
		}
		listed++
		c := results[0]
		fmt.Fprintf(b, "- **%s** (%s) %s\n", mdText(c.ID), grade(c), mdText(c.Title))
		if about := c.Subject.String(); about != "" {
			fmt.Fprintf(b, "  - %s", mdCode(about))
			if n := len(results) - 1; n > 0 {
				fmt.Fprintf(b, " and %d more", n)
			}
			b.WriteString("\n")
		}
		if c.Reason != "" {
			fmt.Fprintf(b, "  - %s\n", mdText(c.Reason))
		}
		if c.Acceptance != nil {
			fmt.Fprintf(b, "  - Accepted %s\n", mdText(c.Acceptance.String()))
		}
		if c.Verdict == scenarios.Violates && c.Fix != "" {
			fmt.Fprintf(b, "  - Fix: %s\n", mdText(c.Fix))
		}
	}
	if left > 0 {
		fmt.Fprintf(b, "- and %s, in report.html\n", plural(left, "more scenario", "more scenarios"))
	}
}

// mdText writes a text so that GitHub's Markdown shows it as it is: no mark-up,
// no HTML, no table, no link. It stays one line.
func mdText(s string) string {
	var b strings.Builder
	for _, r := range visibleLine(s) {
		switch {
		case strings.ContainsRune("&<>", r):
			fmt.Fprintf(&b, "&#%d;", r)
		case strings.ContainsRune("\\`*_{}[]()#+!|~$@", r):
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	// What looks like an address becomes a link by itself.
	return strings.NewReplacer("://", "&#58;//", "www.", "www&#46;").Replace(b.String())
}

// mdCode writes a text as code. In a code span nothing is mark-up but its fence,
// which is made longer than any in the text; a table would still be split at a
// bar, which is written as its code therefore.
func mdCode(s string) string {
	s = strings.ReplaceAll(visibleLine(s), "|", `\x7c`)
	if strings.TrimSpace(s) == "" {
		return "(empty)"
	}
	fence, run := "`", 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		if run >= len(fence) {
			fence = strings.Repeat("`", run+1)
		}
	}
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}
