package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// Only the command speaks of its flags: libraries name the entry of the
// configuration, which each front end has in its own words.
func TestLibrariesDoNotSpeakOfFlags(t *testing.T) {
	flags := map[string]bool{}
	for _, c := range []*cobra.Command{testCommand(), demoCommand(), doctorCommand()} {
		c.Flags().VisitAll(func(f *pflag.Flag) { flags["--"+f.Name] = true })
	}
	if !flags["--cookie"] || !flags["--strict"] {
		t.Fatal("the flags are not there")
	}
	literals := 0
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "cmd" || e.Name() == "tools" || e.Name() == "bin" || e.Name() == "testdata" || e.Name() == "hostile" || e.Name() == "deployments") { // which run the command
			return fs.SkipDir
		}
		// The scaffold is a file for the command, and says how to run it.
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || e.Name() == "scaffold.go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			literals++
			for _, word := range strings.FieldsFunc(literal.Value, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }) {
				if flags[word] {
					t.Errorf("%s: %s names %s", path, literal.Value, word)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || literals < 1000 {
		t.Errorf("%d texts were read: %v", literals, err)
	}
}

// A sentence names the flag where there is one, and the entry where there is none.
func TestInFlags(t *testing.T) {
	const said = "give `credentials.cookies` or `credentials.login`, or leave `direct` out of `rm`"
	if got, want := inFlags(said), "give --cookie or `credentials.login`, or leave --direct out of `rm`"; got != want {
		t.Errorf("%s", got)
	}
}

// What to do is said to an assistant in the arguments of its tool, and in flags of the
// command that starts the tool.
func TestInArguments(t *testing.T) {
	for said, want := range map[string]string{
		engine.Diagnosis{Kind: engine.LoginNeeded}.Advice():            "give the victim's credential, with `cookies`, `basic`, `bearer` or `headers`",
		engine.Diagnosis{Kind: engine.TrustAssumed}.Advice():           "name the origin of the front end with `trusted`, or say `trusted: []` if it is of the API's own",
		scenarios.LacksStability.WouldTell():                           "name an endpoint whose reply stays the same, with `read`",
		scenarios.LacksMethod.WouldTell():                              "have `crossexam mcp --allow-methods` list the methods that the API knows",
		engine.Diagnosis{Kind: engine.RateLimited, Number: 2}.Advice(): "wait until the limiter lets this machine in again, and run with `crossexam mcp --rate` 2, or against an instance without the limiter",
	} {
		if got := inArguments(said); got != want {
			t.Errorf("%s", got)
		}
	}
}
