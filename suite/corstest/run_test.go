package corstest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/suite/corstest"
	"github.com/crossexam/crossexam/target"
)

// A team's tests, each run in a process of its own by TestRun: most of them fail.
func TestOfATeam(t *testing.T) {
	switch which := os.Getenv("CORSTEST_OF_A_TEAM"); which {
	case "":
		t.Skip("TestRun runs it")
	case "careful":
		// Several in one program, at once too.
		for _, id := range []string{"WLD-001", "TRU-001"} {
			t.Run("parallel", func(t *testing.T) {
				t.Parallel()
				corstest.Run(t, careful(), production(corstest.Only(id))...)
			})
		}
		corstest.Run(t, careful(), production(corstest.RequireBrowser())...)
	case "careless":
		corstest.Run(t, careless(), production()...)
	case "careless, in part":
		corstest.Run(t, careless(), production(corstest.Only("WLD-001", "TRU-001"))...)
	case "gossip":
		corstest.Run(t, gossip(), production(corstest.Bearer("pw0815"), corstest.Only("WLD", "TRU"))...)
	case "untidy", "untidy, strictly":
		options := production(corstest.Only("HDR-007"))
		if which != "untidy" {
			options = append(options, corstest.Strict())
		}
		corstest.Run(t, cacheable(), options...)
	case "untidy, accepted":
		corstest.Run(t, cacheable(), production(corstest.Only("HDR-007"), corstest.Strict(), accepting(t, "HDR-007"))...)
	case "stale":
		corstest.Run(t, careful(), production(corstest.Only("WLD-001"), accepting(t, "WLD-001"))...)
	case "no browser":
		corstest.Run(t, careful(), production(corstest.WithoutBrowser())...)
	case "no browser, required":
		corstest.Run(t, careful(), production(corstest.WithoutBrowser(), corstest.RequireBrowser())...)
	case "no trusted origin":
		corstest.Run(t, careful(), corstest.Read("/me"))
	case "nothing to read":
		corstest.Run(t, http.NotFoundHandler(), corstest.Trusted("https://app.example.com"))
	case "no credential":
		corstest.Run(t, careful(), corstest.Trusted("https://app.example.com"), corstest.Only("WLD-003"))
	case "nothing applies":
		corstest.Run(t, careful(), production(corstest.Only("CFG-001"))...)
	case "no such label":
		corstest.Run(t, careful(), production(corstest.Only("WLD-901"))...)
	case "wrong session":
		corstest.Run(t, careful(), production(corstest.At("http://api.example.com"), corstest.Only("WLD-001"))...)
	case "silence":
		asked := make(chan struct{})
		var once sync.Once
		corstest.Run(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			once.Do(func() { close(asked) })
			<-r.Context().Done()
		}), production(corstest.EndedBy(asked))...)
	default:
		t.Fatal("no such test")
	}
}

// accepting has violations of a requirement excused.
func accepting(t *testing.T, id string) corstest.Option {
	t.Helper()
	file := filepath.Join(t.TempDir(), "accepted.yaml")
	entry := fmt.Sprintf("- {id: %s, reason: it moves in spring, owner: the team, expires: %s}\n", id, time.Now().AddDate(0, 0, 30).Format(time.DateOnly))
	if err := os.WriteFile(file, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	return corstest.Configure(func(c *target.Config) { c.Accepted = file })
}

// cacheable is careful but for a header.
func cacheable() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		careful().ServeHTTP(storable{w}, r)
	})
}

type storable struct{ http.ResponseWriter }

func (s storable) WriteHeader(status int) {
	s.Header().Set("Cache-Control", "public, max-age=600")
	s.ResponseWriter.WriteHeader(status)
}

func (s storable) Write(b []byte) (int, error) {
	s.Header().Set("Cache-Control", "public, max-age=600")
	return s.ResponseWriter.Write(b)
}

// gossip repeats the credentials to everybody, and lets all but the front end with
// its token read them.
func gossip() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Authorization")
		if token == "" {
			w.Header().Set("Access-Control-Allow-Origin", cmp.Or(r.Header.Get("Origin"), "*"))
			w.Header().Set("Access-Control-Allow-Credentials", "true")
		}
		w.Header().Set("Access-Control-Allow-Headers", "authorization")
		w.Header().Set("Access-Control-Expose-Headers", token)
		fmt.Fprint(w, r.Header.Get("Cookie"), token)
	})
}

