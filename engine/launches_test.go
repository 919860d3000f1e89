package engine_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// policyVariable has the test binary be the notebook API as a program, under the
// policy it names, with CORS_ORIGINS from the environment.
const policyVariable = "CROSSEXAM_TEST_POLICY"

func TestMain(m *testing.M) {
	if policy := os.Getenv(policyVariable); policy != "" {
		fmt.Fprintln(os.Stderr, serveNotebook(policy, os.Args[1]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// careful is the hardened policy in a program that reads its configuration with
// care: whatever is no origin stops it.
const careful = "careful"

func serveNotebook(name, port string) error {
	value, set := os.LookupEnv("CORS_ORIGINS")
	configured := fixtures.ParseCORSOrigins(value, set)
	policy, ok := fixtures.PolicyNamed(name)
	if name == careful {
		policy = fixtures.Hardened()
		for _, item := range configured.Items {
			if o, err := cors.ParseOrigin(item); err != nil || o.String() != item {
				return fmt.Errorf("CORS_ORIGINS: %q is not an origin", item)
			}
		}
	} else if !ok {
		return fmt.Errorf("there is no policy %q", name)
	}
	n := fixtures.Notebook{Policy: policy, Login: fixtures.BearerToken, CORSOrigins: &configured, Log: os.Stderr}
	return http.ListenAndServe("127.0.0.1:"+port, n.Handler())
}

// A program is convicted for exactly those ways to configure it that let an
// arbitrary origin in.
func TestLaunchesAreConvictedByWhatTheyGrant(t *testing.T) {
	lab := openLab(t, attacker.Options{})
	for _, c := range []struct {
		policy   string
		convicts []string // the values of CORS_ORIGINS
		refuses  []string
	}{
		{policy: "hardened"},
		{policy: careful, refuses: []string{
			`CORS_ORIGINS="https://notebook.example.com/"`, `CORS_ORIGINS="https://notebook.example.com,*"`, `CORS_ORIGINS=""`, `CORS_ORIGINS not set`,
		}},
		{policy: "wildcard-echo-always", convicts: []string{
			`CORS_ORIGINS="https://notebook.example.com,*"`, `CORS_ORIGINS=""`, `CORS_ORIGINS not set`,
		}},
		{policy: "wildcard-without-credentials", convicts: []string{
			`CORS_ORIGINS="https://notebook.example.com,*"`, `CORS_ORIGINS=""`, `CORS_ORIGINS not set`,
		}},
	} {
		t.Run(c.policy, func(t *testing.T) {
			s := stage(t, lab, fixtures.Notebook{Login: fixtures.BearerToken})
			launched, err := target.Command{
				Argv:     []string{os.Args[0], "{port}"},
				Env:      []string{policyVariable + "=" + c.policy},
				Variable: "CORS_ORIGINS",
				Timeout:  3 * time.Minute,
			}.Launch(t.Context(), s.Deployment.Facts.Trusted)
			if err != nil {
				t.Fatal(err)
			}
			defer launched.Close()
			d := s.Deployment
			d.Facts.Launches = launched.Launches
			if d.Facts.StartupLog, err = target.ReadStartupLog(launched.Log(), target.OpenNotebook()); err != nil {
				t.Fatal(err)
			}
			plan := engine.NewPlan(scenarios.Catalogue(), d.Facts).Select(func(i engine.Item) bool { return i.Scenario.Family() == "CFG" })
			record, err := engine.ExaminePlan(t.Context(), lab, d, plan, engine.Hooks{})
			if err != nil {
				t.Fatal(err)
			}
			var convicts, refuses []string
			for _, r := range record.Results {
				switch {
				case r.Verdict() == scenarios.Violates && r.Scenario.ID == "CFG-003":
					convicts = append(convicts, r.Subject.Endpoint)
				case r.Verdict() != scenarios.Conforms:
					t.Errorf("%s %s: %s: %s", r.Scenario.ID, r.Subject.Endpoint, r.Verdict(), r.Judgement.Reason)
				case strings.Contains(r.Judgement.Reason, "refused to start"):
					refuses = append(refuses, r.Subject.Endpoint)
				}
			}
			if !slices.Equal(convicts, c.convicts) || !slices.Equal(refuses, c.refuses) {
				t.Errorf("convicted for %q, refused %q", convicts, refuses)
			}
			if len(record.Results) != 8 {
				t.Errorf("%d results", len(record.Results))
			}
		})
	}
}

// What the notebook logs at its start is judged without a browser.
func TestStartupLogsAreConvictedByWhatTheySay(t *testing.T) {
	trusted := []cors.Origin{cors.MustParseOrigin("https://notebook.example.com"), cors.MustParseOrigin("https://admin.example.com")}
	for _, c := range []struct {
		name     string
		value    string
		set      bool
		convicts []string
	}{
		{"the trusted origins", "https://notebook.example.com, https://admin.example.com", true, nil},
		{"not set", "", false, []string{"CFG-001", "CFG-002"}},
		{"empty", "", true, []string{"CFG-002"}},
		{"* among others", "https://notebook.example.com,https://admin.example.com,*", true, []string{"CFG-002"}},
		{"one too few", "https://notebook.example.com", true, []string{"CFG-002"}},
		{"one too many", "https://notebook.example.com,https://admin.example.com,https://evil.test", true, []string{"CFG-002"}},
		{"trailing slashes", "https://notebook.example.com/,https://admin.example.com/", true, []string{"CFG-002"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			configured := fixtures.ParseCORSOrigins(c.value, c.set)
			var log strings.Builder
			n := fixtures.Notebook{Origins: trusted, CORSOrigins: &configured, Log: &log}
			n.Handler()
			d, err := target.Config{URL: engine.LocalURL, Trusted: []string{trusted[0].String(), trusted[1].String()}}.Deployment(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if d.Facts.StartupLog, err = target.ReadStartupLog(strings.NewReader(log.String()), target.OpenNotebook()); err != nil {
				t.Fatal(err)
			}
			plan := engine.NewPlan(scenarios.Catalogue(), d.Facts).Select(func(i engine.Item) bool {
				return i.Scenario.ID == "CFG-001" || i.Scenario.ID == "CFG-002"
			})
			x := engine.Unstarted(d, plan)
			for _, item := range plan.Items {
				if _, err := x.Result(t.Context(), item); err != nil {
					t.Fatal(err)
				}
			}
			record := x.Record()
			if got := convicted(record); !slices.Equal(got, c.convicts) || len(record.Results) != 2 {
				t.Errorf("%d results, convicted by %v, want %v", len(record.Results), got, c.convicts)
			}
			for _, r := range record.Results {
				if r.Verdict() == scenarios.CannotTell {
					t.Errorf("%s: %s", r.Scenario.ID, r.Judgement.Reason)
				}
			}
		})
	}
}
