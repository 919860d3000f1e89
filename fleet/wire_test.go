package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// checked compiles the schema of what is stored and sent.
func checked(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("wire.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("wire.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid fails where a value is not as the schema has it.
func valid(t testing.TB, s *jsonschema.Schema, data []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		t.Errorf("%s\n%v", data, err)
	}
}

// Fields that the schema knows are those of the types: neither more nor fewer.
func TestWireSchema(t *testing.T) {
	s := checked(t)
	item := Item{Schema: itemVersion, Stage: fleetreport.Sweep, Prove: "5%", Target: aTarget("https://a.example.com")}
	for _, v := range []any{
		item,
		Result{Schema: resultVersion, Outcome: granting(item.Target)},
		deadItem{Schema: deadVersion, Item: item, Time: now()},
		deadItem{Schema: deadVersion, Time: now()},
		Attempt{Schema: attemptVersion, Began: now()},
		lease{Schema: leaseVersion},
		WorkerState{Schema: workerVersion, Started: now(), Doing: []string{}},
		submission{Schema: submissionVersion, Submitted: now(), Prove: ProveAll, Targets: []Target{item.Target}},
	} {
		valid(t, s, encode(v))
	}
	var root struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
			Required   []string       `json:"required"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(schema(), &root); err != nil {
		t.Fatal(err)
	}
	for name, d := range root.Defs {
		slices.Sort(d.Required)
		if known := slices.Sorted(maps.Keys(d.Properties)); len(known) == 0 || !slices.Equal(known, d.Required) {
			t.Errorf("%s requires %q, and knows %q", name, d.Required, known)
		}
	}
}

func TestOtherVersionsAreRefused(t *testing.T) {
	_, err := decode[Item]([]byte(`{"schema":"crossexam/fleet/item/v2"}`), itemVersion)
	var other versionError
	if !errors.As(err, &other) || other.got != "crossexam/fleet/item/v2" {
		t.Errorf("it says %v", err)
	}
}

func TestHosts(t *testing.T) {
	for url, want := range map[string]string{
		"https://API.example.com/v1": "api=2eexample=2ecom=3a443",
		"http://127.0.0.1:8080":      "127=2e0=2e0=2e1=3a8080",
		"http://[::1]:8080/a":        "=3a=3a1=3a8080",
		"http://a.test":              "a=2etest=3a80",
	} {
		if got := leaseKey(Target{URL: url}.host()); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}
