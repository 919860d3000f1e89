package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report/internal/alert"
	"github.com/crossexam/crossexam/scenarios"
)

// sarifOf writes the file, checks it against the schema of SARIF 2.1.0, and reads
// it back.
func sarifOf(t *testing.T, r Report) *sarif.Run {
	t.Helper()
	var b bytes.Buffer
	if err := r.writeSARIF(&b); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte(": null")) {
		t.Error("there is a null, which is a valid value of nothing in SARIF")
	}
	file, err := sarif.FromBytes(b.Bytes(), sarif.WithStrictValidation())
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Validate(); err != nil {
		t.Error(err)
	}
	if file.Version != "2.1.0" || len(file.Runs) != 1 {
		t.Fatalf("version %s, %d runs", file.Version, len(file.Runs))
	}
	return file.Runs[0]
}

func TestSARIF(t *testing.T) {
	run := sarifOf(t, reportOf(sample(), Meta{Version: "1.2.3"}))
	if d := run.Tool.Driver; *d.Name != "Crossexam" || *d.Version != "1.2.3" || len(d.Rules) != 2 {
		t.Errorf("the tool is %s %s with %d rules", *d.Name, *d.Version, len(d.Rules))
	}
	var got []string
	for _, c := range run.Results {
		got = append(got, *c.RuleID+" "+c.Level)
		if rule := run.Tool.Driver.Rules[c.RuleIndex]; *rule.ID != *c.RuleID {
			t.Errorf("%s points to the rule %s", *c.RuleID, *rule.ID)
		}
		at := c.Locations[0].PhysicalLocation.ArtifactLocation
		if *at.URI != "api/notebooks" || *at.URIBaseID != baseID {
			t.Errorf("%s is at %s of %s", *c.RuleID, *at.URI, *at.URIBaseID)
		}
	}
	if want := "every-origin error, null-origin error"; strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
	if base := run.OriginalUriBaseIds[baseID]; *base.URI != sampleURL+"/" {
		t.Errorf("the base is %s", *base.URI)
	}
	rule := run.Tool.Driver.Rules[0]
	if *rule.ID != "every-origin" || *rule.HelpURI != "https://cwe.mitre.org/data/definitions/942.html" || rule.Properties.Properties["security-severity"] != "8.0" ||
		!slices.Contains(rule.Properties.Tags, "external/cwe/cwe-942") || rule.DefaultConfiguration.Level != "error" {
		t.Errorf("the rule is %+v", rule)
	}
	i := run.Invocations[0]
	if *i.ExitCode != 1 || !*i.ExecutionSuccessful || len(i.ToolExecutionNotifications) != 1 ||
		!strings.Contains(*i.ToolExecutionNotifications[0].Message.Text, "ERR-002 could not be judged: the target closed the connection") {
		t.Errorf("the invocation is %+v", i)
	}
}

func TestSARIFOfOtherEnds(t *testing.T) {
	if run := sarifOf(t, reportOf(of(judged("ORG-001", scenarios.Must, scenarios.Conforms, "")), Meta{})); len(run.Results) != 0 {
		t.Errorf("%d results of a target that conforms", len(run.Results))
	}
	run := sarifOf(t, reportOf(faulty(engine.StageReach), Meta{}))
	if i := run.Invocations[0]; *i.ExecutionSuccessful || *i.ExitCode != 3 || i.ToolExecutionNotifications[0].Level != "error" {
		t.Errorf("the invocation is %+v", i)
	}
	sarifOf(t, reportOf(engine.Record{}, Meta{}))
}

// What is accepted is suppressed, and what is stale is told.
func TestSARIFOfAcceptedAndCompared(t *testing.T) {
	run := sarifOf(t, reportOf(compared(accepting(sample(), "NUL-001")), Meta{}))
	for _, c := range run.Results {
		suppressed := len(c.Suppressions) == 1
		if suppressed != (*c.RuleID == "null-origin") {
			t.Errorf("%s has %d suppressions", *c.RuleID, len(c.Suppressions))
		}
		if suppressed {
			if s := c.Suppressions[0]; *s.Kind != "external" || *s.Status != "accepted" || *s.Justification != "Accepted until 2027-01-31 by api-team: It moves in spring" {
				t.Errorf("%+v", s)
			}
		}
		if *c.BaselineState != "unchanged" { // most of it was there
			t.Errorf("%s is %s", *c.RuleID, *c.BaselineState)
		}
	}
	if notes := run.Invocations[0].ToolConfigurationNotifications; len(notes) != 1 || !strings.Contains(*notes[0].Message.Text, "ORG-001 (from https://*.example.com) is stale") {
		t.Errorf("%+v", notes)
	}
}

