// Package escape writes texts of a hostile target so that they stay texts in what people
// read.
package escape

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lines writes the control characters of a text so that they can be seen and do nothing:
// an escape sequence becomes \x1b[31m, a bidirectional override \u202e, a byte that is
// not UTF-8 \xff. Line feeds and tabs stay.
func Lines(s string) string { return visible(s, "\n\t") }

// Line is [Lines] for what must stay in one line.
func Line(s string) string { return visible(s, "") }

func visible(s, keep string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !shows(r, keep) }) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && isBroken(s[i:]):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case shows(r, keep) || r == utf8.RuneError:
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// shows reports whether a character can be printed as it is. Marks that are no
// characters of their own, such as zero-width joiners and directional overrides,
// are not printable; a combining mark is, and needs a letter before it.
func shows(r rune, keep string) bool {
	return r != utf8.RuneError && (unicode.IsPrint(r) || strings.ContainsRune(keep, r))
}

func isBroken(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return r == utf8.RuneError && size == 1
}
