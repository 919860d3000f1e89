package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/har"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
	"github.com/crossexam/crossexam/target/recording"
)

// The file is one of HAR 1.2 by the types that Chrome's protocol generates of the
// format: all that they ask for is there, and nothing that they do not know but what
// begins with an underscore, as the format wants it.
func TestHAR(t *testing.T) {
	record := recordedRun(t, "wildcard-echo-with-cookie")
	record.Started = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	made, err := NewRecording(record, Meta{Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := made.writeHAR(&b); err != nil {
		t.Fatal(err)
	}
	var parsed har.HAR
	if err := json.Unmarshal(b.Bytes(), &parsed); err != nil {
		t.Fatal(err)
	}
	exchanges, withheld, preflights, redactedCookies := 0, 0, 0, 0
	for _, o := range made.Observations {
		for _, x := range o.Exchanges {
			e := parsed.Log.Entries[exchanges]
			exchanges++
			if e.Request.URL != x.Request.URL || e.Request.Method != x.Request.Method || len(e.Request.Headers) != len(x.Request.Headers) {
				t.Errorf("entry %d: %+v, and recorded was %+v", exchanges, e.Request, x.Request)
			}
			switch r := x.Response; {
			case r == nil:
				withheld++
				if e.Response.Status != 0 {
					t.Errorf("entry %d has an answer", exchanges)
				}
			case int(e.Response.Status) != r.Status || string(e.Response.Content.Text) != r.Body:
				t.Errorf("entry %d: %+v", exchanges, e.Response)
			}
			if x.Request.IsPreflight() {
				preflights++
			}
			for _, c := range e.Request.Cookies {
				if c.Value == target.Redacted {
					redactedCookies++
				}
			}
		}
	}
	if len(parsed.Log.Entries) != exchanges || withheld == 0 || preflights == 0 || redactedCookies == 0 {
		t.Errorf("%d entries for %d exchanges; %d without answer, %d preflights, %d redacted cookies", len(parsed.Log.Entries), exchanges, withheld, preflights, redactedCookies)
	}
	again, err := json.Marshal(parsed)
	if err != nil {
		t.Fatal(err)
	}
	var ours, theirs any
	if json.Unmarshal(b.Bytes(), &ours) != nil || json.Unmarshal(again, &theirs) != nil {
		t.Fatal("no JSON")
	}
	if difference := differs("", comparable(ours), comparable(theirs)); difference != "" {
		t.Error(difference)
	}
	// It is what 'crossexam init --har' reads, too.
	if _, err := recording.ReadHAR(&b); err != nil {
		t.Error(err)
	}
}

// comparable leaves out what is empty, ours by an underscore, and texts, which the types
// have as bytes.
func comparable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value = comparable(value); strings.HasPrefix(key, "_") || key == "text" || key == "comment" && value == "" {
				delete(v, key)
			} else {
				v[key] = value
			}
		}
	case []any:
		for i := range v {
			v[i] = comparable(v[i])
		}
	}
	return v
}

