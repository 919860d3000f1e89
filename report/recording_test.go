package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// recordedRun is the record of a run that saw what a real Chrome showed on a fixture.
func recordedRun(t testing.TB, policy string) engine.Record {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "scenarios", "testdata", "recordings", policy+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r scenarios.Recording
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	record := engine.Record{Run: "crossexam-0123456789ab", Target: r.Target}
	for _, j := range engine.Rejudge(scenarios.Catalogue(), r) {
		if j.Unjudged != "" {
			t.Fatalf("%s: %s", j.Scenario.ID, j.Unjudged)
		}
		record.Results = append(record.Results, j.Settled(false, false))
	}
	return record
}

// kept is the report and the recording of a run as they are read again.
func kept(t *testing.T, record engine.Record, meta Meta) (Report, Recording, string) {
	t.Helper()
	var b bytes.Buffer
	if err := New(record, meta).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	r, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	recording, err := NewRecording(record, meta)
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	if err := recording.writeJSON(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	recording, err = ReadRecording(&b)
	if err != nil {
		t.Fatal(err)
	}
	return r, recording, text
}

// All that is recorded is of a type that can be searched for secrets.
func TestRecordedTypesCanBeSearched(t *testing.T) {
	seen := map[reflect.Type]bool{reflect.TypeFor[cors.Origin](): true, reflect.TypeFor[cors.Pattern](): true} // which are looked at as a whole
	var walk func(at string, of reflect.Type)
	walk = func(at string, of reflect.Type) {
		if seen[of] {
			return
		}
		seen[of] = true
		switch of.Kind() {
		case reflect.Struct:
			for i := range of.NumField() {
				f := of.Field(i)
				if !f.IsExported() && of != reflect.TypeFor[cors.Header]() {
					t.Errorf("%s.%s is not exported, so that it cannot be changed", at, f.Name)
				}
				walk(at+"."+f.Name, f.Type)
			}
		case reflect.Slice, reflect.Pointer:
			walk(at, of.Elem())
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		default:
			t.Errorf("%s is of kind %s", at, of.Kind())
		}
	}
	walk("target", reflect.TypeFor[scenarios.Target]())
	walk("observation", reflect.TypeFor[scenarios.Observation]())
}

// A trusted pattern is recorded as it is, and not at all where there is a secret in it.
func TestRecordingOfAPattern(t *testing.T) {
	record := recordedRun(t, "hardened")
	p, err := cors.ParsePattern("https://*.example.com")
	if err != nil {
		t.Fatal(err)
	}
	record.Target.Patterns = []cors.Pattern{p}
	if _, recording, text := kept(t, record, Meta{}); !strings.Contains(text, `"https://*.example.com"`) || len(recording.Target.Patterns) != 1 {
		t.Errorf("patterns %v", recording.Target.Patterns)
	}
	record.Cookies = []attacker.StoredCookie{{Name: "odd", Value: "*.example.com"}}
	if recording, err := NewRecording(record, Meta{}); err != nil || len(recording.Target.Patterns) > 0 {
		t.Errorf("%v, %v", recording.Target.Patterns, err)
	}
}

// recorded adds the files of a record that are no report.
func recorded(t testing.TB, to map[string]string, record engine.Record, meta Meta) {
	t.Helper()
	r, err := NewRecording(record, meta)
	if err != nil {
		t.Fatal(err)
	}
	var j, h bytes.Buffer
	if err := errors.Join(r.writeJSON(&j), r.writeHAR(&h)); err != nil {
		t.Fatal(err)
	}
	to[RecordingFile], to["exchanges.har"] = j.String(), h.String()
}

// What a run observed leads the same judges to the same verdicts, though no secret is
// left in it.
func TestRejudge(t *testing.T) {
	for _, policy := range []string{"hardened", "wildcard-echo-with-cookie", "authentication-outside-cors", "two-allow-origin-headers", "unescaped-dot"} {
		record := recordedRun(t, policy)
		session := ""
		for _, o := range record.Recording().Observations {
			for _, x := range o.Exchanges {
				if v, ok := x.Request.Headers.Get("Cookie"); ok {
					_, session, _ = strings.Cut(v, "=")
				}
			}
		}
		r, recording, text := kept(t, record, Meta{Version: "v1"})
		if len(session) < 20 || strings.Contains(text, session) {
			t.Errorf("%s: the session %q is in the recording", policy, session)
		}
		j, err := r.Rejudge(recording, Tool{Version: "v2"})
		if err != nil {
			t.Fatal(err)
		}
		if j.Same != len(r.Results) || len(j.Differ)+len(j.Unjudged)+len(j.Gone)+len(j.More) > 0 || j.ExitCode != r.ExitCode() {
			t.Errorf("%s: %d of %d the same, exit code %d and then %d; differ %+v, unjudged %+v, more %+v", policy, j.Same, len(r.Results), j.ExitCode, r.ExitCode(), j.Differ, j.Unjudged, j.More)
		}
	}
}

// The verdicts of a version that judged otherwise are told with both reasons.
func TestRejudgeTellsWhatDiffers(t *testing.T) {
	record := recordedRun(t, "unescaped-dot")
	r, recording, _ := kept(t, record, Meta{Version: "v1"})
	i := slices.IndexFunc(r.Results, func(c Result) bool { return c.ID == "ORG-005" && c.Verdict == scenarios.Violates })
	r.Results[i].Verdict, r.Results[i].Severity, r.Results[i].Reason = scenarios.Conforms, "", "v1 took the dot for a dot"
	r.Results[i].Fails, r.Results[i].Excuse = false, ""
	k := slices.IndexFunc(r.Results, func(c Result) bool { return c.Verdict == scenarios.Conforms && c.ID != "ORG-005" })
	gone := r.Results[k]
	gone.ID = "ORG-999"
	r.Results = append(r.Results, gone)
	more := r.Results[k]
	r.Results = slices.Delete(r.Results, k, k+1)
	j, err := r.Rejudge(recording, Tool{Version: "v2"})
	if err != nil {
		t.Fatal(err)
	}
	if len(j.Differ) != 1 || j.Differ[0].ID != "ORG-005" || j.Differ[0].Then.Reason != "v1 took the dot for a dot" || j.Differ[0].Now.Verdict != scenarios.Violates || j.ExitCode != ExitViolates {
		t.Errorf("%+v, exit code %d", j.Differ, j.ExitCode)
	}
	if len(j.Gone) != 1 || j.Gone[0].ID != "ORG-999" {
		t.Errorf("gone: %+v", j.Gone)
	}
	if len(j.More) != 1 || j.More[0].key() != (Case{ID: more.ID, Subject: more.Subject}).key() {
		t.Errorf("more: %+v", j.More)
	}
	var b strings.Builder
	if err := j.Text(&b, 100); err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"then: conforms: v1 took the dot for a dot", "now: violates (must", "1 verdict differs in version v2", "no requirement any more", "Exit code 1"} {
		if !strings.Contains(b.String(), says) {
			t.Errorf("the text does not say %q:\n%s", says, b.String())
		}
	}
	// What was accepted stays accepted.
	for i := range r.Results {
		r.Results[i].Accepted = r.Results[i].ID == "ORG-005" || r.Results[i].Verdict == scenarios.Violates
	}
	if j, err := r.Rejudge(recording, Tool{}); err != nil || len(j.Differ) != 1 || j.ExitCode != ExitConforms {
		t.Errorf("exit code %d, %v", j.ExitCode, err)
	}
}

