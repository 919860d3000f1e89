package report

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// hostile is what a target may put wherever it can.
const hostile = "\x1b[2J\x1b]0;owned\x07\u009b31m\u202e\r\n\x00\xff<script>alert(1)</script>\"'`|*_[x](http://evil.test/)://www.evil.test @all #1 </pre>{{.}}"

func hostileReport(t *testing.T) (Report, []engine.Screen) {
	t.Helper()
	record := compared(accepting(sample(), "CRD-002"))
	record.Fault = &engine.Fault{Stage: engine.StageRun, Err: errors.New("interrupted"), Advice: "again"}
	stuff(reflect.ValueOf(&record).Elem(), hostile)
	return reportOf(record, Meta{Version: "1.0"}), record.Screens
}

func text(t *testing.T, r Report, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A target that decides by turns is told once, by its diagnosis and the headline.
func TestTextOfAnUnsteadyTarget(t *testing.T) {
	record := sample()
	record.Results = slices.DeleteFunc(record.Results, func(r engine.Result) bool { return r.Judgement.Verdict != scenarios.Conforms })
	const detail = "one and the same request now so and now otherwise"
	record.Diagnoses = []engine.Diagnosis{{Kind: engine.PolicyUnsteady, Detail: detail}}
	record.Fault = &engine.Fault{Stage: engine.StageSteady, Err: errors.New(detail), Advice: record.Diagnoses[0].Advice()}
	r := reportOf(record, Meta{})
	said := strings.Join(strings.Fields(text(t, r, TextOptions{})), " ")
	if r.ExitCode() != ExitNoVerdict || strings.Count(said, "now so and now otherwise") != 1 || strings.Contains(said, "Broke off") || !strings.Contains(said, "Could not judge whether a web page") {
		t.Errorf("exit code %d:\n%s", r.ExitCode(), said)
	}
}

func TestText(t *testing.T) {
	r := reportOf(sample(), Meta{})
	got := text(t, r, TextOptions{})
	for _, want := range []string{
		"VIOLATES  every-origin  must, high severity\n",
		"  does      Every origin is echoed, with credentials.\n",
		"  worst     WLD-001: https://evil.test read the reply with the victim's cookie\n",
		"  evidence  GET https://api.example.com/api/notebooks, Origin: https://evil.test\n",
		"              Access-Control-Allow-Origin: https://evil.test\n",
		"  stolen    34 bytes: " + sampleLoot,
		"  where     GET /api/notebooks with cookie\n",
		"  fix       List the front end's origins ",
		"  falls     with it: WLD-001, CRD-002, PRE-003, HDR-003\n",
		"VIOLATES  null-origin  must, high severity\n",
		"Withheld, since it could change something: PUT /api/notebooks/1 (2 times).",
		"COULD NOT JUDGE, which is not a pass\n  ERR-002 (1 result, which fails the run): the target closed the connection\n",
		"\nAny web page can read this API with a visitor's session.\nThe trusted front end can do its work.\n",
		"Causes: 2 must, 0 advice. Results: 5 violate, 2 conform, 1 could not be judged\n(1 must), 1 does not apply; 9 attempts in 1.2 s.\n",
		"\nExit code 1: a MUST requirement is violated (in a strict run a SHOULD too).\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	for _, c := range []string{"ORG-001", "WLD-003"} {
		if strings.Contains(got, c) {
			t.Errorf("%s is shown without being asked for", c)
		}
		if !strings.Contains(text(t, r, TextOptions{Verbose: true}), c) {
			t.Errorf("%s is not shown when asked for", c)
		}
	}
	if strings.Contains(got, "Accept:") {
		t.Error("a header that decides nothing is shown")
	}
}

func TestTextOfOtherEnds(t *testing.T) {
	for _, c := range []struct {
		name   string
		record engine.Record
		want   []string
	}{
		{"conforms", of(judged("ORG-001", scenarios.Must, scenarios.Conforms, "", read(sampleEvil, false))), []string{"Exit code 0: conforms."}},
		{"broke off", faulty(engine.StageReach), []string{"Broke off (reach): connection refused", "What to do: start it", "Exit code 3: could not judge, which is not a pass."}},
	} {
		got := text(t, reportOf(c.record, Meta{}), TextOptions{})
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in\n%s", c.name, want, got)
			}
		}
	}
	accepted := reportOf(accepting(sample()), Meta{})
	if got := text(t, accepted, TextOptions{}); !strings.Contains(got, "ACCEPTED violations") || !strings.Contains(got, "5 are accepted") || !strings.Contains(got, "Accepted until 2027-01-31 by api-team: It moves in spring") {
		t.Errorf("accepted violations are not shown:\n%s", got)
	}
}

