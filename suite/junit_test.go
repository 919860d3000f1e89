package suite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
)

// The JUnit file is whole or not there, and what was there before stays.
func TestJUnitIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "junit.xml")
	if err := WriteJUnit(types.Report{SuiteDescription: "x"}, path); err != nil {
		t.Fatal(err)
	}
	if err := wholeXML(path); err != nil {
		t.Error(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{0, 40, len(whole) - 5} {
		half := filepath.Join(t.TempDir(), "half.xml")
		if err := os.WriteFile(half, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := wholeXML(half); err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("%d of %d bytes are a whole file: %v", cut, len(whole), err)
		}
	}
	// Nothing can be put in the place of a folder.
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteJUnit(types.Report{}, taken); err == nil {
		t.Error("a folder was replaced")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("there is %v: %v", entries, err)
	}
}