// A verdict that depends on a secret is not reached from a recording without it.
func TestRejudgeWithoutTheSecret(t *testing.T) {
	record := recordedRun(t, "wildcard-echo-with-cookie")
	// The allowed origin itself is a secret of the victim.
	evil := "https://evil.test"
	record.Cookies = []attacker.StoredCookie{{Name: "odd", Value: evil}}
	for i := range record.Results {
		for k := range record.Results[i].Observations {
			o := &record.Results[i].Observations[k]
			o.Exchanges = slices.Clone(o.Exchanges)
		}
	}
	r, recording, text := kept(t, record, Meta{})
	if strings.Contains(text, evil) {
		t.Error("the secret is in the recording")
	}
	j, err := r.Rejudge(recording, Tool{})
	if err != nil {
		t.Fatal(err)
	}
	if len(j.Unjudged) == 0 || j.ExitCode == ExitConforms {
		t.Errorf("%d cannot be judged, exit code %d", len(j.Unjudged), j.ExitCode)
	}
	for _, d := range j.Differ {
		t.Errorf("%s is told to differ: %+v", d.ID, d)
	}

}

// A judge of another version that looks at what was redacted is found out.
func TestRejudgeByASecret(t *testing.T) {
	r, recording, _ := kept(t, recordedRun(t, "wildcard-echo-with-cookie"), Meta{})
	cookie := func(o scenarios.Observation) string {
		v, _ := o.Exchanges[0].Request.Headers.Get("Cookie")
		return v
	}
	for name, judge := range map[string]func(scenarios.Observations) bool{
		"its text":           func(os scenarios.Observations) bool { return strings.HasSuffix(cookie(os.All()[0]), "d]") },
		"whether it changes": func(os scenarios.Observations) bool { return cookie(os.All()[0]) == cookie(os.All()[1]) },
	} {
		recording := recording
		recording.Observations = slices.Clone(recording.Observations[:2])
		for i := range recording.Observations {
			o := &recording.Observations[i]
			o.Exchanges = []cors.Exchange{{Request: cors.Request{Headers: cors.Headers{{Name: "Cookie", Value: "session=" + target.Redacted}}}}}
		}
		subject := scenarios.Subject{Endpoint: "GET /"}
		curious := scenarios.Scenario{ID: "ORG-001", Plan: func(scenarios.Target) ([]scenarios.Case, string) {
			return []scenarios.Case{{
				Subject: subject, Attempts: []scenarios.Attempt{recording.Observations[0].Attempt, recording.Observations[1].Attempt},
				Judge: func(os scenarios.Observations) scenarios.Judgement {
					if judge(os) {
						return scenarios.Judgement{Verdict: scenarios.Conforms, Reason: "it is"}
					}
					return scenarios.Judgement{Verdict: scenarios.Violates, Severity: scenarios.High, Reason: "it is not"}
				},
			}}, ""
		}}
		old := r
		old.Results = []Result{{ID: "ORG-001", Level: scenarios.Must, Verdict: scenarios.Conforms, Subject: newSubject(subject)}}
		j, err := old.rejudge([]scenarios.Scenario{curious}, recording, Tool{})
		if err != nil || len(j.Unjudged) != 1 || j.Unjudged[0].Why != dependsOnSecret || j.ExitCode != ExitNoVerdict {
			t.Errorf("%s: %+v, %v", name, j, err)
		}
	}
}

