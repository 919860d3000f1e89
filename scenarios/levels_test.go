package scenarios

import (
	"os"
	"regexp"
	"testing"
)

// The decision on levels has a row for each scenario of the catalogue, in its order and
// with its level.
func TestLevelsAreDecided(t *testing.T) {
	text, err := os.ReadFile("../docs/decisions/2026-11-28-levels-follow-the-harm.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| ([A-Z]{3}-\d{3}) \| (\w+) \| (.+) \| (.+) \|$`).FindAllStringSubmatch(string(text), -1)
	all := Catalogue()
	if len(rows) != len(all) {
		t.Fatalf("%d rows for %d scenarios", len(rows), len(all))
	}
	for i, s := range all {
		if rows[i][1] != s.ID || rows[i][2] != string(s.Level) {
			t.Errorf("row %d is of %s (%s), and the scenario is %s (%s)", i+1, rows[i][1], rows[i][2], s.ID, s.Level)
		}
	}
}
