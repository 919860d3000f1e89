// Package crossexam has no code of its own: this test holds the rooms of the
// project to the directions in which they may import each other.
package crossexam_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/crossexam/crossexam/"

// rooms are the packages from the ground up: a package may import those before
// it and none after it. Sub-packages count as the room they are in.
var rooms = []string{"loopback", "child", "scratch", "nginx", "cors", "tap", "scenarios", "fixtures", "target", "sweep", "attacker", "engine", "report", "suite", "fleet", "cmd"}

// onlyImporters says who may import what comes from outside, test files of
// anyone apart.
var onlyImporters = map[string]string{
	"github.com/chromedp/": "attacker",
	"github.com/onsi/":     "suite",
	"github.com/spf13/":    "cmd",
	"github.com/nats-io/":  "fleet",

	"github.com/modelcontextprotocol/": "cmd",
}

type listed struct {
	ImportPath string
	Imports    []string
}

func room(importPath string) (string, bool) {
	path, ours := strings.CutPrefix(importPath, module)
	name, _, _ := strings.Cut(path, "/")
	return name, ours
}

func TestImportsGoDownOnly(t *testing.T) {
	packages := list(t)
	if len(packages) < len(rooms) {
		t.Fatalf("go list found %d packages", len(packages))
	}
	for _, p := range packages {
		from, ours := room(p.ImportPath)
		if !ours {
			continue // the root, which has no code
		}
		if !slices.Contains(rooms, from) {
			t.Errorf("%s is in no room: add it to the list where it belongs", p.ImportPath)
		}
		for _, i := range p.Imports {
			if to, ours := room(i); ours && slices.Index(rooms, to) > slices.Index(rooms, from) {
				t.Errorf("%s imports %s, which is above it", p.ImportPath, i)
			}
			for prefix, only := range onlyImporters {
				if strings.HasPrefix(i, prefix) && from != only {
					t.Errorf("%s imports %s; only %s may", p.ImportPath, i, only)
				}
			}
		}
	}
}

// A plain `go test` can examine as often as it likes; Ginkgo runs once in a process. A
// single examination needs no broker, and a fleet no test framework.
func TestWhatPackagesDoNotLink(t *testing.T) {
	for _, c := range []struct {
		from, on string
		not      []string
	}{
		{"./suite/corstest", module + "engine", []string{"github.com/onsi/", "github.com/nats-io/"}},
		{"./suite", module + "engine", []string{"github.com/nats-io/"}},
		{"./fleet", module + "engine", []string{"github.com/onsi/", module + "suite"}},
	} {
		out, err := exec.Command("go", "list", "-deps", c.from).Output()
		if err != nil {
			t.Fatal(err)
		}
		deps := strings.Fields(string(out))
		if !slices.Contains(deps, c.on) {
			t.Errorf("%s does not stand on %s", c.from, c.on)
		}
		for _, d := range deps {
			if slices.ContainsFunc(c.not, func(prefix string) bool { return strings.HasPrefix(d, prefix) }) {
				t.Errorf("%s imports %s", c.from, d)
			}
		}
	}
}

// What stands between browser and target knows no configuration: neither the files
// nor the API's own document.
func TestNoConfigurationBelowTarget(t *testing.T) {
	for _, from := range []string{"tap", "attacker"} {
		out, err := exec.Command("go", "list", "-deps", "./"+from).Output()
		if err != nil {
			t.Fatal(err)
		}
		deps := strings.Fields(string(out))
		if !slices.Contains(deps, module+"cors") {
			t.Fatalf("%s does not stand on cors", from)
		}
		for _, d := range deps {
			for _, not := range []string{module + "target", "github.com/getkin/", "github.com/santhosh-tekuri/", "go.yaml.in/"} {
				if strings.HasPrefix(d, not) {
					t.Errorf("%s links %s", from, d)
				}
			}
		}
	}
}

// What the suite of another team imports is all that such a team needs.
func TestATeamNeedsTwoPackages(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{range .XTestImports}}{{println .}}{{end}}", "./suite/internal/team").Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := slices.DeleteFunc(strings.Fields(string(out)), func(i string) bool { return !strings.HasPrefix(i, module) })
	if want := []string{module + "suite", module + "target"}; !slices.Equal(ours, want) {
		t.Errorf("it imports %v", ours)
	}
}

// The ground floors stay pure.
func TestPureRooms(t *testing.T) {
	allowed := map[string][]string{
		"cors":      {"golang.org/x/net/"},
		"scenarios": {module + "cors"},
	}
	impure := []string{"os", "os/exec", "io/fs", "crypto/rand", "math/rand", "math/rand/v2"}
	for _, p := range list(t) {
		from, _ := room(p.ImportPath)
		outside, pure := allowed[from]
		if !pure {
			continue
		}
		for _, i := range p.Imports {
			external := strings.Contains(strings.Split(i, "/")[0], ".")
			if external && !slices.ContainsFunc(outside, func(a string) bool { return strings.HasPrefix(i, a) }) {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
			if slices.Contains(impure, i) {
				t.Errorf("%s is pure and imports %s", p.ImportPath, i)
			}
		}
	}
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// An examination is one walk, which the engine makes: a front door that made a step of
// its own would leave out what the others have.
func TestFrontDoorsMakeNoStep(t *testing.T) {
	steps := regexp.MustCompile(`\b(engine\.NewPlan|attacker\.Start|target\.NewTap|tap\.New|\w+\.(Redeploy|Discover|DiscoverAt|DiscoverOffline|Deployment|ReadLog|AcceptedDeviations)\(ctx)|\.Deployment\(ctx\)|\.AcceptedDeviations\(`)
	for _, pattern := range []string{"suite/*.go", "suite/corstest/*.go", "cmd/crossexam/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || file == "cmd/crossexam/init.go" { // which examines nothing
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if step := steps.Find(source); step != nil {
				t.Errorf("%s makes a step of the examination by itself: %s", file, step)
			}
		}
	}
}
