package report

import "github.com/crossexam/crossexam/report/internal/escape"

// Visible writes the control characters of a text so that they can be seen and do
// nothing: an escape sequence becomes \x1b[31m, a bidirectional override \u202e,
// a byte that is not UTF-8 \xff. Line feeds and tabs stay.
func Visible(s string) string { return escape.Lines(s) }

// visibleLine is [Visible] for what must stay in one line.
func visibleLine(s string) string { return escape.Line(s) }
