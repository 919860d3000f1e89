package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"net/url"
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

// stacksSeed draws the order of the cases: what one leaves behind must not change the
// next one.
var stacksSeed = flag.Uint64("stacks-seed", 0, "draws the order in which TestEveryStack examines; 0 is that of their names")

// stacksVerdicts is for who compares two orders, or two versions of this project: diff
// says where they disagree.
var stacksVerdicts = flag.String("stacks-verdicts", "", "a folder into which TestEveryStack writes the verdicts of each case, one result a line")

// stacksWhole is for who doubts what the other cases leave out.
var stacksWhole = flag.Bool("stacks-whole", false, "have TestEveryStack try every near-miss, and all endpoints of every stack, in every case")

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
	started := startedStacks(chosen)
	if *stacksSeed != 0 {
		r := mathrand.New(mathrand.NewPCG(*stacksSeed, 0))
		r.Shuffle(len(started), func(i, j int) { started[i], started[j] = started[j], started[i] })
	}
	browsers := lendBrowsers(t)
	for _, s := range started {
		t.Run(s.name(), func(t *testing.T) {
			t.Parallel()
			s.examine(t, all, browsers)
		})
	}
}

// A startedStack is a server that is started once, and what is known of it.
type startedStack struct {
	stack            deployments.Stack
	release, variant string
	open             bool // nobody needs a secret
	cases            []deployments.Case
}

// startedStacks are the servers to start for the cases of stacks, those that were chosen.
func startedStacks(chosen []deployments.Stack) []startedStack {
	var list []startedStack
	for _, s := range chosen {
		for _, c := range s.Cases {
			releases := c.Releases
			if len(releases) == 0 {
				releases = s.AllReleases()
			}
			for _, release := range releases {
				if started := (startedStack{stack: s, release: release, variant: c.Variant}); *whichStacks == "quick" && !started.quick() {
					continue
				}
				open := c.Victim == deployments.Network
				i := slices.IndexFunc(list, func(o startedStack) bool {
					return o.stack.Name == s.Name && o.release == release && o.variant == c.Variant && o.open == open
				})
				if i < 0 {
					i = len(list)
					list = append(list, startedStack{stack: s, release: release, variant: c.Variant, open: open})
				}
				list[i].cases = append(list[i].cases, c)
			}
		}
	}
	return list
}

// quick reports whether it is a right list on the newest release.
func (s startedStack) quick() bool {
	releases := s.stack.AllReleases()
	return strings.Contains(s.variant, "list") && s.release == releases[len(releases)-1]
}

func (s startedStack) name() string {
	words := []string{s.stack.Name, s.release, s.variant}
	if s.open {
		words = append(words, "open")
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), "/")
}

// examine starts the server, and examines it for each victim in a browser that is lent.
func (s startedStack) examine(t *testing.T, all []deployments.Stack, browsers lending) {
	browser := browsers.borrow(t)
	set := deployments.Setting{Release: s.release, Variant: s.variant, Session: rand.Text(), Logs: t.TempDir()}
	if s.open {
		set.Session = ""
	}
	server, err := s.stack.Start(t.Context(), all, set)
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
	for _, c := range s.cases {
		t.Run(c.Victim, func(t *testing.T) {
			args := append([]string{server.URL(), "--trusted", "https://app.example.com", "--trusted", "https://admin.example.com"}, server.Examine(s.stack)...)
			switch c.Victim {
			case deployments.Cookie:
				args = append(args, "--cookie", "session="+set.Session+"; SameSite=None; Secure; HttpOnly")
			case deployments.Bearer:
				args = append(args, "--bearer", set.Session)
			case deployments.Basic:
				args = append(args, "--basic", "alice:"+set.Session)
			}
			// What is right is tried whole: false alarms are what drives users away. So is what
			// the command is compared with.
			both := slices.Contains(byCommandToo, t.Name())
			var quiet *silence
			if !s.quick() && !both && !*stacksWhole {
				quiet = silenceOf(server.URL(), c.Victim, set.Session)
				args = append(args, s.stack.Less...)
			}
			got := browser.examine(t, args, quiet)
			if *stacksVerdicts != "" {
				writeVerdicts(t, got)
			}
			if got.ExitCode() != c.Exit {
				t.Errorf("the exit code is %d, want %d", got.ExitCode(), c.Exit)
			}
			for _, d := range differences(c, got) {
				t.Errorf("%s (%s)", d, c.Why)
			}
			for _, cause := range got.Causes {
				if f := cause.Snippet; f != nil && f.Stack != got.Target.Stack && !slices.Contains(s.stack.KnownAs, f.Stack) {
					t.Errorf("the fix is shown as %s has it", f.Name)
				} else if f != nil {
					t.Logf("the fix is shown as %s has it", f.Name)
				}
			}
			if both {
				r := crossexam(t, nil, append([]string{"test"}, args...)...)
				r.expect(t, c.Exit)
				sameVerdicts(t, got, r.report(t))
			}
			if t.Failed() {
				var says strings.Builder
				report.Text(&says, got, report.TextOptions{Verbose: true})
				t.Logf("the report says:\n%s", says.String())
			}
		})
	}
}

// byCommandToo are examined by the built command as well, a victim of each kind, and for
// CI one of the quick ones: a browser that is lent finds what a browser of its own does.
var byCommandToo = []string{
	"TestEveryStack/starlette/1.10/list/cookie", "TestEveryStack/open-notebook/1.10/since-default/bearer",
	"TestEveryStack/elasticsearch/default/basic", "TestEveryStack/ollama/default/open/network",
}

// A name that no case has would compare nothing.
func TestWhatTheCommandIsComparedWithIsThere(t *testing.T) {
	all, err := deployments.Load(root(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range startedStacks(all) {
		for _, c := range s.cases {
			names = append(names, "TestEveryStack/"+s.name()+"/"+c.Victim)
		}
	}
	for _, n := range byCommandToo {
		if !slices.Contains(names, n) {
			t.Errorf("%s is no case", n)
		}
	}
}

// fullVerdicts has the verdicts of a report, with what they weigh, by scenario and subject.
func fullVerdicts(r report.Report) map[string]string {
	all := map[string]string{}
	for _, c := range r.Results {
		all[fmt.Sprint(c.ID, " ", c.Subject)] = fmt.Sprint(c.Verdict, " ", c.Level, " ", c.Fails)
	}
	return all
}

// writeVerdicts writes a case's verdicts to a file of its name, without the port, which
// is another one each time.
func writeVerdicts(t *testing.T, r report.Report) {
	t.Helper()
	at, err := url.Parse(r.Target.URL)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for subject, v := range fullVerdicts(r) {
		lines = append(lines, strings.ReplaceAll(subject+": "+v, at.Port(), "PORT")+"\n")
	}
	slices.Sort(lines)
	if err := os.WriteFile(filepath.Join(*stacksVerdicts, strings.ReplaceAll(t.Name(), "/", " ")), []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sameVerdicts holds two reports on one server to the same results.
func sameVerdicts(t *testing.T, lent, own report.Report) {
	t.Helper()
	got, want := fullVerdicts(lent), fullVerdicts(own)
	if !maps.Equal(got, want) {
		t.Errorf("in a browser that was lent:\n%v\nby the command:\n%v", got, want)
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
