package target

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The fleet.yaml of the guide can be read, beside the files that it names.
func TestFleetOfTheGuide(t *testing.T) {
	guide, err := os.ReadFile("../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(guide)
	if block == nil {
		t.Fatal("the guide has no fleet.yaml")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"fleet.yaml":      string(block[1]),
		"services/a.yaml": "target: https://a.example.com\n",
		"inventory.csv":   "target,name,owner,trusted,read\nhttps://b.example.com,b,team-b,https://app.example.com,/me\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	targets, err := LoadFleet(filepath.Join(dir, "fleet.yaml"))
	if err != nil || len(targets) != 4 {
		t.Errorf("%d targets, %v", len(targets), err)
	}
}
