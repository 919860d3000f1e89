package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
	"github.com/crossexam/crossexam/fixtures/stacks/deployments"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

var whichStacks = flag.String("stacks", "", "the stacks that TestEveryStack examines: quick (right lists on the newest release of what installs quickly), all, or names of fixtures/stacks, separated by commas")

// TestEveryStack examines real frameworks and proxies with flags alone, as their
// owners would, and holds the verdicts to what is known of each: the reports are
// compared with expected.yaml, never the other way about. What is not installed is
// skipped, where it is not CI that runs.
func TestEveryStack(t *testing.T) {
	browsertest.Needed(t)
	if *whichStacks == "" {
		t.Skip("-stacks says which: make stacks-test examines all of them")
	}
	all, err := deployments.Load(root(t))
	if err != nil {
		t.Fatal(err)
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(s deployments.Stack) bool {
		switch *whichStacks {
		case "all":
			return false
		case "quick":
			return !s.Quick
		}
		return !slices.Contains(strings.Split(*whichStacks, ","), s.Name)
	})
	if len(chosen) == 0 {
		t.Fatalf("-stacks %s selects none", *whichStacks)
	}
	for _, s := range chosen {
		for _, c := range s.Cases {
			releases := c.Releases
			if len(releases) == 0 {
				releases = s.AllReleases()
			}
			if *whichStacks == "quick" {
				if !strings.Contains(c.Variant, "list") {
					continue
				}
				releases = releases[len(releases)-1:]
			}
			for _, release := range releases {
				t.Run(strings.Join(slices.DeleteFunc([]string{s.Name, release, c.Variant, c.Victim}, func(w string) bool { return w == "" }), "/"), func(t *testing.T) {
					t.Parallel()
					examineStack(t, s, all, c, deployments.Setting{Release: release, Variant: c.Variant, Session: rand.Text(), Logs: t.TempDir()})
				})
			}
		}
	}
}

func examineStack(t *testing.T, s deployments.Stack, all []deployments.Stack, c deployments.Case, set deployments.Setting) {
	var victim []string
	switch c.Victim {
	case deployments.Cookie:
		victim = []string{"CROSSEXAM_COOKIE=session=" + set.Session + "; SameSite=None; Secure; HttpOnly"}
	case deployments.Bearer:
		victim = []string{"CROSSEXAM_BEARER=" + set.Session}
	case deployments.Basic:
		victim = []string{"CROSSEXAM_BASIC=alice:" + set.Session}
	case deployments.Network:
		set.Session = ""
	}
	server, err := s.Start(t.Context(), all, set)
	if errors.Is(err, deployments.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			logs, _ := filepath.Glob(filepath.Join(set.Logs, "*"))
			for _, l := range logs {
				text, err := os.ReadFile(l)
				t.Logf("%s (%v):\n%s", l, err, text)
			}
		}
	})
	args := append([]string{"test", server.URL(), "--trusted", "https://app.example.com", "--trusted", "https://admin.example.com"}, server.Examine(s)...)
	r := crossexam(t, victim, args...)
	r.expect(t, c.Exit)
	if r.code == 2 {
		return
	}
	got := r.report(t)
	for _, d := range differences(c, got) {
		t.Errorf("%s (%s)", d, c.Why)
	}
	if t.Failed() && r.code == c.Exit { // it has been printed otherwise
		t.Logf("the report says:\n%s", r.stdout)
	}
}

// differences says in a sentence each how a report differs from what is known.
func differences(c deployments.Case, got report.Report) []string {
	var found []string
	if c.Exfiltration != "" && string(got.Summary.Exfiltration) != c.Exfiltration {
		found = append(found, "exfiltration is "+string(got.Summary.Exfiltration)+", want "+c.Exfiltration)
	}
	violated := map[string][]string{} // by ID, the reasons
	for _, r := range got.Results {
		if r.Verdict == scenarios.Violates {
			violated[r.ID] = append(violated[r.ID], string(r.Level)+": "+r.Reason)
		}
	}
	for _, id := range c.Violated {
		if len(violated[id]) == 0 {
			found = append(found, id+" is not violated")
		}
	}
	for id, reasons := range violated {
		family, _, _ := strings.Cut(id, "-")
		if slices.Contains(c.Not, id) || slices.Contains(c.Not, family) {
			found = append(found, id+" is violated: "+reasons[0])
		}
	}
	slices.Sort(found)
	return found
}
