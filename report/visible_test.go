package report

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                 "plain",
		"tab\tand\nline":        "tab\tand\nline",
		"\x1b[31mred\x1b]0;x\a": `\x1b[31mred\x1b]0;x\x07`,
		"a\rb":                  `a\rb`,
		"\x00\x7f":              `\x00\x7f`,
		"\u009b31m":             `\u009b31m`,
		"x\u202egnp.exe":        `x\u202egnp.exe`,
		"a\u200bb\ufeff":        `a\u200bb\ufeff`,
		"\u2028":                `\u2028`,
		"\xff\xfe":              `\xff\xfe`,
		"\U000e0041":            `\U000e0041`,
		"héllo 日本 😀 e\u0301":    "héllo 日本 😀 e\u0301",
		"\ufffd":                "\ufffd",
	} {
		if got := Visible(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := visibleLine("a\nb\tc"); got != `a\nb\tc` {
		t.Errorf("got %q", got)
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("\x1b[2J\u009b\u202e\xff\n")
	f.Fuzz(func(t *testing.T, s string) {
		checkVisible(t, Visible(s), "\n\t")
		checkVisible(t, visibleLine(s), "")
		for _, l := range Wrap(Visible(s), 10) {
			if utf8.RuneCountInString(l) > 10 {
				t.Fatalf("%q is too long", l)
			}
		}
	})
}

// checkVisible fails where a text has characters that a terminal or a reader
// would not see.
func checkVisible(t *testing.T, s, keep string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%q is not UTF-8", s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) && !strings.ContainsRune(keep, r) {
			t.Fatalf("%q is in %.200q", r, s)
		}
	}
}
