package scenarios

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// lacks are all that are declared, by their names.
func lacks(t *testing.T) map[string]Lack {
	t.Helper()
	source, err := os.ReadFile("lack.go")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]Lack{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+)\s+Lack = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
		list[m[1]] = Lack(m[2])
	}
	if len(list) < 15 {
		t.Fatalf("%d were found", len(list))
	}
	return list
}

// Each lack says what to do in a sentence of its own.
func TestEveryLackSaysWhatToDo(t *testing.T) {
	seen := map[string]string{}
	for name, l := range lacks(t) {
		s := l.WouldTell()
		if s == "" || seen[s] != "" {
			t.Errorf("of %s it is %q, and of %s", name, s, seen[s])
		}
		seen[s] = name
	}
}

// Every judgement that nobody can tell says what would, and every lack is one of a case.
func TestEveryDoubtSaysWhatWouldTell(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	calls := 0
	var used []string
	said := map[ast.Expr]bool{} // the judgements of which it is
	look := func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "cannotTell" {
			calls++
			if !said[call] {
				t.Errorf("%s: say what would tell, by until", files.Position(call.Pos()))
			}
		}
		if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "until" {
			said[s.X] = true
			used = append(used, call.Args[0].(*ast.Ident).Name)
		}
		return true
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, look)
	}
	if calls < 40 {
		t.Errorf("%d judgements that nobody can tell were found", calls)
	}
	for _, k := range []DoubtKind{Lost, ForeignAnswer, Unanswered, OtherBlock, Failed, Unexplained, Unobserved, Untold} {
		if l := (&Doubt{Kind: k}).lack(); l.WouldTell() == "" {
			t.Errorf("of %s nobody knows what would tell", k)
		}
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(used)))); n < len(lacks(t))-1 { // LacksConnection is of doubts alone
		t.Errorf("judges name %d lacks, and there are %d", n, len(lacks(t)))
	}
}
