package fleetreport

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/report/internal/schematest"
	"github.com/crossexam/crossexam/scenarios"
)

var began = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// aReport is one in which every page reads the API at two endpoints.
func aReport() report.Report {
	return report.Report{
		Run:    report.Run{Name: "cx-1", Started: began},
		Target: report.Target{URL: "https://api.example.com", Endpoints: []string{"GET /a", "GET /b"}},
		Summary: report.Summary{
			Exfiltration: report.Proven, Requests: 40, DurationMS: 3500,
		},
		Diagnoses: []report.Diagnosis{{Kind: engine.LeftAlone, Detail: "seen", Advice: "do"}},
		Results: []report.Result{{
			ID: "WLD-003", Level: scenarios.Must, Severity: scenarios.High, Verdict: scenarios.Violates, Fails: true, Exfiltrated: true,
			Cause: "every-origin", Subject: report.Subject{Endpoint: "GET /a", Origin: "https://evil.test", Credential: scenarios.Cookie},
		}, {
			ID: "ERR-002", Level: scenarios.Must, Verdict: scenarios.CannotTell, Fails: true,
		}, {
			ID: "HDR-002", Level: scenarios.Should, Verdict: scenarios.CannotTell,
		}, {
			ID: "HDR-002", Level: scenarios.Should, Verdict: scenarios.Conforms,
		}, {
			ID: "NUL-001", Level: scenarios.Must, Verdict: scenarios.Conforms,
		}, {
			ID: "NUL-001", Level: scenarios.Must, Verdict: scenarios.NotApplicable,
		}, {
			ID: "NET-001", Level: scenarios.Must, Verdict: scenarios.NotApplicable,
		}},
		Causes: []report.Cause{{
			ID: "every-origin", Rule: "every origin is echoed", Level: scenarios.Must, Severity: scenarios.High, Fails: true, Exfiltrated: true,
			Worst:     report.Worst{ID: "WLD-003", Subject: report.Subject{Endpoint: "GET /a"}, Reason: "a page read it"},
			Endpoints: []string{"GET /a", "GET /b"}, Requirements: []string{"ORG-001", "WLD-003"}, Fix: "List the origins.",
		}},
	}
}

func about() About {
	return About{
		Target: "https://api.example.com", Name: "notebook", Owner: "team-a", Configuration: "abc", Worker: "w1", Deliveries: 2,
		Report: "targets/abc/report.html",
	}
}

func TestFromReport(t *testing.T) {
	o := FromReport(aReport(), about())
	want := Outcome{
		Schema: Version, Target: "https://api.example.com", Name: "notebook", Owner: "team-a", Configuration: "abc",
		Stage: Proof, ExitCode: 1, Headline: "Any web page can read this API with a visitor's cookies.", Exfiltration: report.Proven,
		Causes: []Cause{{
			ID: "every-origin", Rule: "every origin is echoed", Level: scenarios.Must, Severity: scenarios.High, Fails: true, Exfiltrated: true,
			Endpoint: "GET /a", Endpoints: 2, Requirements: []string{"ORG-001", "WLD-003"}, Reason: "a page read it", Fix: "List the origins.",
			Fingerprint: o.Causes[0].Fingerprint,
		}},
		Conforms: []string{"NUL-001"}, Doubted: []string{"ERR-002", "HDR-002"},
		Diagnoses: []Diagnosis{{"left-alone", "seen", "do"}},
		Counts:    Counts{Endpoints: 2, Requests: 40, Unjudged: 1}, Started: began, DurationMS: 3500, Worker: "w1", Deliveries: 2, Report: "targets/abc/report.html",
	}
	want.Headline = aReport().Headline()
	want.Diagnoses[0].Kind = string(engine.LeftAlone)
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got  %+v\nwant %+v", o, want)
	}

	broken := aReport()
	broken.Fault = &report.Fault{Stage: string(engine.StageReach), Error: "refused", Advice: "start it"}
	o = FromReport(broken, about())
	if o.ExitCode != report.ExitNoVerdict || o.Fault == nil || *o.Fault != (Fault{"reach", "refused", "start it"}) {
		t.Errorf("broken off: %d %+v", o.ExitCode, o.Fault)
	}
}

// A fingerprint is of the target and what it does, and of nothing else.
func TestFingerprint(t *testing.T) {
	print := func(change func(*report.Report, *About)) string {
		r, a := aReport(), about()
		change(&r, &a)
		return FromReport(r, a).Causes[0].Fingerprint
	}
	first := print(func(*report.Report, *About) {})
	for name, same := range map[string]func(*report.Report, *About){
		"configuration": func(_ *report.Report, a *About) { a.Configuration = "other" },
		"worker":        func(_ *report.Report, a *About) { a.Worker, a.Deliveries, a.Report, a.Owner = "w2", 9, "", "team-b" },
		"severity":      func(r *report.Report, _ *About) { r.Causes[0].Severity = scenarios.Low },
		"password":      func(_ *report.Report, a *About) { a.Target = "https://me:secret@api.example.com" },
	} {
		if print(same) != first {
			t.Errorf("another %s changes it", name)
		}
	}
	for name, other := range map[string]func(*report.Report, *About){
		"target": func(_ *report.Report, a *About) { a.Target = "https://api.example.org" },
		"name":   func(_ *report.Report, a *About) { a.Name = "other" },
		"cause":  func(r *report.Report, _ *About) { r.Causes[0].ID = "null-origin" },
	} {
		if print(other) == first {
			t.Errorf("another %s does not change it", name)
		}
	}
}

