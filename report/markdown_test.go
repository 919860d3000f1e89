package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

func markdown(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.writeMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdown(t *testing.T) {
	got := markdown(t, reportOf(sample(), Meta{}))
	for _, want := range []string{
		"## Crossexam: Any web page can read this API with a visitor's session.\n",
		"\nThe trusted front end can do its work.\n",
		"Target `https://api.example.com`, exit code 1: a MUST requirement is violated (in a strict run a SHOULD too).\n",
		"\nCauses: 2 must, 0 advice. Results: 5 violate, 2 conform, 1 could not be judged \\(1 must\\), 1 does not apply; 9 attempts in 1.2 s.\n",
		"\n### Violated\n\n- **every-origin** (must, high severity) Every origin is echoed, with credentials\n  - `GET /api/notebooks from https://evil.test, https://x.example.com with cookie`\n",
		"\n  - 4 requirements fall with it: WLD-001, CRD-002, PRE-003, HDR-003\n  - Fix: List the front end's origins ",
		"\n### Could not be judged, which is not a pass\n\n- **ERR-002 \\(1 result, which fails the run\\)** the target closed the connection\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "ORG-001") {
		t.Error("what conforms is listed")
	}
	if got := markdown(t, reportOf(faulty(engine.StageReach), Meta{})); !strings.Contains(got, "broke off: the target does not answer (`connection refused`). What to do: start it.") {
		t.Errorf("got\n%s", got)
	}
}

// What could not be judged says what would tell, in each output.
func TestWhatWouldTell(t *testing.T) {
	record := sample()
	for i, c := range record.Results {
		if c.Verdict() == scenarios.CannotTell {
			record.Results[i].Judgement.Lack = scenarios.LacksAnswer
		}
	}
	r := reportOf(record, Meta{InWords: func(s string) string {
		if s == scenarios.LacksAnswer.WouldTell() {
			return "look for the answer"
		}
		return s
	}})
	var terminal, page bytes.Buffer
	Text(&terminal, r, TextOptions{Width: 80, Verbose: true})
	if err := r.writeHTML(&page, nil); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ text, want string }{
		"summary.md":  {markdown(t, r), "the target closed the connection\n  - What would tell: look for the answer\n"},
		"terminal":    {terminal.String(), "What would tell: Look for the answer.\n"},
		"report.html": {page.String(), "<b>What would tell:</b> look for the answer.</p>"},
	} {
		if n := strings.Count(c.text, c.want); n != 1 {
			t.Errorf("%s says it %d times", what, n)
		}
	}
	for _, c := range r.Results {
		if (c.WouldTell != "") != (c.Verdict == scenarios.CannotTell) {
			t.Errorf("%s, %s: what would tell is %q", c.ID, c.Verdict, c.WouldTell)
		}
	}
}

