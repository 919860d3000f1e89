package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
)

// The examples of docs/ci are run as they stand, on an API that is vulnerable: each has
// to fail its job for that, and to leave the files that it archives. For the sake of
// time one requirement is judged.
func TestExamplesOfCI(t *testing.T) {
	browsertest.Needed(t)
	n := fixtures.Notebook{Policy: fixtures.WildcardEchoAlways(), Login: fixtures.SessionCookie, Origins: []cors.Origin{cors.MustParseOrigin("https://app.example.com")}}
	api := serve(t, n.Handler().ServeHTTP)
	cookie := fixtures.CookieName + "=" + sessionOf(t, api) + "; SameSite=None; Secure"
	// The real command, which judges one requirement.
	short := standIn(t, fmt.Sprintf(`[ "$1" = test ] || exec %q "$@"; shift; exec %q test --label WLD-001 "$@"`, binary, binary))

	t.Run("GitHub", func(t *testing.T) {
		var workflow struct {
			Jobs map[string]struct {
				Steps []actionStep `yaml:"steps"`
			} `yaml:"jobs"`
		}
		readYAML(t, filepath.Join(root(t), "docs/ci/github.yml"), &workflow)
		action := theAction(t)
		ran := 0
		for _, job := range workflow.Jobs {
			for _, s := range job.Steps {
				if !strings.HasPrefix(s.Uses, "crossexam/crossexam@") {
					continue
				}
				ran++
				for name := range s.With {
					if _, known := action.Inputs[name]; !known {
						t.Errorf("the action has no input %s", name)
					}
				}
				if !strings.Contains(s.With["cookie"], "secrets.") {
					t.Errorf("the example shows no secret of the workflow: %q", s.With["cookie"])
				}
				s.With["target"], s.With["cookie"] = api, cookie
				address, _ := releases(t, short, wellListed)
				r := newRunner(t, s.With, map[string]string{"RELEASES": address})
				if code := r.run(t, action, t.TempDir()); code != 1 || !strings.Contains(r.log, "\n::error title=Crossexam%3A ") {
					t.Errorf("exit code %d\n%s", code, r.log)
				}
			}
		}
		if ran != 1 {
			t.Errorf("the example uses the action %d times", ran)
		}
	})

	t.Run("GitLab", func(t *testing.T) {
		var pipeline struct {
			Job struct {
				Before    []string `yaml:"before_script"`
				Script    []string `yaml:"script"`
				Artifacts struct {
					Paths   []string          `yaml:"paths"`
					Reports map[string]string `yaml:"reports"`
				} `yaml:"artifacts"`
			} `yaml:"crossexam"`
		}
		readYAML(t, filepath.Join(root(t), "docs/ci/gitlab-ci.yml"), &pipeline)
		runExample(t, short, api, cookie, append(pipeline.Job.Before, pipeline.Job.Script...), append(pipeline.Job.Artifacts.Paths, pipeline.Job.Artifacts.Reports["junit"]))
	})

	t.Run("Jenkins", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(root(t), "docs/ci/Jenkinsfile"))
		if err != nil {
			t.Fatal(err)
		}
		words := func(pattern string) (found []string) {
			for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
				found = append(found, strings.Split(m[1], ",")...)
			}
			return found
		}
		runExample(t, short, api, cookie, words(`(?m)^ *sh '([^']*)'$`), append(words(`artifacts: '([^']*)'`), words(`junit '([^']*)'`)...))
	})
}

// runExample runs the commands of a pipeline with the variables that it wants. What it
// installs from Debian is here already; its downloads come from this machine.
func runExample(t *testing.T, program, api, cookie string, commands, files []string) {
	t.Helper()
	address, _ := releases(t, program, wellListed)
	bin := t.TempDir()
	here := strings.NewReplacer("https://github.com/crossexam/crossexam/releases", address, "/usr/local/bin", bin)
	var lines []string
	for _, c := range commands {
		if !strings.HasPrefix(c, "apt-get ") {
			lines = append(lines, here.Replace(c))
		}
	}
	if len(lines) != 5 || len(files) < 3 || len(lines) == len(commands) {
		t.Fatalf("the example has the commands %q and the files %q", commands, files)
	}
	working := t.TempDir()
	c := exec.CommandContext(t.Context(), "sh", "-ec", strings.Join(lines, "\n"))
	c.Dir = working
	c.Env = append(os.Environ(), "API_URL="+api, "APP_ORIGIN=https://app.example.com", "CROSSEXAM_COOKIE="+cookie, "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code := c.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "WLD-001") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, f := range files {
		if info, err := os.Stat(filepath.Join(working, f)); err != nil || info.Size() == 0 {
			t.Errorf("%s is archived, and was not written: %v", f, err)
		}
	}
}