func TestSARIFOfHostileTarget(t *testing.T) {
	r, _ := hostileReport(t)
	run := sarifOf(t, r)
	for _, c := range run.Results {
		checkVisible(t, *c.Message.Text, "")
	}
	if len(run.Results) != 2 {
		t.Errorf("%d results", len(run.Results))
	}
}

// An alert is the same from run to run, whatever else is violated and in whatever order,
// and another endpoint of its class is no other alert.
func TestFingerprints(t *testing.T) {
	prints := func(record engine.Record) map[string]string {
		seen := map[string]string{}
		for _, c := range sarifOf(t, reportOf(record, Meta{})).Results {
			print := c.PartialFingerprints["crossexam/cause/v1"]
			if seen[print] != "" {
				t.Errorf("two alerts have the fingerprint %s", print)
			}
			seen[print] = *c.RuleID + " " + c.Properties.Properties["class"].(string)
		}
		return seen
	}
	write := stolen("WLD-005", sampleEvil)
	write.Subject.Endpoint = "POST /api/notebooks"
	failed := judged("ERR-002", scenarios.Must, scenarios.Violates, "read", read(sampleEvil, true))
	failed.Subject.Endpoint = "GET /api/x (404)"
	record := sample()
	record.Results = append(record.Results, write, failed)
	want := prints(record)
	if len(want) != 4 {
		t.Fatalf("%d alerts: %v", len(want), want)
	}
	slices.Reverse(record.Results)
	other := stolen("WLD-001", sampleEvil)
	other.Subject.Endpoint = "GET /api/other"
	record.Results = append(record.Results, other, judged("HDR-009", scenarios.Info, scenarios.Violates, "timing"))
	got := prints(record)
	for print, about := range want {
		if got[print] != about {
			t.Errorf("%s was %q and is %q", print, about, got[print])
		}
	}
	if len(got) != len(want)+1 {
		t.Errorf("%d alerts and then %d: %v", len(want), len(got), got)
	}
}

func TestEndpointURI(t *testing.T) {
	for in, want := range map[string]string{
		"GET /api/notebooks": "api/notebooks",
		"GET /":              "./",
		"":                   "./",
		"GET /a b/{id}":      "a%20b/%7Bid%7D",
		"GET /a%2Fb":         "a%2Fb",
		"GET /x?a=1&b=2":     "x?a=1&b=2",
		"GET /c:d/e":         "./c:d/e",
		"GET //evil.test/x":  "evil.test/x",
		"POST /graphql#me":   "graphql#me",
		"GET /me?a=1#v1+x/y": "me?a=1#v1+x/y",
		"GET /me (405)":      "me",
		"GET /a (b)":         "a%20%28b%29",
	} {
		if got := alert.EndpointURI(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"https://api.test": "https://api.test/", "https://api.test/v1/": "https://api.test/v1/",
	} {
		if got := baseURI(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if !json.Valid([]byte(`"` + alert.EndpointURI("GET /\"\n") + `"`)) {
		t.Error("not escaped")
	}
}

// A POST that was declared as a read is an alert about reads.
func TestAlertOfAReadByPOST(t *testing.T) {
	o := read(sampleEvil, true)
	o.Attempt.Method, o.Attempt.URL = "POST", sampleURL+"/graphql"
	result := judged("WLD-001", scenarios.Must, scenarios.Violates, "", o)
	result.Subject.Endpoint = "POST /graphql"
	for class, endpoints := range map[string][]scenarios.Endpoint{"reads": {graphQL}, "writes": nil} {
		record := of(result)
		record.Target = scenarios.Target{URL: sampleURL, Endpoints: endpoints}
		r := reportOf(record, Meta{})
		if got := r.alerts(r.Causes[0]); len(got) != 1 || got[0].class != class {
			t.Errorf("%s: %+v", class, got)
		}
	}
}
