package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// reported writes the report and the recording of a run that saw what a real Chrome
// showed on a fixture, and gives their folder.
func reported(t *testing.T, policy string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "scenarios", "testdata", "recordings", policy+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r scenarios.Recording
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	record := engine.Record{Run: "crossexam-" + policy, Target: r.Target}
	for _, j := range engine.Rejudge(scenarios.Catalogue(), r) {
		record.Results = append(record.Results, j.Settled(false, false))
	}
	dir := t.TempDir()
	meta := report.Meta{Version: "v0.0.1"}
	if err := report.WriteAll(dir, report.New(record, meta), nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := writeRecording(dir, record, meta, 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{report.RecordingFile, "exchanges.har"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	return dir
}

// What was recorded is judged again, and two reports are compared, without a browser.
func TestJudgeAndDiff(t *testing.T) {
	t.Parallel()
	hardened, dot := reported(t, "hardened"), reported(t, "unescaped-dot")
	in := func(dir, name string) string { return filepath.Join(dir, name) }
	crossexam(t, nil, "judge", in(hardened, "report.json")).expect(t, 0, "No verdict differs", "v0.0.1", "Exit code 0")
	crossexam(t, nil, "judge", in(dot, "report.json")).expect(t, 1, "No verdict differs", "Exit code 1")
	r := crossexam(t, nil, "judge", in(dot, "report.json"), "--json")
	var judged report.Rejudged
	if err := json.Unmarshal([]byte(r.stdout), &judged); err != nil || judged.ExitCode != 1 || judged.Same < 100 || judged.Then.Version != "v0.0.1" {
		t.Errorf("%+v, %v", judged, err)
	}
	// A verdict of another version.
	text := fileOf(t, in(dot, "report.json"))
	older := save(t, "report.json", strings.Replace(text, `"verdict": "conforms"`, `"verdict": "violates"`, 1))
	crossexam(t, nil, "judge", older, "--recording="+in(dot, report.RecordingFile)).expect(t, 1, "then: violates", "now: conforms", "1 verdict differs")

	crossexam(t, nil, "diff", in(hardened, "report.json"), in(dot, "report.json")).expect(t, 1, "NEW ", "ORG-005", "Fix: ", "Exit code 1")
	page := filepath.Join(t.TempDir(), "diff.html")
	crossexam(t, nil, "diff", in(dot, "report.json"), in(hardened, "report.json"), "--html="+page).expect(t, 0, "FIXED ", "Exit code 0")
	if !strings.Contains(fileOf(t, page), "<!DOCTYPE html>") {
		t.Error("there is no page")
	}
	r = crossexam(t, nil, "diff", in(hardened, "report.json"), in(dot, "report.json"), "--json")
	var compared report.Diff
	if err := json.Unmarshal([]byte(r.stdout), &compared); err != nil || len(compared.Causes) != 1 || compared.Causes[0].Kind != report.KindNew {
		t.Errorf("%+v, %v", compared.Causes, err)
	}

	recording := fileOf(t, in(dot, report.RecordingFile))
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"judge, two reports":         {[]string{"judge", "a", "b"}, []string{"give one report.json", "crossexam diff"}},
		"judge, no report":           {[]string{"judge", "/none.json"}, []string{"/none.json cannot be used"}},
		"judge, no recording":        {[]string{"judge", older}, []string{"there is no recording", "--recording"}},
		"judge, another run":         {[]string{"judge", in(dot, "report.json"), "--recording=" + in(hardened, report.RecordingFile)}, []string{"two files of one run"}},
		"judge, another version":     {[]string{"judge", in(dot, "report.json"), "--recording=" + save(t, "r.json", strings.Replace(recording, "recording/v1", "recording/v9", 1))}, []string{`"crossexam/recording/v9"`}},
		"judge, a broken one":        {[]string{"judge", in(dot, "report.json"), "--recording=" + save(t, "r.json", recording[:len(recording)/2])}, []string{"it is no recording.json"}},
		"judge, unknown report":      {[]string{"judge", save(t, "report.json", strings.Replace(text, "report/v1", "report/v7", 1))}, []string{`"crossexam/report/v7"`}},
		"diff, one report":           {[]string{"diff", in(dot, "report.json")}, []string{"give two reports", "the earlier one first"}},
		"diff, no report":            {[]string{"diff", in(dot, "report.json"), "/none.json"}, []string{"/none.json cannot be used"}},
		"diff, a folder that is not": {[]string{"diff", in(dot, "report.json"), in(dot, "report.json"), "--html=/none/diff.html"}, []string{"--html /none/diff.html"}},
		"diff, other origins": {[]string{"diff", in(dot, "report.json"), save(t, "report.json", strings.Replace(text, `"https://notebook.example.com"`, `"https://other.example.com"`, 1))},
			[]string{"cannot be compared", "other trusted origins"}},
	} {
		t.Run(name, func(t *testing.T) { crossexam(t, nil, c.args...).expect(t, 2, c.says...) })
	}
}

// In a workflow nothing that is printed is a command, until the annotations are.
func TestAnnotating(t *testing.T) {
	var b bytes.Buffer
	t.Setenv("GITHUB_ACTIONS", "")
	annotating(&b)(&report.Report{}, "")
	if b.Len() > 0 {
		t.Errorf("elsewhere: %q", b.String())
	}
	t.Setenv("GITHUB_ACTIONS", "true")
	annotate := annotating(&b)
	b.WriteString("::error::from a target\n")
	annotate(&report.Report{Results: []report.Result{{ID: "ORG-001", Title: "A title", Level: scenarios.Must, Verdict: scenarios.Violates, Fails: true, Reason: "because"}}}, "app.py")
	annotate(nil, "")
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	token, stopped := strings.CutPrefix(lines[0], "::stop-commands::")
	if len(lines) != 4 || !stopped || lines[2] != "::"+token+"::" || !strings.HasPrefix(lines[3], "::error file=app.py,title=") {
		t.Errorf("%q", lines)
	}
}
