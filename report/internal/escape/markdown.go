package escape

import (
	"fmt"
	"strings"
)

// Markdown writes a text so that GitHub's Markdown shows it as it is: no mark-up,
// no HTML, no table, no link. It stays one line.
func Markdown(s string) string {
	var b strings.Builder
	for _, r := range Line(s) {
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

// MarkdownCode writes a text as code. In a code span nothing is mark-up but its fence,
// which is made longer than any in the text; a table would still be split at a
// bar, which is written as its code therefore.
func MarkdownCode(s string) string {
	s = strings.ReplaceAll(Line(s), "|", `\x7c`)
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