func TestMarkdownOfAcceptedAndCompared(t *testing.T) {
	got := markdown(t, reportOf(compared(accepting(sample(), "NUL-001")), Meta{}))
	for _, want := range []string{
		"1 does not apply, 1 is accepted; 9 attempts",
		"\n### Compared with the run of 20 November 2026, 08:00 UTC\n\n1 new violation, 1 fixed, 4 unchanged, ",
		"\n- **every-origin** new: `GET /api/notebooks from https://evil.test with cookie`\n",
		"\n- **ORG-001** fixed: `GET /api/notebooks from https://fixed.test with cookie`\n",
		"\n- **ERR-002** could not be judged now: `",
		"\n- **ORG-009** not examined now: `",
		"\n- **every-origin** unchanged: `GET /api/notebooks from https://x.example.com with cookie and 2 more`\n",
		"\n- **null-origin** unchanged, accepted: `",
		"\n### Violated, and accepted\n\n- **null-origin** (must, high severity, unchanged) The origin null is trusted\n",
		"\n  - Accepted until 2027-01-31 by api-team: It moves in spring\n",
		"\n### Accepted deviations that are stale\n\nEverything",
		"- **ORG-001 \\(from https&#58;//\\*.example.com\\)** until 2027-02-01 by front-team: They are ours\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestMarkdownIsShort(t *testing.T) {
	var results []engine.Result
	for range 30 {
		id := "ORG-0" + string(rune('a'+len(results)%26)) + string(rune('a'+len(results)/26))
		results = append(results, judged(id, scenarios.Must, scenarios.Violates, "granted", read(sampleEvil, true)), judged(id, scenarios.Must, scenarios.Violates, "granted", read(sampleEvil, true)))
	}
	got := markdown(t, reportOf(of(results...), Meta{}))
	if strings.Count(got, "- **") != summaryLimit || !strings.Contains(got, "and 10 more causes, in report.html") {
		t.Errorf("got\n%s", got)
	}
	// One cause fits into a comment on a pull request, however much falls with it.
	one := markdown(t, reportOf(ofRecording(t, "unescaped-dot"), Meta{}))
	if len(one) > 4<<10 || !strings.Contains(one, "**unescaped-dot**") {
		t.Errorf("one cause takes %d bytes:\n%s", len(one), one)
	}
	if wild := markdown(t, reportOf(ofRecording(t, "wildcard-echo-with-cookie"), Meta{})); len(wild) > 4<<10 {
		t.Errorf("a wildcard takes %d bytes:\n%s", len(wild), wild)
	}
}

// plain is what is left of a line of Markdown without escaped characters and code
// spans, which end at as many backticks as they begin with (CommonMark, 6.1).
func plain(t *testing.T, line string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
		case line[i] == '`':
			fence := backticks.FindString(line[i:])
			end := -1
			for _, at := range backticks.FindAllStringIndex(line[i+len(fence):], -1) {
				if at[1]-at[0] == len(fence) {
					end = i + len(fence) + at[1]
					break
				}
			}
			if end < 0 {
				t.Fatalf("a code span has no end: %s", line)
			}
			i = end - 1
		default:
			b.WriteByte(line[i])
		}
	}
	return b.String()
}

var backticks = regexp.MustCompile("`+")

// What the target sends makes no line, no cell, no link and no HTML.
func TestMarkdownIsInert(t *testing.T) {
	r, _ := hostileReport(t)
	got := markdown(t, r)
	checkVisible(t, got, "\n")
	for line := range strings.SplitSeq(strings.TrimSpace(got), "\n") {
		ours := line == "" || strings.HasPrefix(line, "## Crossexam") || strings.HasPrefix(line, "### ") ||
			strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "- **") || strings.HasPrefix(line, "  - ") ||
			strings.HasPrefix(line, "Target ") || strings.HasPrefix(line, "Causes: ") || strings.HasPrefix(line, "The ") || strings.HasPrefix(line, "Withheld, since it could") ||
			strings.HasPrefix(line, "1 new violation, ") || line == whatStale
		if !ours {
			t.Errorf("this line is not ours: %s", line)
		}
		if strings.HasPrefix(line, "|") {
			continue
		}
		rest := strings.TrimLeft(strings.ReplaceAll(plain(t, line), "**", ""), "#")
		if i := strings.IndexAny(rest, "`|<>*_[]@~"); i >= 0 {
			t.Errorf("%q is not escaped in %s", rest[i], line)
		}
		if strings.Contains(rest, "://") || strings.Contains(rest, "www.") {
			t.Errorf("there is a link in %s", line)
		}
	}
}

func TestMarkdownText(t *testing.T) {
	for in, want := range map[string]string{
		"plain, text.":      "plain, text.",
		"a|b`c*d_e":         "a\\|b\\`c\\*d\\_e",
		"<b>&amp;":          "&#60;b&#62;&#38;amp;",
		"a\nb":              `a\\nb`,
		"https://evil.test": "https&#58;//evil.test",
		"www.evil.test":     "www&#46;evil.test",
	} {
		if got := mdText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"GET /x":  "`GET /x`",
		"a`b":     "``a`b``",
		"`":       "`` ` ``",
		"a```b``": "```` a```b`` ````",
		"a|b":     "`a\\x7cb`",
		"a\nb":    "`a\\nb`",
		" ":       "(empty)",
		"":        "(empty)",
	} {
		if got := mdCode(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