// differs gives the first place in which two JSON texts do.
func differs(at string, a, b any) string {
	x, isObject := a.(map[string]any)
	y, both := b.(map[string]any)
	if isObject && both {
		for key := range y {
			if _, ok := x[key]; !ok {
				return at + "." + key + " is missing"
			}
		}
		for key := range x {
			if _, ok := y[key]; !ok {
				return at + "." + key + " is unknown"
			}
			if d := differs(at+"."+key, x[key], y[key]); d != "" {
				return d
			}
		}
		return ""
	}
	if l, ok := a.([]any); ok {
		m, ok := b.([]any)
		if !ok || len(l) != len(m) {
			return at + " is another list"
		}
		for i := range l {
			if d := differs(at+"[]", l[i], m[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if !reflect.DeepEqual(a, b) {
		return at + " differs"
	}
	return ""
}

// The badge has the fields of the endpoint format, and no others.
func TestBadge(t *testing.T) {
	accepted := reportWith("ORG-001 a violates high", "ORG-002 a conforms")
	accepted.Results[0].Accepted, accepted.Results[0].Fails = true, false
	accepted.Summary.Accepted = 1
	two := reportWith("ORG-001 a violates low", "ORG-001 b violates high", "ORG-002 a violates low")
	for name, c := range map[string]struct {
		r              Report
		message, color string
		isError        bool
	}{
		"conforms":  {reportWith("ORG-001 a conforms"), "conforms", "brightgreen", false},
		"accepted":  {accepted, "conforms, 1 violation accepted", "green", false},
		"violates":  {two, "2 findings, high severity", "red", true},
		"low":       {reportWith("ORG-001 a violates low"), "1 finding, low severity", "orange", true},
		"in doubt":  {reportWith("ORG-001 a cannot-tell"), "could not judge", "lightgrey", false},
		"broke off": {Report{Fault: &Fault{}}, "could not judge", "lightgrey", false},
	} {
		var b bytes.Buffer
		if err := c.r.writeBadge(&b); err != nil {
			t.Fatal(err)
		}
		// https://shields.io/badges/endpoint-badge
		var parsed struct {
			SchemaVersion                                int
			Label, Message, Color, LabelColor, NamedLogo string
			LogoSvg, LogoColor, LogoSize, Style          string
			IsError                                      bool
			CacheSeconds                                 int
		}
		d := json.NewDecoder(&b)
		d.DisallowUnknownFields()
		if err := d.Decode(&parsed); err != nil || parsed.SchemaVersion != 1 || parsed.Label == "" || parsed.Message != c.message || parsed.Color != c.color || parsed.IsError != c.isError {
			t.Errorf("%s: %+v, %v", name, parsed, err)
		}
	}
}

// A workflow command as the runner of GitHub Actions reads a line
// (actions/runner, ActionCommand.TryParseV2).
func workflowCommand(line string) (name string, properties map[string]string, message string, ok bool) {
	line, ok = strings.CutPrefix(strings.TrimSpace(line), "::")
	if !ok {
		return
	}
	head, message, ok := strings.Cut(line, "::")
	name, list, _ := strings.Cut(head, " ")
	properties = map[string]string{}
	for p := range strings.SplitSeq(list, ",") {
		key, value, _ := strings.Cut(p, "=")
		properties[key] = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace(value)
	}
	return name, properties, strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(message), ok
}

func TestAnnotations(t *testing.T) {
	r := reportWith("ORG-001 a violates high", "ORG-001 b violates high", "ORG-002 a violates low", "ORG-003 a violates low", "ORG-004 a violates low", "ORG-005 a conforms")
	r.Results[0].Reason = "it read 100%,\r\n::error file=x::injected %0A::warning::y ##[error]z"
	r.Results[0].Title = "Title: a, b::c\n::add-mask::x"
	r.Results[2].Fails, r.Results[2].Level = false, scenarios.Should
	r.Results[3].Fails, r.Results[3].Accepted = false, true
	r.Results[4].Fails, r.Results[4].Level = false, scenarios.Info
	var b strings.Builder
	if err := r.WriteAnnotations(&b, "deploy/a,b:c.py"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines:\n%s", len(lines), b.String())
	}
	for i, want := range []struct{ name, says string }{{"error", "it read 100%"}, {"warning", "ORG-002"}} {
		name, properties, message, ok := workflowCommand(lines[i])
		if !ok || name != want.name || !strings.Contains(message, want.says) || len(properties) != 2 || properties["file"] != "deploy/a,b:c.py" || !strings.HasPrefix(properties["title"], "Crossexam: ") {
			t.Errorf("%q, %q, %q", name, properties, message)
		}
	}
	if _, properties, message, _ := workflowCommand(lines[0]); !strings.Contains(message, `%0A::warning::y`) || !strings.Contains(properties["title"], "Title: a, b::c") {
		t.Errorf("%q, %q", message, properties)
	}
	b.Reset()
	if err := r.WriteAnnotations(&b, ""); err != nil || strings.Contains(b.String(), "file=,") {
		t.Errorf("%v, %s", err, b.String())
	}
	b.Reset()
	WithoutCommands(&b)()
	lines = strings.Split(b.String(), "\n")
	if name, _, token, _ := workflowCommand(lines[0]); name != "stop-commands" || len(token) < 20 || lines[1] != "::"+token+"::" {
		t.Errorf("%q", lines)
	}
}
