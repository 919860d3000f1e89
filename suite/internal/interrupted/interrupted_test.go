// Package interrupted_test has runs that stop between two items, in processes of
// their own: Ginkgo allows one run in each.
package interrupted_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/onsi/ginkgo/v2"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/suite"
	"github.com/crossexam/crossexam/target"
)

// The variables of the environment that make this program the run: what stops it,
// and the folder of its report.
const stopVariable, outVariable = "CROSSEXAM_TEST_STOP", "CROSSEXAM_TEST_OUT"

// stops are what ends a run after its first item, without a word to the engine.
var stops = map[string]func(ginkgo.SpecContext){
	"a signal": func(ctx ginkgo.SpecContext) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			ginkgo.Fail(err.Error())
		}
		<-ctx.Done() // Ginkgo has heard it
	},
	"an abort": func(ginkgo.SpecContext) { ginkgo.AbortSuite("somebody has had enough") },
	"nothing":  func(ginkgo.SpecContext) {},
}

func TestMain(m *testing.M) {
	if stop := os.Getenv(stopVariable); stop != "" {
		code, err := examine(stops[stop], os.Getenv(outVariable))
		if err != nil {
			_, _ = io.WriteString(os.Stderr, err.Error())
			code = 99
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// examine is a run of two items as the command makes it; stop is called after the
// first.
func examine(stop func(ginkgo.SpecContext), out string) (int, error) {
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"name": "Alice"}`)
	}), nil)
	if err != nil {
		return 0, err
	}
	defer server.Close()
	ctx := context.Background()
	x, err := engine.NewExamination(ctx, engine.Request{
		Config: target.Config{URL: "http://" + server.Addr(), Trusted: []string{"https://app.example.com"}, Reads: []string{"/me"}},
		Select: func(p engine.Plan) (engine.Plan, error) { return suite.Select(p, "WLD-003 || CFG-001") },
	})
	if err != nil {
		return 0, err
	}
	defer x.Close()
	if err := x.Prepare(ctx); err != nil {
		return 0, err
	}
	first := true
	ginkgo.AfterEach(func(ctx ginkgo.SpecContext) {
		if first {
			first = false
			stop(ctx)
		}
	})
	record, err := suite.Run(ctx, x, suite.RunOptions{Output: io.Discard, JUnit: filepath.Join(out, "junit.xml")})
	r := report.New(record, report.Meta{})
	return r.ExitCode(), errors.Join(err, report.WriteAll(out, r, nil, 0))
}

// What stopped between two items says so in every output.
func TestStoppedBetweenTwoItems(t *testing.T) {
	browsertest.Needed(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for stop := range stops {
		t.Run(stop, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), stopVariable+"="+stop, outVariable+"="+out)
			said, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			whole := stop == "nothing"
			if code := cmd.ProcessState.ExitCode(); (code == report.ExitNoVerdict) == whole || whole && code != report.ExitConforms {
				t.Fatalf("exit code %d: %s", code, said)
			}
			file := func(name string) []byte {
				content, err := os.ReadFile(filepath.Join(out, name))
				if err != nil {
					t.Fatal(err)
				}
				return content
			}
			var r report.Report
			if err := json.Unmarshal(file("report.json"), &r); err != nil {
				t.Fatal(err)
			}
			if whole {
				if r.Fault != nil || len(r.Results) != 2 {
					t.Errorf("fault %+v, %d results", r.Fault, len(r.Results))
				}
				return
			}
			if r.Fault == nil || r.Fault.Stage != string(engine.StageRun) || r.Summary.ExitCode != report.ExitNoVerdict || len(r.Results) != 1 || r.Summary.Exfiltration != report.Undetermined {
				t.Errorf("fault %+v, exit code %d, %d results, exfiltration %s", r.Fault, r.Summary.ExitCode, len(r.Results), r.Summary.Exfiltration)
			}
			var b strings.Builder
			if err := report.Text(&b, r, report.TextOptions{}); err != nil {
				t.Error(err)
			}
			const missing = "1 of 2 results"
			for name, content := range map[string]string{"the terminal": b.String(), "SARIF": string(file("results.sarif")), "JUnit": string(file("junit.xml")), "summary.md": string(file("summary.md")), "report.html": string(file("report.html"))} {
				if !strings.Contains(content, missing) {
					t.Errorf("%s does not say that %s are missing", name, missing)
				}
				if strings.Contains(content, "No web page of another origin could read") {
					t.Errorf("%s gives an all-clear", name)
				}
			}
			if !strings.Contains(string(file("results.sarif")), `"executionSuccessful": false`) {
				t.Error("SARIF says that the execution was successful")
			}
		})
	}
}
