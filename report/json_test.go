package report

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

	"github.com/crossexam/crossexam/engine"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
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

func written(t *testing.T, r Report) any {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestReportsFitTheSchema(t *testing.T) {
	s := compiled(t)
	for name, record := range map[string]engine.Record{
		"sample":      sample(),
		"accepted":    accepting(sample()),
		"compared":    compared(accepting(sample(), "CRD-002")),
		"broke off":   faulty(engine.StageReach),
		"empty":       {},
		"a new stage": faulty("elsewhere", sample().Results...),
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Validate(written(t, reportOf(binding(record, true), Meta{Version: "1.0", Commit: "abc"}))); err != nil {
				t.Errorf("%#v", err)
			}
		})
	}
}

// A schema that takes everything would prove nothing.
func TestTheSchemaRefuses(t *testing.T) {
	s := compiled(t)
	change := func(change func(report, result map[string]any)) any {
		v := written(t, reportOf(sample(), Meta{})).(map[string]any)
		change(v, v["results"].([]any)[0].(map[string]any))
		return v
	}
	for name, v := range map[string]any{
		"another version":    change(func(r, _ map[string]any) { r["schema"] = "crossexam/report/v2" }),
		"an unknown field":   change(func(r, _ map[string]any) { r["x"] = 1 }),
		"a missing field":    change(func(r, _ map[string]any) { delete(r, "summary") }),
		"null for a list":    change(func(r, _ map[string]any) { r["notes"] = nil }),
		"an unknown verdict": change(func(_, c map[string]any) { c["verdict"] = "passed" }),
		"a cookie's value": change(func(r, _ map[string]any) {
			r["cookies"].([]any)[0].(map[string]any)["value"] = "secret"
		}),
	} {
		if s.Validate(v) == nil {
			t.Errorf("the schema takes %s", name)
		}
	}
}

// Schema and structs have the same fields, everywhere, whatever a sample shows.
func TestSchemaAndStructsAgree(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	defs := root["$defs"].(map[string]any)
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
	compare("report", root, reflect.TypeFor[Report]())
}

func TestJSONRoundTrip(t *testing.T) {
	r := reportOf(compared(accepting(sample(), "CRD-002")), Meta{Version: "1.0"})
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back Report
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	if err := d.Decode(&back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r, back) {
		t.Error("what was written is not what is read")
	}
}
