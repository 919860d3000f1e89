package crossexam_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every promise of SECURITY.md names tests that there are.
func TestPromisesNameTheirTests(t *testing.T) {
	page, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, f := range function.FindAllSubmatch(source, -1) {
			there[string(f[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(page, -1)
	if len(named) < 10 {
		t.Fatalf("SECURITY.md names %d tests", len(named))
	}
	for _, n := range named {
		if !there[string(n[1])] {
			t.Errorf("SECURITY.md names %s, which is no test", n[1])
		}
	}
	rows := regexp.MustCompile(`(?m)^\| (.+) \| (.+) \|$`)
	for _, row := range rows.FindAllSubmatch(page, -1) {
		if !strings.Contains(string(row[2]), "`") && string(row[1]) != "we promise" && string(row[1]) != "---" {
			t.Errorf("no test holds this promise: %s", row[1])
		}
	}
}
