package target

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/target/bounded"
)

// csvLimit bounds what is read of a CSV file, in bytes.
const csvLimit = 32 << 20

// csv takes the targets of a CSV file (RFC 4180), whose first line has the names of the
// columns: target, and name, owner, trusted and read where they are wanted. Semicolons and
// tabs separate as commas do: spreadsheets write them where the decimal mark is a comma.
func (l *lister) csv(name, owner string) {
	fail := func(line int, format string, args ...any) {
		l.problems = append(l.problems, &Problem{file: name, line: line, column: 1, err: fmt.Errorf(format, args...)})
	}
	data, err := bounded.ReadFile(name, csvLimit)
	if err != nil {
		fail(0, "the file cannot be read: %w", err)
		return
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = separator(data)
	columns, err := r.Read()
	if err != nil {
		fail(1, "the first line has no names of columns: write target,name,owner")
		return
	}
	for i, c := range columns {
		columns[i] = strings.ToLower(strings.TrimSpace(c))
		if !slices.Contains([]string{"target", "name", "owner", "trusted", "read"}, columns[i]) {
			fail(1, "there is no column %q: the columns are target, name, owner, trusted and read", c)
			return
		}
	}
	if !slices.Contains(columns, "target") {
		fail(1, "no column is called target, which has the URLs")
		return
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			fail(wrong.Line, "this is not CSV as it should be: %w", wrong.Err)
			return
		}
		if !slices.ContainsFunc(row, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			continue // which spreadsheets leave behind
		}
		line, _ := r.FieldPos(0)
		from := &provenance{file: name, places: map[string]place{"": {line, 1}}}
		t := listing{keys: map[string]any{}, from: from, owner: owner, line: line}
		for i, c := range columns {
			value := strings.TrimSpace(row[i])
			switch {
			case value == "":
			case c == "name":
				t.name = value
			case c == "owner":
				t.owner = value
			case c == "target":
				t.keys[c] = value
			default:
				t.keys[c] = anyOf(strings.Fields(value))
			}
		}
		if _, ok := t.keys["target"]; !ok {
			fail(line, "the line has no target")
			continue
		}
		l.add(t)
	}
}

// separator is what stands between the columns of a CSV file, by its first line: no name
// of a column has any of these in it.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(bytes.TrimLeft(data, "\r\n"), []byte("\n"))
	for _, c := range ";\t" {
		if bytes.ContainsRune(first, c) {
			return c
		}
	}
	return ','
}

func anyOf(words []string) []any {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return list
}
