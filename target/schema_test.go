package target

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

type schemaNode struct {
	Type                 any // a word or several
	Enum                 []string
	Description          string
	Examples             []any
	Properties           map[string]*schemaNode
	Items                *schemaNode
	AdditionalProperties any
}

// walk gives every key of the schema with its path.
func (n *schemaNode) walk(path string, visit func(path string, n *schemaNode)) {
	for name, p := range n.Properties {
		visit(join(path, name), p)
		p.walk(join(path, name), visit)
	}
	if n.Items != nil {
		n.Items.walk(path+"[]", visit)
	}
}

// schemas are those of the files, by name.
func schemas() map[string][]byte {
	return map[string][]byte{"crossexam.yaml": Schema, "accepted.yaml": AcceptedSchema}
}

func nodeOf(t *testing.T, schema []byte) *schemaNode {
	t.Helper()
	var n schemaNode
	if err := json.Unmarshal(schema, &n); err != nil {
		t.Fatal(err)
	}
	return &n
}

// The schema has the keys of the configuration, and no others, with their types.
func TestSchemaIsTheConfiguration(t *testing.T) {
	inSchema := map[string]string{}
	visit := func(path string, n *schemaNode) {
		kind := fmt.Sprint(n.Type)
		if n.Enum != nil {
			kind = "string"
		}
		if len(n.Properties) > 0 && n.AdditionalProperties != false {
			t.Errorf("%s is open to unknown keys", path)
		}
		inSchema[path] = kind
	}
	for _, schema := range schemas() {
		nodeOf(t, schema).walk("", visit)
	}
	inCode := map[string]string{}
	var fields func(path string, typ reflect.Type)
	fields = func(path string, typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			name := f.Tag.Get("yaml")
			if !f.IsExported() {
				continue
			}
			if name == "" {
				t.Errorf("%s of %s has no key", f.Name, typ)
			}
			key, typ := join(path, name), f.Type
			if typ.Kind() == reflect.Pointer {
				typ = typ.Elem()
			}
			switch {
			case typ == reflect.TypeFor[time.Duration]():
				inCode[key] = "string"
				continue
			case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
				fields(key+"[]", typ.Elem())
			case typ.Kind() == reflect.Struct:
				fields(key, typ)
			}
			if reflect.PointerTo(typ).Implements(reflect.TypeFor[yaml.InterfaceUnmarshaler]()) {
				inCode[key] = "[string object]" // which may be written as a word
				continue
			}
			inCode[key] = map[reflect.Kind]string{
				reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer",
				reflect.Float64: "number", reflect.Slice: "array", reflect.Struct: "object", reflect.Map: "object",
			}[typ.Kind()]
		}
	}
	fields("", reflect.TypeFor[Config]())
	fields("[]", reflect.TypeFor[acceptanceEntry]())
	for key, kind := range inCode {
		if inSchema[key] != kind {
			t.Errorf("%s is %q in the schema and %q in the code", key, inSchema[key], kind)
		}
	}
	for key := range inSchema {
		if inCode[key] == "" {
			t.Errorf("%s is in the schema only", key)
		}
	}
}

// The words for presets in the schema, and what docs/configuration.md has of each, are
// those of the presets.
func TestPresetsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
		if about := p.Markdown(); !strings.Contains(string(text), about) {
			t.Errorf("docs/configuration.md lacks this:\n%s", about)
		}
	}
	if got := nodeOf(t, Schema).Properties["preset"].Enum; !slices.Equal(got, names) {
		t.Errorf("the schema has the presets %q, and there are %q", got, names)
	}
}

// Every key has a description and an example that loads, and docs/configuration.md
// says the same of it.
func TestSchemaIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	var keys []string
	for _, schema := range schemas() {
		whole, err := compiled(schema)
		if err != nil {
			t.Fatal(err)
		}
		nodeOf(t, schema).walk("", func(path string, n *schemaNode) {
			keys = append(keys, path)
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
			row := "| `" + path + "` | " + n.Description + " | `" + quoted(n.Examples[0]) + "` |"
			if !strings.Contains(doc, row) {
				t.Errorf("docs/configuration.md lacks this row:\n%s", row)
			}
		})
	}
	for line := range strings.Lines(doc) {
		if name, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ = strings.Cut(name, "`")
			if !slices.Contains(keys, name) && !strings.HasPrefix(name, "-") {
				t.Errorf("docs/configuration.md has the key %s, which does not exist", name)
			}
		}
	}
}
