package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report/internal/schematest"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, schema)
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
	schematest.Agree(t, schema, reflect.TypeFor[Report]())
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
