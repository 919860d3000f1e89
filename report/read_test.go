package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

func TestRead(t *testing.T) {
	var b bytes.Buffer
	if err := reportOf(sample(), Meta{}).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	r, err := Read(bytes.NewReader(b.Bytes()))
	if err != nil || len(r.Results) != len(sample().Results) {
		t.Fatalf("%d results, %v", len(r.Results), err)
	}
	// One that an earlier Crossexam wrote lacks what came later.
	if _, err := Read(strings.NewReader(`{"schema": "crossexam/report/v1", "results": [{"id": "ORG-001", "verdict": "conforms"}]}`)); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct{ text, says string }{
		"empty":           {"", "no report.json"},
		"cut off":         {b.String()[:b.Len()/2], "no report.json"},
		"something else":  {`{"version": "2.1.0"}`, `"schema": "crossexam/report/v1"`},
		"a list":          {`[]`, "no report.json"},
		"another version": {strings.Replace(b.String(), "report/v1", "report/v2", 1), `"crossexam/report/v2", and this Crossexam reads "crossexam/report/v1"`},
		"another type":    {`{"schema": "crossexam/report/v1", "results": {}}`, "no report.json"},
		"another verdict": {`{"schema": "crossexam/report/v1", "results": [{"id": "ORG-001", "verdict": "passed"}]}`, `the verdict "passed"`},
		"no ID":           {`{"schema": "crossexam/report/v1", "results": [{"verdict": "conforms"}]}`, "result 1"},
	} {
		if _, err := Read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBaselineFor(t *testing.T) {
	trusting := func(origins ...string) (t scenarios.Target) {
		for _, o := range origins {
			t.Trusted = append(t.Trusted, cors.MustParseOrigin(o))
		}
		return t
	}
	r := reportOf(sample(), Meta{})
	b, err := r.BaselineFor(trusting(sampleTrusted))
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Cases) != len(r.Results) || b.Run != r.Run.Name || b.Cases[0].ID != "WLD-001" || b.Cases[0].Verdict != scenarios.Violates || b.Cases[0].Subject.Origin != sampleEvil {
		t.Errorf("%+v", b)
	}
	for name, target := range map[string]scenarios.Target{
		"another":  trusting("https://other.example.com"),
		"one more": trusting(sampleTrusted, "https://other.example.com"),
		"none":     {},
	} {
		if _, err := r.BaselineFor(target); err == nil || !strings.Contains(err.Error(), "other trusted origins ("+sampleTrusted+")") {
			t.Errorf("%s: %v", name, err)
		}
	}
	untried := reportOf(of(judged("ORG-004", scenarios.Must, scenarios.NotApplicable, "")), Meta{})
	if _, err := untried.BaselineFor(scenarios.Target{}); err == nil || !strings.Contains(err.Error(), "judged nothing") {
		t.Errorf("nothing was judged: %v", err)
	}
	// A secret that is part of an origin is redacted, and found again.
	secret := reportOf(sample(), Meta{Secrets: []string{"app.example"}})
	if b, err := secret.BaselineFor(trusting(sampleTrusted)); err != nil || !strings.Contains(secret.Target.TrustedOrigins[0], target.Redacted) {
		t.Errorf("%v, %q", err, secret.Target.TrustedOrigins)
	} else if i := len(b.Cases) - 1; b.Cases[i].Subject.Origin != "https://*.com" {
		t.Errorf("the subject is %+v", b.Cases[i].Subject)
	}
}
