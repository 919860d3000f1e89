package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/crossexam/crossexam/scenarios"
)

// A case of a report, as "ID origin verdict severity": "ORG-001 a violates high".
func caseIn(text string) Result {
	f := strings.Fields(text + " -")
	c := Result{
		ID: f[0], Title: "Title of " + f[0], Level: scenarios.Must, Verdict: scenarios.Verdict(f[2]), Reason: "reason of " + f[1], Fix: "Fix of " + f[0],
		Subject: Subject{Endpoint: "GET /", Origin: "https://" + f[1] + ".test", Credential: scenarios.Cookie},
	}
	if c.Verdict == scenarios.Violates {
		c.Severity, c.Fails = scenarios.Severity(f[3]), true
	}
	if c.Verdict == scenarios.CannotTell {
		c.Fails = true
	}
	return c
}

func reportWith(cases ...string) Report {
	r := Report{Schema: Version, Target: Target{URL: "https://api.example", TrustedOrigins: []string{"https://app.example"}}}
	for _, c := range cases {
		r.Results = append(r.Results, caseIn(c))
	}
	return r
}

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		then, now []string
		causes    string // "kind ID"
		cases     string
		code      int
	}{
		"nothing":                {[]string{"ORG-001 a conforms"}, []string{"ORG-001 a conforms"}, "", "", 0},
		"unchanged":              {[]string{"ORG-001 a violates high"}, []string{"ORG-001 a violates high"}, "unchanged ORG-001", "", 0},
		"new":                    {[]string{"ORG-001 a conforms"}, []string{"ORG-001 a violates high"}, "new ORG-001", "new a", 1},
		"new, not examined then": {[]string{"ORG-002 a conforms"}, []string{"ORG-001 a violates high", "ORG-002 a conforms"}, "new ORG-001", "new a", 1},
		"new, in doubt then":     {[]string{"ORG-001 a cannot-tell"}, []string{"ORG-001 a violates high"}, "new ORG-001", "new a", 1},
		"fixed":                  {[]string{"ORG-001 a violates high"}, []string{"ORG-001 a conforms"}, "fixed ORG-001", "fixed a", 0},
		"graver":                 {[]string{"ORG-001 a violates low"}, []string{"ORG-001 a violates medium"}, "graver ORG-001", "graver a", 1},
		"milder":                 {[]string{"ORG-001 a violates high"}, []string{"ORG-001 a violates medium"}, "milder ORG-001", "milder a", 0},
		"wider":                  {[]string{"ORG-001 a violates high", "ORG-001 b conforms"}, []string{"ORG-001 a violates high", "ORG-001 b violates low"}, "graver ORG-001", "new b", 1},
		"narrower":               {[]string{"ORG-001 a violates high", "ORG-001 b violates high"}, []string{"ORG-001 a violates high", "ORG-001 b conforms"}, "milder ORG-001", "fixed b", 0},
		"in doubt":               {[]string{"ORG-001 a conforms"}, []string{"ORG-001 a cannot-tell"}, "", "doubtful a", 3},
		"in doubt after all":     {[]string{"ORG-001 a violates high"}, []string{"ORG-001 a cannot-tell"}, "doubtful ORG-001", "doubtful a", 3},
		"gone":                   {[]string{"ORG-001 a violates high"}, []string{"ORG-002 a conforms"}, "gone ORG-001", "gone a", 0},
		"settled":                {[]string{"ORG-001 a cannot-tell"}, []string{"ORG-001 a conforms"}, "", "settled a", 0},
		"both": {[]string{"ORG-001 a violates high", "ORG-002 a conforms"}, []string{"ORG-001 a conforms", "ORG-002 a violates low"},
			"new ORG-002; fixed ORG-001", "fixed a; new a", 1},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Compare(reportWith(c.then...), reportWith(c.now...))
			if err != nil {
				t.Fatal(err)
			}
			var causes, cases []string
			for _, x := range d.Causes {
				causes = append(causes, string(x.Kind)+" "+x.ID)
			}
			for _, x := range d.Cases {
				cases = append(cases, string(x.Kind)+" "+strings.TrimSuffix(strings.TrimPrefix(x.Subject.Origin, "https://"), ".test"))
			}
			if got := strings.Join(causes, "; "); got != c.causes {
				t.Errorf("causes: %s, want %s", got, c.causes)
			}
			if got := strings.Join(cases, "; "); got != c.cases || d.ExitCode != c.code {
				t.Errorf("cases: %s, want %s; exit code %d, want %d", got, c.cases, d.ExitCode, c.code)
			}
		})
	}
}

func TestCompareByCause(t *testing.T) {
	then, now := reportWith("ORG-001 a violates high", "ORG-002 b violates high", "ORG-003 c violates low"), reportWith("ORG-001 a violates high", "ORG-002 b violates high", "ORG-003 c violates low")
	for i := range 2 {
		then.Results[i].Cause, now.Results[i].Cause = "echo", "echo"
	}
	now.Causes = []Cause{{ID: "echo", Rule: "every origin is echoed", Fix: "list the origins"}}
	now.Results[1].Verdict = scenarios.Conforms
	now.Results[2].Fails = false // accepted
	now.Results[2].Severity = scenarios.High
	d, err := Compare(then, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Causes) != 2 || d.Causes[1].ID != "echo" || d.Causes[1].Rule != "every origin is echoed" || d.Causes[1].Then.Violations != 2 || d.Causes[1].Now.Violations != 1 || !slices.Equal(d.Causes[1].Requirements, []string{"ORG-001", "ORG-002"}) {
		t.Errorf("%+v", d.Causes)
	}
	if d.ExitCode != ExitConforms || d.Causes[0].Kind != KindGraver {
		t.Errorf("what is accepted fails: %d, %+v", d.ExitCode, d.Causes[0])
	}
	now.Fault = &Fault{}
	if d, err = Compare(then, now); err != nil || d.ExitCode != ExitNoVerdict {
		t.Errorf("the later run broke off: %d, %v", d.ExitCode, err)
	}
	now.Target.TrustedOrigins = []string{"https://other.example"}
	if _, err := Compare(then, now); err == nil || !strings.Contains(err.Error(), "other trusted origins") {
		t.Error(err)
	}
}

// The pages and texts of a comparison obey no report.
func TestCompareHostile(t *testing.T) {
	now := reportWith("ORG-001 a violates high")
	now.Results[0].Reason = "<img src=x onerror=alert(1)> \x1b[2J"
	now.Results[0].Title, now.Results[0].Subject.Origin = "<script>", "https://\x1b]0;x\a<b>.test"
	d, err := Compare(reportWith("ORG-002 a conforms"), now)
	if err != nil {
		t.Fatal(err)
	}
	var page, text, encoded bytes.Buffer
	if err := d.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(bytes.NewReader(page.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && slices.Contains([]string{"script", "img", "b"}, n.Data) {
			t.Errorf("the page has a <%s>", n.Data)
		}
	}
	if err := d.Text(&text, 80); err != nil || strings.ContainsAny(text.String()+page.String(), "\x1b\a") || !strings.Contains(text.String(), "NEW ORG-001") {
		t.Errorf("%v, %q", err, text.String())
	}
	var again Diff
	if err := d.WriteJSON(&encoded); err != nil || json.Unmarshal(encoded.Bytes(), &again) != nil || again.ExitCode != 1 || again.Cases[0].Kind != KindNew {
		t.Errorf("%v, %s", err, encoded.String())
	}
}
