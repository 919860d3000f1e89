// Package schematest holds JSON Schemas to the structs that they describe, for tests.
package schematest

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Compile compiles a schema, which asserts formats.
func Compile(t testing.TB, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Agree fails where schema and type have not the same fields, at any depth: all of them
// are required, and there are no others. What may be null is the first alternative of an
// anyOf, and a pointer.
func Agree(t testing.TB, schema []byte, typ reflect.Type) {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatal(err)
	}
	defs, _ := root["$defs"].(map[string]any)
	var compare func(where string, s map[string]any, typ reflect.Type)
	compare = func(where string, s map[string]any, typ reflect.Type) {
		if typ.Kind() == reflect.Pointer {
			typ, s = typ.Elem(), s["anyOf"].([]any)[0].(map[string]any)
		}
		if ref, ok := s["$ref"].(string); ok {
			s = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		if s["type"] == "array" {
			compare(where+"[]", s["items"].(map[string]any), typ.Elem())
			return
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() {
			return
		}
		properties := s["properties"].(map[string]any)
		var fields []string
		for i := range typ.NumField() {
			name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name == "-" { // never written
				continue
			}
			if options != "" {
				t.Errorf("%s.%s has options: every field is always there", where, name)
			}
			fields = append(fields, name)
			if p, ok := properties[name].(map[string]any); ok {
				compare(where+"."+name, p, typ.Field(i).Type)
			}
		}
		slices.Sort(fields)
		if known := slices.Sorted(maps.Keys(properties)); !slices.Equal(known, fields) {
			t.Errorf("%s: the schema has %q, the struct %q", where, known, fields)
		}
		var required []string
		for _, name := range s["required"].([]any) {
			required = append(required, name.(string))
		}
		slices.Sort(required)
		if !slices.Equal(required, fields) {
			t.Errorf("%s: the schema requires %q, the struct has %q", where, required, fields)
		}
		if s["additionalProperties"] != false {
			t.Errorf("%s: the schema takes unknown fields", where)
		}
	}
	compare("root", root, typ)
}