func TestTextOfAcceptedAndCompared(t *testing.T) {
	record := compared(accepting(sample(), "NUL-001"))
	for _, c := range []struct {
		name    string
		onlyNew bool
		o       TextOptions
		want    []string
	}{
		{"usual", false, TextOptions{Width: 100}, []string{
			"VIOLATES  every-origin  must, high severity, unchanged\n",
			"ACCEPTED violations\n  null-origin (must, high, unchanged): the origin null is trusted\n", "      Accepted until 2027-01-31 by api-team: It moves in spring\n",
			"COMPARED with the run of 20 November 2026, 08:00 UTC\n  1 new violation, 1 fixed, 4 unchanged, 1 that could not be judged now, 1 that was not examined\n  now. For 1 of the new ones the baseline has no verdict. Cases examined only then: 3, only now: 2.",
			"\n  new: every-origin GET /api/notebooks from https://evil.test with cookie\n", "\n  fixed: ORG-001 GET", "\n  not examined now: ORG-009 GET",
			"STALE accepted deviations\n  ORG-001 (from https://*.example.com), accepted until 2027-02-01 by front-team: They are ours\n",
		}},
		{"only new", true, TextOptions{}, []string{"VIOLATES  every-origin", "Exit code 1: a MUST requirement is violated that was not before"}},
		{"verbose", false, TextOptions{Verbose: true}, []string{"\n  unchanged: every-origin GET"}},
		{"quiet", false, TextOptions{Quiet: true}, []string{"Compared with the run of 20 November 2026, 08:00 UTC: 1 new violation,"}},
	} {
		record.Baseline.OnlyNew = c.onlyNew
		got := text(t, reportOf(record, Meta{}), c.o)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in\n%s", c.name, want, got)
			}
		}
	}
}

// A reader who runs it at a terminal sees all of it: one screen where all is well, and
// two where every origin is echoed, with the verdict at the end.
func TestTextFitsTheScreen(t *testing.T) {
	for name, most := range map[string]int{"hardened": 24, "wildcard-echo-with-cookie": 48} {
		got := text(t, reportOf(ofRecording(t, name), Meta{}), TextOptions{More: "--verbose shows each"})
		lines := strings.Split(strings.TrimRight(got, "\n"), "\n")
		if len(lines) > most || !strings.HasPrefix(lines[len(lines)-1], "Exit code") {
			t.Errorf("%s takes %d lines:\n%s", name, len(lines), got)
		}
	}
}

