package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/fixtures/stacks"
	"github.com/crossexam/crossexam/scenarios"
)

// writeCatalogue writes docs/catalogue.md: every scenario, and every vulnerable
// fixture with the scenarios that must convict it, which the tests of package
// engine hold them to.
func writeCatalogue(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# The catalogue\n\n" +
		"<!-- Written by make generate. A test keeps it true. -->\n\n" +
		"What a safe API must show. A MUST fails a run, a SHOULD fails it with `--strict`, information never.\n")
	family := ""
	for _, s := range scenarios.Catalogue() {
		if s.Family() != family {
			family = s.Family()
			fmt.Fprintf(&b, "\n## %s: %s\n\n| ID | level | requirement | asked for by | fix |\n| --- | --- | --- | --- | --- |\n", family, scenarios.FamilyTitle(family))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", s.ID, s.Level, cell(s.Title), citations(s.Guidance), cell(s.WholeFix()))
	}
	b.WriteString("\n## What convicts what\n\n" +
		"Each fixture breaks one thing. The tests run the whole catalogue on each of them: it is convicted by exactly these\n" +
		"scenarios, and the hardened policy by none. Where nothing else is said, victims have a session cookie.\n\n" +
		"| fixture | what it breaks | convicted by |\n| --- | --- | --- |\n")
	for _, p := range fixtures.Policies() {
		row(&b, p.Name, p.Breaks, p.Convicts)
		row(&b, p.Name+", without a login", p.Breaks, p.ConvictsOpen)
		row(&b, p.Name+", bearer token", p.Breaks, p.ConvictsBearer)
		row(&b, p.Name+", client certificate", p.Breaks, p.ConvictsCertificate)
	}
	for _, p := range stacks.Proxies() {
		row(&b, p.Name+" (nginx)", p.Breaks, p.Convicts)
	}
	b.WriteString("\nCFG-001 to CFG-003 are convicted on startup logs and programs that the tests of package engine start with a\n" +
		"`CORS_ORIGINS` of each kind.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func row(b *strings.Builder, name, breaks string, convicts []string) {
	if len(convicts) > 0 {
		sorted := slices.Sorted(slices.Values(convicts))
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, cell(breaks), strings.Join(sorted, " "))
	}
}

func citations(all []scenarios.Guidance) string {
	var links []string
	for _, g := range all {
		links = append(links, fmt.Sprintf("[%s, %s](%s)", cell(g.Source), cell(g.Ref), g.URL))
	}
	return strings.Join(links, "; ")
}

// cell makes a text fit into a cell of a Markdown table, literally.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "<", "&lt;", "`", "\\`", "\n", " ").Replace(s)
}
