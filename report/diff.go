package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed diff.html.tmpl
var diffSource string

var diffTemplate = template.Must(template.New("diff").Funcs(template.FuncMap{"line": visibleLine, "count": plural}).Parse(diffSource))

// WriteHTML writes the comparison as one file that needs nothing else, no script either.
func (d Diff) WriteHTML(w io.Writer) error {
	var b bytes.Buffer
	if err := diffTemplate.Execute(&b, d); err != nil {
		return fmt.Errorf("making the page: %w", err)
	}
	_, err := b.WriteTo(w)
	return err
}
