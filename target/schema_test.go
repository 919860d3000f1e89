package target

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

type schemaNode struct {
	Type                 any // a word or several
	Enum                 []string
	Description          string
	Examples             []any
	Properties           properties
	Items                *schemaNode
	AdditionalProperties any
}

// properties are in the order in which the schema has them, which is that of the
// documentation.
type properties []namedNode

type namedNode struct {
	name string
	*schemaNode
}

func (p *properties) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		n := namedNode{name.(string), new(schemaNode)}
		if err := d.Decode(n.schemaNode); err != nil {
			return err
		}
		*p = append(*p, n)
	}
	return nil
}

func (p properties) of(name string) *schemaNode {
	return p[slices.IndexFunc(p, func(n namedNode) bool { return n.name == name })].schemaNode
}

// walk gives every key of the schema with its path.
func (n *schemaNode) walk(path string, visit func(path string, n *schemaNode)) {
	for _, p := range n.Properties {
		visit(join(path, p.name), p.schemaNode)
		p.walk(join(path, p.name), visit)
	}
	if n.Items != nil {
		n.Items.walk(path+"[]", visit)
	}
}

// schemas are those of the files, by name.
func schemas() map[string][]byte {
	return map[string][]byte{"crossexam.yaml": Schema, "accepted.yaml": acceptedSchema}
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
