package bounded

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var small = Limits{Bytes: 1000, Depth: 9, Values: 100}

func TestToJSON(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"JSON":               {` {"a": [1, null]}`, `{"a": [1, null]}`},
		"byte order mark":    {"\ufeff{}", `{}`},
		"YAML":               {"a: [1, x, 1.5, true, null, ~, 0x1f, .inf, yes, '1']\n200: {b: }\n", `{"a":[1,"x",1.5,true,null,null,"0x1f",".inf","yes","1"],"200":{"b":null}}`},
		"a text":             {"a: |\n  x\n  y\n", `{"a":"x\ny\n"}`},
		"alias":              {"a: &a [1]\nb: *a\n", `{"a":[1],"b":[1]}`},
		"merge":              {"a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", `{"a":{"x":1,"y":2},"b":{"y":3,"x":1}}`},
		"merge of several":   {"a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n", `{"a":{"x":1},"b":{"x":2,"y":2},"c":{"x":1,"y":2}}`},
		"as deep as allowed": {"[[[[[[[[[]]]]]]]]]", "[[[[[[[[[]]]]]]]]]"},
		"brackets in a text": {`["[[[[[[[[", "\"[[[[[[["]`, `["[[[[[[[[", "\"[[[[[[["]`},
	} {
		got, err := ToJSON([]byte(c.text), small, small)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var a, b any
		if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(c.want), &b) != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"large JSON":          {`["` + strings.Repeat("x", 1000) + `"]`, "larger than 1000 bytes"},
		"large YAML":          {"a: " + strings.Repeat("x", 1000), "larger than 1000 bytes"},
		"deep JSON":           {"[[[[[[[[[[]]]]]]]]]]", "more than 9 deep"},
		"deep groups":         {strings.Repeat(`{"a":`, 10), "more than 9 deep"},
		"deep YAML":           {"a: [[[[[[[[[[]]]]]]]]]]", "more than 9 deep"},
		"deep block":          {"- - - - - - - - - - a", "more than 9 deep"},
		"many":                {"[" + strings.Repeat("1,", 100) + "1]", "more than 100 values"},
		"many lines":          {strings.Repeat("- a\n", 60), "more than 100 values"},
		"many by aliases":     {"a: &a [1,2,3,4]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n", "more than 100 values"},
		"large by aliases":    {"a: &a " + strings.Repeat("x", 600) + "\nb: [*a, *a, *a]\n", "larger than 1000 bytes"},
		"an alias in itself":  {"a: &a [*a]\n", "9 deep"},
		"merged with itself":  {"a: &a {<<: *a}\n", "9 deep"},
		"flow style as JSON":  {"{a: 1}", "not JSON"},
		"a list cut off":      {"[1", "not JSON"},
		"two documents":       {"a: 1\n---\nb: 2\n", "2 YAML documents"},
		"nothing":             {"", "0 YAML documents"},
		"UTF-16":              {"\xff\xfea\x00", "UTF-8"},
		"an alias of nothing": {"a: *b", "not YAML"},
		"a tab":               {"a:\n\tb: 1\n", "not YAML"},
	} {
		_, err := ToJSON([]byte(c.text), small, small)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An error says where.
func TestPlace(t *testing.T) {
	for text, want := range map[string][2]int{"a:\n\tb: 1\n": {2, 1}, "a: [\n\n": {1, 4}, "a: 'x\n": {1, 5}} {
		var e *Error
		if err := YAML([]byte(text), small); !errors.As(err, &e) || e.Line != want[0] || e.Column < 1 {
			t.Errorf("%q: %+v", text, err)
		}
	}
}

// An alias is not followed where nobody makes anything of it.
func TestYAML(t *testing.T) {
	if err := YAML([]byte("a: &a [1,2]\nb: &b [*a,*a]\nc: [*b,*b]\n---\nd: *x\n"), small); err == nil {
		t.Error("an alias of nothing passes")
	}
	if err := YAML([]byte("a: &a [1,2]\nb: &b [*a,*a]\nc: [*b,*b]\n---\nd: 1\n"), small); err != nil {
		t.Error(err)
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFile(path, 5); err != nil || string(data) != "12345" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := ReadFile(path, 4); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "larger than 4 bytes") {
		t.Error(err)
	}
}
