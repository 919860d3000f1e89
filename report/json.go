package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

//go:embed schema.json
var schema []byte

// WriteJSON writes report.json, by [EncodeJSON].
func (r Report) WriteJSON(w io.Writer) error { return EncodeJSON(w, r) }

// EncodeJSON writes a value as JSON, indented, with <, > and & as they are: it is for
// people and tools, not a part of a page. What a terminal would obey or not show is
// escaped: people print it.
func EncodeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escapeUnprintable(b.Bytes()))
	return err
}

// JSONLine returns a value as JSON on one line, without its end, in which what a terminal
// would obey or not show is escaped, as are <, > and &.
func JSONLine(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return escapeUnprintable(text), err
}

// escapeUnprintable writes characters such as C1 controls and directional overrides
// as escapes, by which a JSON text means the same: they stand in strings only.
func escapeUnprintable(text []byte) []byte {
	hidden := func(r rune) bool { return r >= 0x7f && !unicode.IsPrint(r) }
	if !bytes.ContainsFunc(text, hidden) {
		return text
	}
	out := make([]byte, 0, len(text)+1024)
	for _, r := range string(text) {
		if !hidden(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}
