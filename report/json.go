package report

import (
	_ "embed"
	"encoding/json"
	"io"
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema is the JSON Schema (2020-12) of report.json.
func Schema() []byte { return slices.Clone(schema) }

// WriteJSON writes report.json. It is indented, and has <, > and & as they are:
// it is a file for people and tools, not a part of a page.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
