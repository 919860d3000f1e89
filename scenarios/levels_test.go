package scenarios

import (
	"os"
	"regexp"
	"testing"
)

// The decision on levels has a row for each scenario of the catalogue, in its order and
// with its level.
func TestLevelsAreDecided(t *testing.T) {
	const file = "docs/decisions/2026-11-28-levels-follow-the-harm.md"
	text, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| ([A-Z]{3}-\d{3}) \| (\w+) \| (.+) \| (.+) \|$`).FindAllStringSubmatch(string(text), -1)
	for i, s := range Catalogue() {
		switch {
		case i == len(rows) || rows[i][1] != s.ID:
			t.Fatalf("the table in %s wants a row of %s (%s) as number %d", file, s.ID, s.Level, i+1)
		case rows[i][2] != string(s.Level):
			t.Errorf("%s: the row of %s has the level %s, and the scenario %s", file, s.ID, rows[i][2], s.Level)
		}
	}
	if len(rows) > len(Catalogue()) {
		t.Errorf("%s: the last row is of %s, which is no scenario", file, rows[len(rows)-1][1])
	}
}