// What `go test` makes of a team's test.
func TestRun(t *testing.T) {
	browsertest.Needed(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env, flags []string
		code       int
		says       []string
		not        []string // are not said
	}{
		"careful": {says: []string{
			"--- PASS: TestOfATeam/WLD-001 ",
			"--- SKIP: TestOfATeam/WLD-003 ", "not-applicable: A place in the victim's network",
			"--- PASS: TestOfATeam/ORG-003/GET_/me_from_https://evilapp.example.com_with_cookie ",
			"--- PASS: TestOfATeam/parallel#01/TRU-001 ",
			"No web page of another origin could read the private data at GET /me.",
		}, not: []string{"--- FAIL"}},
		"careless": {code: 1, says: []string{
			"--- FAIL: TestOfATeam/WLD-001 ", "--- PASS: TestOfATeam/TRU-001 ",
			"WLD-001 is violated (must, high)",
			"expected:  A page on an arbitrary origin cannot read",
			"happened:  https://evil.test read the 200 reply with the victim's cookie",
			"subject:   GET /me from https://evil.test with cookie",
			"evidence:  GET https://api.example.com/me",
			"Access-Control-Allow-Origin: https://evil.test",
			"fix:       ",
		}, not: []string{"alice-7f3a9c21"}},
		// Chosen by go test's own flag.
		"careless, in part": {env: []string{"CORSTEST_OF_A_TEAM=careless"}, flags: []string{"-test.run=TestOfATeam/TRU"}, says: []string{"--- PASS: TestOfATeam/TRU-001 "}, not: []string{"--- FAIL"}},
		"gossip":            {code: 1, says: []string{"WLD-001 is violated", "Cookie: session=[redacted]", "Access-Control-Expose-Headers: Bearer [redacted]"}, not: []string{"alice-7f3a9c21", "pw0815"}},
		"untidy":            {says: []string{"--- SKIP: TestOfATeam/HDR-007", "fails with Strict: HDR-007 is violated (should,"}},
		"untidy, strictly":  {code: 1, says: []string{"--- FAIL: TestOfATeam/HDR-007", "HDR-007 is violated (should,"}, not: []string{"fails with Strict"}},

		"untidy, accepted": {says: []string{"--- SKIP: TestOfATeam/HDR-007", "accepted until ", "it moves in spring"}},
		"stale":            {code: 1, says: []string{"the accepted deviation WLD-001 is stale"}, not: []string{"--- FAIL: TestOfATeam/WLD-001"}},

		"no browser":           {says: []string{"--- SKIP: TestOfATeam ", "nothing was examined: no Chrome or Chromium found", "CROSSEXAM_REQUIRE_BROWSER=1"}},
		"no browser, required": {code: 1, says: []string{"could not judge: no Chrome or Chromium found"}},
		"no browser, required by the environment": {env: []string{"CORSTEST_OF_A_TEAM=no browser", "CROSSEXAM_REQUIRE_BROWSER=1"}, code: 1, says: []string{"could not judge: no Chrome"}},
		"no browser in CI":                        {env: []string{"CORSTEST_OF_A_TEAM=no browser", "CI=true"}, code: 1, says: []string{"could not judge: no Chrome"}},
		"another browser":                         {env: []string{"CORSTEST_OF_A_TEAM=careful", "CROSSEXAM_BROWSER=/nonexistent"}, code: 1, says: []string{`could not judge: no Chrome or Chromium found at "/nonexistent"`}},

		"no trusted origin": {code: 1, says: []string{"could not judge: no trusted origin: name the origin of the front end"}},
		"nothing to read":   {code: 1, says: []string{"could not judge: nothing was found at the target that can be read"}},
		"no credential":     {code: 1, says: []string{"could not judge: GET /me: 401 (`log in first`): a login is needed, and no credential was given; give the victim's credential, with corstest.Cookie"}},
		"nothing applies":   {code: 1, says: []string{"--- SKIP: TestOfATeam/CFG-001 ", "Could not judge: no startup log was given"}},
		"no such label":     {code: 1, says: []string{`could not judge: no requirement has the label "WLD-901"`, "cookie"}},
		"wrong session":     {code: 1, says: []string{"could not judge: GET /me: 401", "whose cookie no browser keeps: `session` (Secure, from an http:// URL"}},
		"silence":           {code: 1, says: []string{"could not judge: the -timeout of go test is near"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(self, append([]string{"-test.run=^TestOfATeam$", "-test.v"}, c.flags...)...)
			cmd.Env = append(withoutOurs(os.Environ()), append([]string{"CORSTEST_OF_A_TEAM=" + name}, c.env...)...)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("exit code %d, expected %d", code, c.code)
			}
			for _, text := range c.says {
				if !strings.Contains(string(out), text) {
					t.Errorf("it does not say %q", text)
				}
			}
			for _, text := range c.not {
				if strings.Contains(string(out), text) {
					t.Errorf("it says %q", text)
				}
			}
			if t.Failed() {
				t.Logf("%s", out)
			}
		})
	}
}

// An examination ends a while before `go test -timeout` does, and says so.
func TestBefore(t *testing.T) {
	end := time.Now().Add(time.Hour)
	ctx, cancel := corstest.Before(t.Context(), end)
	defer cancel()
	if by, ok := ctx.Deadline(); !ok || !by.Before(end) || ctx.Err() != nil {
		t.Errorf("it ends at %s, the tests at %s: %v", by, end, ctx.Err())
	}
	over, cancel := corstest.Before(t.Context(), time.Now())
	defer cancel()
	if err := context.Cause(over); !errors.Is(err, corstest.ErrTimeout) {
		t.Errorf("the cause is %v", err)
	}
}

// withoutOurs leaves out what decides about missing browsers.
func withoutOurs(env []string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, "CI=") && !strings.HasPrefix(v, "CROSSEXAM_REQUIRE_BROWSER=") {
			kept = append(kept, v)
		}
	}
	return kept
}