func TestReadRecording(t *testing.T) {
	_, recording, text := kept(t, recordedRun(t, "hardened"), Meta{})
	if len(recording.Unsure) > 0 {
		t.Errorf("unsure: %+v", recording.Unsure)
	}
	endpoints := strings.Repeat(`{"method":"GET","path":"/"},`, maxEndpoints+1)
	for name, c := range map[string]struct{ text, says string }{
		"empty":           {"", "no recording.json"},
		"cut off":         {text[:len(text)/2], "no recording.json"},
		"a report":        {`{"schema": "crossexam/report/v1"}`, `the version "crossexam/report/v1", and this Crossexam reads "crossexam/recording/v1"`},
		"no schema":       {`{"target": {}}`, `"schema": "crossexam/recording/v1"`},
		"deep":            {`{"schema":` + strings.Repeat("[", 100), "deep"},
		"another type":    {`{"schema":"crossexam/recording/v1","observations":{}}`, "no recording.json"},
		"many endpoints":  {`{"schema":"crossexam/recording/v1","target":{"endpoints":[` + strings.TrimSuffix(endpoints, ",") + `]}}`, "more than 2000 endpoints"},
		"many of several": {`{"schema":"crossexam/recording/v1","target":{"trusted_origins":[` + strings.TrimSuffix(strings.Repeat(`"https://a.example",`, 99), ",") + `],"endpoints":[` + strings.TrimSuffix(endpoints[:28*1000], ",") + `]}}`, "at once"},
	} {
		if _, err := ReadRecording(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := Report{Run: Run{Name: "crossexam-another"}}
	if _, err := other.Rejudge(recording, Tool{}); err == nil || !strings.Contains(err.Error(), "two files of one run") {
		t.Error(err)
	}
}

// Whatever a recording holds, it is judged or refused.
func FuzzRecording(f *testing.F) {
	recording, err := NewRecording(recordedRun(f, "unescaped-dot"), Meta{})
	if err != nil {
		f.Fatal(err)
	}
	recording.Observations = recording.Observations[:20]
	var b bytes.Buffer
	if err := recording.writeJSON(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema":"crossexam/recording/v1","run":"a","observations":[{}],"target":{"url":"%","endpoints":[{"private":true}],"credentials":["x+y"]}}`))
	r := New(recordedRun(f, "unescaped-dot"), Meta{})
	f.Fuzz(func(t *testing.T, text []byte) {
		recording, err := ReadRecording(bytes.NewReader(text))
		if err != nil {
			return
		}
		recording.Run = r.Run.Name
		j, err := r.Rejudge(recording, Tool{})
		if err != nil {
			return
		}
		if n := j.Same + len(j.Differ) + len(j.Unjudged) + len(j.Gone); n > len(r.Results) {
			t.Errorf("%d cases of %d", n, len(r.Results))
		}
		var b bytes.Buffer
		if err := j.Text(&b, 80); err != nil || bytes.ContainsAny(b.Bytes(), "\x1b\x07") {
			t.Errorf("%v, %q", err, b.Bytes())
		}
	})
}

// What a run saw and its recording does not show is told by the recording itself.
func TestRejudgeUnsure(t *testing.T) {
	record := recordedRun(t, "hardened")
	i := slices.IndexFunc(record.Results, func(r engine.Result) bool { return r.Verdict() == scenarios.Conforms })
	record.Results[i].Judgement = scenarios.Judgement{Verdict: scenarios.Violates, Severity: scenarios.High, Reason: "byte 3,000 of the body says so"}
	r, recording, _ := kept(t, record, Meta{})
	j, err := r.Rejudge(recording, Tool{})
	if err != nil {
		t.Fatal(err)
	}
	if len(j.Differ) != 0 || len(j.Unjudged) != 1 || j.Unjudged[0].ID != record.Results[i].Scenario.ID || j.Unjudged[0].Why != dependsOnSecret || j.ExitCode != ExitNoVerdict {
		t.Errorf("%+v", j)
	}
}

// What a premise quotes of a reply is cut, perhaps in the middle of a secret: no part of
// that is recorded.
func TestCutQuotationsAreRecorded(t *testing.T) {
	const secret = "3f9a1c77-bb20-4d7e-9a51-0c6e2d8f4b19"
	record := recordedRun(t, "hardened")
	record.Cookies = []attacker.StoredCookie{{Name: "sid", Value: secret}}
	me := scenarios.Endpoint{Method: "GET", Path: "/me", Private: true}
	reply := func(status int, before int) *cors.Response {
		return &cors.Response{Status: status, Headers: cors.Headers{{Name: "Content-Type", Value: "text/plain"}}, Body: strings.Repeat("x", before) + secret + " and more that is said"}
	}
	for _, before := range []int{60, 65, 70, 76, 170, 180, 190} {
		refused := scenarios.NewPremise(me, scenarios.Cookie, scenarios.Asked{Victim: reply(403, before), Stranger: reply(403, before), Again: reply(403, before)})
		private := scenarios.NewPremise(me, scenarios.Cookie, scenarios.Asked{Victim: reply(200, before), Stranger: &cors.Response{Status: 200, Body: "nothing"}, Again: reply(200, before)})
		if before < 80 && !strings.Contains(refused.Victim.Says, secret[:4]) || before > 80 && !strings.Contains(strings.Join(private.Witness.Parts, ""), secret[:4]) {
			t.Fatalf("the test cuts no secret: %+v, %+v", refused.Victim, private.Witness)
		}
		record.Target.Premises = []scenarios.Premise{refused, private}
		if _, _, text := kept(t, record, Meta{}); strings.Contains(text, secret[:4]) {
			t.Errorf("after %d bytes a part of the secret is recorded", before)
		}
	}
}
