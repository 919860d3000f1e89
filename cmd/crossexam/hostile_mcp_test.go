package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/fixtures/hostile"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/target"
)

// TestHostileMCP has an assistant examine targets that write to whoever reads about them.
// What it is told is for a model and for the terminal of its user: there is nothing in it
// that a terminal obeys, it is no longer than what fits, and it has no secret.
func TestHostileMCP(t *testing.T) {
	browsertest.Needed(t)
	themes := []string{"words", "grant", "document", "redirect"} // whose words come into a report
	for _, b := range chosenHostile(t) {
		theme, name, _ := strings.Cut(b.Name, "/")
		if b.File != "" || len(b.Flags) > 0 || !slices.Contains(themes, theme) || *whichHostile == "short" && name != "words-everywhere" {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			m := meet(t, b)
			s := converse(t, target.Config{})
			arguments := map[string]any{"url": m.server.URL(), "trusted": []string{hostile.Trusted}, "cookies": []string{hostile.Cookie(m.secret)}, "label": "WLD || ORG || TRU"}
			if !m.Discovers {
				arguments["read"] = []string{hostile.ReadPath}
			}
			told := m.asks(t, s, "examine", arguments)
			for _, verdict := range []string{"", "violates", "cannot-tell", "conforms"} {
				told += m.asks(t, s, "read_report", map[string]any{"verdict": verdict})
			}
			t.Logf("%d bytes were told", told)
		})
	}
}

// asks calls a tool, holds what it tells to what is promised, and gives how many bytes that
// were.
func (m meeting) asks(t *testing.T, s *mcp.ClientSession, tool string, arguments map[string]any) int {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	structured, err := json.Marshal(r.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	text := textOf(r)
	const note = 100 // that something was cut off
	if len(text) > maxText+note || len(structured) > 2*maxText {
		t.Errorf("%s %v: %d bytes of text, %d of values", tool, arguments["verdict"], len(text), len(structured))
	}
	for _, told := range []string{text, decoded(structured)} {
		harmlessAbout(t, tool, told, m)
	}
	return len(text) + len(structured)
}

// decoded are the texts in a value, as a client has them that has read it.
func decoded(encoded []byte) string {
	var v any
	_ = json.Unmarshal(encoded, &v) // what was encoded a moment ago
	var b strings.Builder
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			b.WriteString(v + "\n")
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for key, item := range v {
				b.WriteString(key + "\n")
				walk(item)
			}
		}
	}
	walk(v)
	return b.String()
}

// What a report quotes is escaped in the results that an assistant reads, which are JSON in
// a text.
func TestMCPReadsEscapes(t *testing.T) {
	a := newAssistant(target.Config{}, reach{})
	a.keep(report.Report{Results: []report.Result{{ID: "WLD-001", Family: "WLD", Verdict: "violates", Reason: hostile.Words}}})
	r, _, err := a.readReport(t.Context(), nil, readArguments{ID: "WLD-001"})
	if err != nil {
		t.Fatal(err)
	}
	text := textOf(r)
	harmless(t, "read_report", text)
	var p part
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Results[0].Reason != hostile.Words {
		t.Errorf("it says %+v, %v", p, err)
	}
}
