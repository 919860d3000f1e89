package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/crossexam/crossexam/report/internal/escape"
)

// summaryLimit is how many results of a kind the summary names. GitHub cuts a job
// summary off at 1 MiB, and a reader sooner.
const summaryLimit = 20

// writeMarkdown writes summary.md, for the summary of a CI job.
func (r Report) writeMarkdown(w io.Writer) error {
	var b strings.Builder
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
	fmt.Fprintf(&b, "%s\n", mdText(r.Counts()))
	if f := r.Fault; f != nil && !r.diagnosed() {
		fmt.Fprintf(&b, "\nThe examination broke off: %s (%s).", broke(f.Stage), mdCode(f.Error))
		if f.Advice != "" {
			fmt.Fprintf(&b, " What to do: %s.", mdText(f.Advice))
		}
		b.WriteString("\n")
	}
	r.mdInferred(&b)
	r.mdBaseline(&b)
	r.mdCauses(&b, "Violated", r.causesAs(asFailing))
	r.mdDoubts(&b)
	r.mdCauses(&b, "Advised, which does not fail this run", r.causesAs(asAdvice))
	r.mdCauses(&b, "Violated as in the baseline", r.causesAs(asKnown))
	r.mdCauses(&b, "Violated, and accepted", r.causesAs(asAccepted))
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
		lines := c.ByCause()
		for i, at := range lines {
			if i == 0 {
				b.WriteString("\n")
			}
			if i == summaryLimit {
				fmt.Fprintf(b, "- %s: and %s, in report.html\n", c.Word, plural(len(lines)-i, "more cause", "more causes"))
				break
			}
			fmt.Fprintf(b, "- **%s** %s: %s\n", mdText(at.ID), c.Word, mdCode(at.About))
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

// mdCauses lists causes under a heading, the first ones with what they let through and
// what mends them.
func (r Report) mdCauses(b *strings.Builder, heading string, causes []Cause) {
	if len(causes) == 0 {
		return
	}
	const whole = 5
	fmt.Fprintf(b, "\n### %s\n\n", heading)
	for i, c := range causes {
		if i == summaryLimit {
			fmt.Fprintf(b, "- and %s, in report.html\n", plural(len(causes)-i, "more cause", "more causes"))
			break
		}
		fmt.Fprintf(b, "- **%s** (%s) %s\n", mdText(c.ID), c.grade(), mdText(capital(c.Rule)))
		if a := r.acceptances(c); a != "" {
			fmt.Fprintf(b, "  - Accepted %s\n", mdText(a))
		}
		if i >= whole {
			continue
		}
		if where := c.where(true); where != "" {
			fmt.Fprintf(b, "  - %s\n", mdCode(where))
		}
		if c.Worst.Reason != "" {
			fmt.Fprintf(b, "  - %s: %s\n", c.Worst.ID, mdText(c.Worst.Reason))
		}
		if len(c.Requirements) > 1 {
			fmt.Fprintf(b, "  - %s with it: %s\n", plural(len(c.Requirements), "requirement falls", "requirements fall"), few(c.Requirements, 6))
		}
		fmt.Fprintf(b, "  - Fix: %s\n", mdText(c.Fix))
		if c.Snippet != nil && i == 0 {
			fmt.Fprintf(b, "\n  For %s:\n\n  ```\n%s  ```\n\n", mdText(c.Snippet.Name), indented(c.Snippet.Text, "  "))
		}
	}
}

// mdDoubts lists why results could not be judged.
func (r Report) mdDoubts(b *strings.Builder) {
	doubts := r.doubts()
	if len(doubts) == 0 {
		return
	}
	b.WriteString("\n### Could not be judged, which is not a pass\n\n")
	for i, d := range doubts {
		if i == summaryLimit {
			fmt.Fprintf(b, "- and %s, in report.html\n", plural(len(doubts)-i, "more reason", "more reasons"))
			break
		}
		fmt.Fprintf(b, "- **%s** %s\n", mdText(d.about()), mdText(d.Reason))
		if d.WouldTell != "" {
			fmt.Fprintf(b, "  - What would tell: %s\n", mdText(d.WouldTell))
		}
	}
}

func mdText(s string) string { return escape.Markdown(s) }

func mdCode(s string) string { return escape.MarkdownCode(s) }

// indented has its lines behind an indent.
func indented(text, indent string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(indent + line)
	}
	return b.String()
}
