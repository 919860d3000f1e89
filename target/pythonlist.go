package target

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errNoList = errors.New("it is not a list as Python prints one")

// parseOrigins reads the origins as an application lists them: as Python prints a
// list, or one after the other with commas or blanks between them.
func parseOrigins(s string) ([]string, error) {
	if s = strings.TrimSpace(s); !strings.HasPrefix(s, "[") {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }), nil
	}
	return parsePythonList(s)
}

// parsePythonList reads a list of strings as Python's repr writes it, such as
// ['https://a.example', "it's"]. Nothing may follow it.
func parsePythonList(s string) ([]string, error) {
	rest, ok := strings.CutPrefix(s, "[")
	if !ok {
		return nil, errNoList
	}
	var items []string
	if rest == "]" {
		return items, nil
	}
	for {
		var item string
		var err error
		if item, rest, err = cutPythonString(rest); err != nil {
			return nil, err
		}
		items = append(items, item)
		if rest == "]" {
			return items, nil
		}
		if rest, ok = strings.CutPrefix(rest, ", "); !ok {
			return nil, errNoList
		}
	}
}

// cutPythonString reads the string at the beginning of s and gives what follows.
func cutPythonString(s string) (value, rest string, err error) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return "", "", errNoList
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case s[0]:
			return b.String(), s[i+1:], nil
		case '\\':
			n, err := unescape(&b, s[i+1:])
			if err != nil {
				return "", "", err
			}
			i += n
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", fmt.Errorf("%w: a string does not end", errNoList)
}

// unescape writes what the escape sequence after a backslash stands for, and
// gives its length in bytes.
func unescape(b *strings.Builder, s string) (int, error) {
	if s == "" {
		return 0, fmt.Errorf("%w: a string does not end", errNoList)
	}
	digits := 0
	switch s[0] {
	case '\\', '\'', '"':
		b.WriteByte(s[0])
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return 0, fmt.Errorf("%w: \\%c is no escape of its strings", errNoList, s[0])
	}
	if digits == 0 {
		return 1, nil
	}
	if len(s) <= digits {
		return 0, fmt.Errorf("%w: a string does not end", errNoList)
	}
	code, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil || !utf8.ValidRune(rune(code)) {
		return 0, fmt.Errorf("%w: \\%s is no character", errNoList, s[:1+digits])
	}
	b.WriteRune(rune(code))
	return 1 + digits, nil
}
