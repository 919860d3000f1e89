package report

import (
	"testing"

	"github.com/crossexam/crossexam/scenarios"
)

// Each cell is the worst that an attacker came to, endpoints that decide alike are one
// column, and the gravest column comes first.
func TestHeat(t *testing.T) {
	at := func(id, endpoint string, v scenarios.Verdict, stole bool) Result {
		level := scenarios.Must
		c := Result{ID: id, Level: level, Verdict: v, Exfiltrated: stole, Reason: "because", Subject: Subject{Endpoint: endpoint, Origin: "https://x.test", Credential: scenarios.Cookie}}
		if v == scenarios.Violates {
			c.Severity = scenarios.High
		}
		return c
	}
	r := Report{Results: []Result{
		at("WLD-001", "GET /closed", scenarios.Conforms, false),
		at("WLD-001", "GET /a", scenarios.Violates, true),
		at("WLD-001", "GET /b", scenarios.Violates, true),
		at("ORG-001", "GET /a", scenarios.Conforms, false),
		at("ORG-002", "GET /a", scenarios.Violates, false),
		at("ORG-002", "GET /b", scenarios.Violates, false),
		at("ERR-002", "GET /a (404)", scenarios.CannotTell, false),
		at("ERR-002", "GET /b (405)", scenarios.Conforms, false),
		at("TRU-001", "GET /a", scenarios.Conforms, false),
		at("NUL-001", "GET /a", scenarios.NotApplicable, false),
		at("WLD-005", "GET /open", scenarios.Conforms, false), // nobody tried to read it
		at("ALT-004", "GET /open", scenarios.Conforms, false),
		at("ALT-004", "GET /closed", scenarios.Violates, false), // it ran as a script, and handed nothing over
	}}
	r.Results[len(r.Results)-1].Level = scenarios.Should
	m := r.heat()
	var columns, rows []string
	for _, c := range m.Columns {
		columns = append(columns, c.Endpoint)
	}
	for _, row := range m.Rows {
		line := row.Attacker
		for _, c := range row.Cells {
			line += " | " + c.Word
		}
		rows = append(rows, line)
	}
	if len(columns) != 3 || columns[0] != "GET /a" || columns[1] != "error replies" || columns[2] != "GET /closed" || len(m.Columns[0].Alike) != 1 || m.Columns[0].Alike[0] != "GET /b" || len(m.Columns[2].Alike) != 0 {
		t.Errorf("the columns are %q, alike %v, %v", columns, m.Columns[0].Alike, m.Columns[2].Alike)
	}
	if len(rows) != 2 || rows[0] != "any https:// site | got data | unknown | kept out" || rows[1] != "a site that begins as yours | let in |  | " {
		t.Errorf("the rows are %q", rows)
	}
	if got := m.Rows[1].Cells[0].Result; got != 4 {
		t.Errorf("the evidence is result %d", got)
	}
}