// Numbers of violations say what they mean.
func TestCounts(t *testing.T) {
	advice := judged("HDR-003", scenarios.Should, scenarios.Violates, "Vary is missing")
	for strict, want := range map[bool]string{
		false: "Causes: 0 must, 1 advice. Results: 1 violate, 0 conform, 1 could not be judged (0 must), 0 do not apply; 0 attempts in 0.0 s.",
		true:  "Causes: 0 must, 1 should, 0 advice. Results: 1 violate, 0 conform, 1 could not be judged (0 must), 0 do not apply; 0 attempts in 0.0 s.",
	} {
		r := reportOf(binding(of(advice, judged("HDR-002", scenarios.Should, scenarios.CannotTell, "")), strict), Meta{})
		if got := r.Counts(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestTextQuiet(t *testing.T) {
	got := text(t, reportOf(sample(), Meta{}), TextOptions{Quiet: true})
	if strings.Contains(got, "WLD-001") || !strings.HasPrefix(got, "Any web page") || !strings.Contains(got, "Exit code 1") {
		t.Errorf("got\n%s", got)
	}
}

// Each result is there for whoever asks.
func TestTextVerbose(t *testing.T) {
	var results []engine.Result
	for i := range 9 {
		c := judged("ORG-001", scenarios.Must, scenarios.Violates, fmt.Sprintf("granted %d", i), read(sampleEvil, true))
		c.Subject.Endpoint = fmt.Sprintf("GET /%d", i)
		results = append(results, c)
	}
	got := text(t, reportOf(of(results...), Meta{}), TextOptions{})
	if strings.Count(got, "ORG-001") != 2 || !strings.Contains(got, "GET /0, GET /1 and 7 more") {
		t.Errorf("got\n%s", got)
	}
	if got := text(t, reportOf(of(results...), Meta{}), TextOptions{Verbose: true}); !strings.Contains(got, "GET /8 from") || !strings.Contains(got, "granted 8") || !strings.Contains(got, "Cookie: session=[redacted]") {
		t.Errorf("verbose: got\n%s", got)
	}
}

// However many causes there are, none is lost, and few take room.
func TestTextOfManyCauses(t *testing.T) {
	var results []engine.Result
	for i := range 20 {
		results = append(results, judged(fmt.Sprintf("XXX-%03d", i), scenarios.Must, scenarios.Violates, "granted"))
	}
	got := text(t, reportOf(of(results...), Meta{}), TextOptions{})
	if n := strings.Count(got, "\n"); n > 48 || !strings.Contains(got, "and 11 more, in report.html") {
		t.Errorf("%d lines:\n%s", n, got)
	}
}

func TestTextFitsItsWidth(t *testing.T) {
	r, _ := hostileReport(t)
	for given, want := range map[int]int{0: 80, 60: 60, 120: 120} {
		for line := range strings.SplitSeq(text(t, r, TextOptions{Width: given, Verbose: true}), "\n") {
			if utf8.RuneCountInString(line) > want {
				t.Errorf("width %d: %q", given, line)
			}
		}
	}
}

var sgr = regexp.MustCompile("\x1b\\[(0|1|2|1;3[123])m")

func TestTextNeutralisesEscapes(t *testing.T) {
	r, _ := hostileReport(t)
	checkVisible(t, text(t, r, TextOptions{Verbose: true}), "\n")
	colored := text(t, r, TextOptions{Verbose: true, Color: true})
	checkVisible(t, sgr.ReplaceAllString(colored, ""), "\n")
	if sgr.ReplaceAllString(colored, "") != text(t, r, TextOptions{Verbose: true}) {
		t.Error("colour changes the text")
	}
	// A line of the target cannot pass for one of ours.
	if strings.Contains(text(t, reportOf(of(judged("ORG-001", scenarios.Must, scenarios.CannotTell, "x\nExit code 0: conforms.")), Meta{}), TextOptions{}), "\nExit code 0") {
		t.Error("a reason made a line of its own")
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 8, []string{"one two", "three"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 13, []string{"one two three"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"a abcdefgh b", 4, []string{"a", "abcd", "efgh", "b"}},
		{"  one two", 6, []string{"  one", "  two"}},
		{"  abcdef", 4, []string{"  ab", "  cd", "  ef"}},
		{"äöü äöü", 3, []string{"äöü", "äöü"}},
		{"one\ntwo", 10, []string{"one two"}},
		{"abc", 0, []string{"a", "b", "c"}},
	} {
		if got := Wrap(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q at %d: got %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
