package target

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var writeDocs = flag.Bool("write", false, "write what is generated of docs/configuration.md")

// generated holds a part of docs/configuration.md to what it is made of, or writes it.
func generated(t *testing.T, part, want string) {
	t.Helper()
	const name, end = "../docs/configuration.md", "<!-- end -->\n"
	start := "<!-- written by make generate: " + part + " -->\n"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), start)
	is, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for %s", name, part)
	}
	switch {
	case is == want:
	case *writeDocs:
		if err := os.WriteFile(name, []byte(before+start+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is out of date about %s: make generate", name, part)
		for line := range strings.Lines(want) {
			if !strings.Contains(is, line) {
				t.Logf("it lacks: %s", line)
			}
		}
	}
}

// What docs/configuration.md has of each preset is what the preset says, and the schema
// has their names.
func TestPresetsAreDocumented(t *testing.T) {
	var names, about []string
	for _, p := range Presets() {
		names = append(names, p.Name)
		about = append(about, p.markdown())
	}
	generated(t, "presets", strings.Join(about, "\n"))
	if got := nodeOf(t, Schema).Properties.of("preset").Enum; !slices.Equal(got, names) {
		t.Errorf("the schema has the presets %q, and there are %q", got, names)
	}
}

// Every key has a description and an example that loads, and docs/configuration.md has
// both, in the order of the schema.
func TestSchemaIsDocumented(t *testing.T) {
	for file, schema := range schemas() {
		whole, err := compiled(schema)
		if err != nil {
			t.Fatal(err)
		}
		var rows strings.Builder
		rows.WriteString("| key | meaning | example |\n| --- | --- | --- |\n")
		nodeOf(t, schema).walk("", func(path string, n *schemaNode) {
			if n.Description == "" || len(n.Examples) == 0 {
				t.Errorf("%s has no description or no example", path)
				return
			}
			s := whole
			for part := range strings.SplitSeq(strings.TrimPrefix(strings.ReplaceAll(path, "[]", ".0"), "."), ".") {
				s = at(s, []string{part})
			}
			for _, example := range n.Examples {
				if err := s.Validate(example); err != nil {
					t.Errorf("the example of %s is none: %v", path, err)
				}
			}
			// In a cell a star would begin what is emphasized.
			meaning := strings.NewReplacer("*", `\*`, "|", `\|`, "<", `\<`).Replace(n.Description)
			rows.WriteString("| `" + path + "` | " + meaning + " | `" + quoted(n.Examples[0]) + "` |\n")
		})
		generated(t, file, rows.String())
	}
}
