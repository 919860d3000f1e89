package target

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"testing"
)

// The schema of fleet.yaml is that of crossexam.yaml, with what a fleet has besides, and
// without what it does not take. make generate writes it.
func TestFleetSchemaIsTheConfigurations(t *testing.T) {
	var single map[string]any
	if err := json.Unmarshal(Schema, &single); err != nil {
		t.Fatal(err)
	}
	keys := single["properties"].(map[string]any)
	delete(keys, "launch")
	delete(keys, "startup_log")
	delete(keys["browser"].(map[string]any)["properties"].(map[string]any), "path")
	keys["browser"].(map[string]any)["examples"] = []any{map[string]any{"block_third_party_cookies": true}}
	text := func(description string, example string) map[string]any {
		return map[string]any{"description": description, "type": "string", "minLength": 1, "examples": []any{example}}
	}
	own := maps.Clone(keys)
	own["name"] = text("What reports call the target; its URL where it is left out.", "billing")
	own["owner"] = text("Who mends what is found there.", "team-payments")
	own["file"] = text("A crossexam.yaml or a CSV file with targets, or a pattern of such files, in the place of a URL. Paths start at the folder of this file. The first line of a CSV file names its columns: target, name, owner, trusted, read.", "apis/*/crossexam.yaml")
	defaults := maps.Clone(keys)
	delete(defaults, "target")
	schema := map[string]any{
		"$schema":     single["$schema"],
		"title":       "fleet.yaml",
		"description": "Targets for 'crossexam fleet' to examine. Its secrets are named and not written: they are looked up where a worker runs.",
		"type":        "object", "additionalProperties": false,
		"required": []any{"targets"},
		"properties": map[string]any{
			"defaults": map[string]any{
				"description": "Keys of crossexam.yaml that hold for all targets. A target's own key replaces it; of limits, policy and browser each key does.",
				"type":        "object", "additionalProperties": false, "properties": defaults,
				"examples": []any{map[string]any{"trusted": []any{"https://app.example.com"}}},
			},
			"targets": map[string]any{
				"description": "What is examined: URLs, groups of keys as crossexam.yaml has them, and paths or patterns of files.",
				"type":        "array", "minItems": 1,
				"items":    map[string]any{"description": "a URL, the path of a file, or keys", "type": []any{"string", "object"}, "minLength": 1, "additionalProperties": false, "properties": own},
				"examples": []any{[]any{"https://api.example.com", "apis/*/crossexam.yaml"}},
			},
		},
	}
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		t.Fatal(err)
	}
	switch {
	case bytes.Equal(want.Bytes(), fleetSchema):
	case *writeDocs:
		if err := os.WriteFile("fleet.schema.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("fleet.schema.json is out of date: make generate")
	}
}
