// Package look is what the pages that Crossexam writes have in common: the style sheet, the
// marks of the verdicts and the policy that keeps a page from doing anything else.
package look

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/crossexam/crossexam/report/internal/escape"
)

// Style is the style sheet.
//
//go:embed look.css
var Style string

//go:embed parts.html.tmpl
var parts string

// Template is a template of that name which has "head" (with .Policy), "symbols" and
// "badge" (of a mark), and the functions line, lines and prose.
func Template(name string) *template.Template {
	return template.Must(template.New(name).Funcs(template.FuncMap{"line": escape.Line, "lines": escape.Lines, "prose": prose}).Parse(parts))
}

// Policy is the Content Security Policy that lets nothing run and nothing style a page but
// this script and this style sheet.
func Policy(script, style string) string {
	return fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
		Hash(script), Hash(style))
}

// Hash names an inline script or style sheet (CSP level 3, section 2.3.1).
func Hash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// prose is a sentence in which what stands between backquotes is code.
func prose(sentence string) template.HTML {
	parts := strings.Split(escape.Line(sentence), "`")
	if len(parts)%2 == 0 { // one of them has no other
		return template.HTML(template.HTMLEscapeString(escape.Line(sentence)))
	}
	var b strings.Builder
	for i, part := range parts {
		part = template.HTMLEscapeString(part)
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String())
}
