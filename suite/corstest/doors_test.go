package corstest_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/suite/corstest"
	"github.com/crossexam/crossexam/target"
)

// launchedVariable makes this program the API that a configuration starts.
const launchedVariable = "CORSTEST_LAUNCHED"

func TestMain(m *testing.M) {
	if os.Getenv(launchedVariable) != "" {
		listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
		if err == nil {
			err = http.Serve(listener, echoing(open))
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// What a crossexam.yaml can say has its effect in a plain go test too.
func TestEveryEntryWorks(t *testing.T) {
	browsertest.Needed(t)
	log := filepath.Join(t.TempDir(), "api.log")
	if err := os.WriteFile(log, []byte("x | INFO | api.main:main - CORS allowed origins: ['https://app.example.com']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(id string, want scenarios.Verdict) func(*testing.T, report.Report) {
		return func(t *testing.T, r report.Report) {
			if c := find(t, r, id); c.Verdict != want {
				t.Errorf("%s: %s: %s", id, c.Verdict, c.Reason)
			}
		}
	}
	noted := func(text string) func(*testing.T, report.Report) {
		return func(t *testing.T, r report.Report) {
			if !strings.Contains(strings.Join(r.Notes, "\n"), text) {
				t.Errorf("no note says %q: %q", text, r.Notes)
			}
		}
	}
	for name, c := range map[string]struct {
		url    string
		only   string
		option corstest.Option
		shows  func(*testing.T, report.Report)
	}{
		"direct":         {"", "WLD-003", corstest.Configure(func(c *target.Config) { c.Direct = true }), noted("talked to the target itself")},
		"direct https":   {"https://127.0.0.1:8443", "WLD-003", corstest.Configure(func(c *target.Config) { c.Direct = true }), noted("talked to the target itself")},
		"direct, judged": {"https://127.0.0.1:8443", "WLD-003", corstest.Configure(func(c *target.Config) { c.Direct = true }), verdict("WLD-003", scenarios.Violates)},
		"accepted": {"", "WLD-003", accepting(t, "WLD-003"), func(t *testing.T, r report.Report) {
			if c := find(t, r, "WLD-003"); !c.Accepted || c.Fails || c.Excuse != "accepted" || r.ExitCode() != report.ExitConforms {
				t.Errorf("accepted %t, fails %t, excuse %q, exit code %d", c.Accepted, c.Fails, c.Excuse, r.ExitCode())
			}
		}},
		"startup_log": {"", "CFG-001 CFG-002", corstest.Configure(func(c *target.Config) { c.StartupLog.File, c.Preset = log, "open-notebook" }), verdict("CFG-001", scenarios.Conforms)},
		"launch": {"", "CFG-003", corstest.Configure(func(c *target.Config) {
			c.Launch = target.LaunchConfig{Command: []string{self, "{port}"}, Env: map[string]string{launchedVariable: "1"}, Variable: "ORIGINS"}
		}), verdict("CFG-003", scenarios.Violates)},
		"preset": {"", "WLD-003", corstest.Configure(func(c *target.Config) { c.Preset = "open-notebook" }), noted("From the preset open-notebook")},
		"browser.block_third_party_cookies": {"", "WLD-003", corstest.Configure(func(c *target.Config) { c.Browser.BlockThirdPartyCookies = true }), func(t *testing.T, r report.Report) {
			if !r.Browser.Posture.BlockThirdPartyCookies {
				t.Error("they are allowed")
			}
		}},
		"insecure_skip_verify": {"https://127.0.0.1:8443", "WLD-003", corstest.Configure(func(c *target.Config) { c.InsecureSkipVerify = true }), noted("was not verified")},
		"credentials.network":  {"https://api.example.com", "WLD-003", corstest.Configure(func(c *target.Config) { yes := true; c.Credentials.Network = &yes }), verdict("WLD-003", scenarios.Violates)},
		"limits":               {"", "WLD-003", corstest.Configure(func(c *target.Config) { c.Limits.RequestsPerSecond = 1000 }), verdict("WLD-003", scenarios.Violates)},
	} {
		t.Run(name, func(t *testing.T) {
			options := []corstest.Option{corstest.Trusted("https://app.example.com"), corstest.Read("/me"), corstest.Only(strings.Fields(c.only)...), c.option}
			if c.url != "" {
				options = append(options, corstest.At(c.url))
			}
			r, err := corstest.Examine(t.Context(), echoing(open), options...)
			if err != nil {
				t.Fatal(err)
			}
			c.shows(t, r)
		})
	}
}