func TestWithoutUser(t *testing.T) {
	for in, want := range map[string]string{
		"https://api.example.com":              "https://api.example.com",
		"https://me:secret@api.example.com/v1": "https://api.example.com/v1",
		"https://me:s%zz@host":                 "https://host",
		"https://me:a@b@host?x=@":              "https://host?x=@",
		"https://host/@me":                     "https://host/@me",
		"nonsense":                             "nonsense",
	} {
		if got := withoutUser(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestSchema(t *testing.T) {
	schematest.Agree(t, schema, reflect.TypeFor[Outcome]())
	s := schematest.Compile(t, schema)
	plain := func(o Outcome) map[string]any {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return v.(map[string]any)
	}
	for name, o := range map[string]Outcome{
		"proof":               FromReport(aReport(), about()),
		"fault":               FromFault(Sweep, began, Fault{"worker", "killed 5 times", "look at its log"}, about()),
		"given up as a proof": FromFault(Proof, began, Fault{}, About{}),
	} {
		if err := s.Validate(plain(o)); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
	}
	for name, change := range map[string]func(map[string]any){
		"another version":               func(o map[string]any) { o["schema"] = "crossexam/fleet/outcome/v2" },
		"an unknown stage":              func(o map[string]any) { o["stage"] = "guess" },
		"null for a list":               func(o map[string]any) { o["causes"] = nil },
		"the word conforms for a sweep": func(o map[string]any) { o["grant"] = "conforms" },
	} {
		o := plain(FromReport(aReport(), about()))
		change(o)
		if s.Validate(o) == nil {
			t.Errorf("the schema takes %s", name)
		}
	}
}

func TestLines(t *testing.T) {
	all := []Outcome{FromReport(aReport(), about()), FromFault(Proof, began, Fault{Error: "two\nlines </script> \u2028"}, about())}
	var b bytes.Buffer
	if err := WriteLines(&b, all); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b.Bytes(), []byte("\n")); n != 2 {
		t.Errorf("%d lines", n)
	}
	text := b.String()
	back, err := ReadLines(&b)
	if err != nil || !reflect.DeepEqual(all, back) {
		t.Errorf("read back: %v\n%+v", err, back)
	}
	for name, c := range map[string]struct{ text, want string }{
		"newer":    {strings.Replace(text, "outcome/v1", "outcome/v2", 1), "line 1: "},
		"damaged":  {text + "{\"schema\":", "line 3: "},
		"too long": {text + strings.Repeat("x", maxLine+1), "line 3 is longer"},
	} {
		if _, err := ReadLines(strings.NewReader(c.text)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if back, err := ReadLines(strings.NewReader("\n\n")); err != nil || len(back) != 0 {
		t.Errorf("empty lines: %v, %d", err, len(back))
	}
}

// What could not be judged says why, in the table and in the digest.
func TestFaultIsTheHeadline(t *testing.T) {
	for text, want := range map[string]string{
		"it was cancelled":                  "Could not judge: it was cancelled.",
		"TOKEN is not set.":                 "Could not judge: TOKEN is not set.",
		"":                                  "Could not judge: the examination broke off.",
		strings.Repeat("a long story ", 50): "Could not judge: " + strings.TrimRight(cut(strings.Repeat("a long story ", 50)), ". ") + ".",
	} {
		if o := FromFault(Proof, time.Time{}, Fault{Error: text}, About{}); o.Headline != want || o.ExitCode != report.ExitNoVerdict {
			t.Errorf("%q, exit code %d", o.Headline, o.ExitCode)
		}
	}
}

// A proof counts the endpoints and classes of the sweep before it, and a cause those of its classes.
func TestProofCountsTheSweep(t *testing.T) {
	r := report.Report{
		Target: report.Target{Endpoints: []string{"GET /a", "GET /b"}},
		Sweep:  &report.Sweep{Classes: []report.SweepClass{{ID: "P1"}, {ID: "P2"}}, Endpoints: make([]report.SweepEndpoint, 9)},
		Causes: []report.Cause{{ID: "every-origin", Endpoints: []string{"GET /a"}, Classes: []report.CauseClass{{ID: "P1", Endpoints: 7}}}},
	}
	o := FromReport(r, About{})
	if o.Counts.Endpoints != 9 || o.Counts.Classes != 2 || o.Causes[0].Endpoints != 7 {
		t.Errorf("%+v, and the cause is at %d", o.Counts, o.Causes[0].Endpoints)
	}
}
