package crossexam_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write the picture of the imports into docs/architecture.md")

// docs/architecture.md shows the imports that there are.
func TestPictureOfTheImports(t *testing.T) {
	const name, start, end = "docs/architecture.md", "<!-- written by make generate -->\n", "<!-- end -->\n"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), start)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the picture", name)
	}
	want := before + start + "```\n" + picture(list(t)) + "```\n" + end + after
	switch {
	case want == string(page):
	case *write:
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is out of date: make generate", name)
	}
}

// picture has a line for each room, the highest first, and in it a mark for each
// room that it imports, below the number of that room.
func picture(packages []listed) string {
	imports := map[[2]string]bool{}
	for _, p := range packages {
		from, _ := room(p.ImportPath)
		for _, i := range p.Imports {
			if to, ours := room(i); ours {
				imports[[2]string{from, to}] = true
			}
		}
	}
	width := len(slices.MaxFunc(rooms, func(a, b string) int { return len(a) - len(b) }))
	var b strings.Builder
	line := func(number int, name string, cells string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%2d %-*s %s", number, width, name, cells), " ") + "\n")
	}
	for i, from := range slices.Backward(rooms) {
		var cells strings.Builder
		for _, to := range rooms[:i] {
			mark := "·"
			if imports[[2]string{from, to}] {
				mark = "●"
			}
			cells.WriteString("  " + mark)
		}
		line(i+1, from, cells.String())
	}
	b.WriteString(strings.Repeat(" ", width+4))
	for i := range len(rooms) - 1 {
		fmt.Fprintf(&b, " %2d", i+1)
	}
	return b.String() + "\n"
}
