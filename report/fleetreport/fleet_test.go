package fleetreport

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// population draws so many targets, the same for the same seed: most are swept and grant
// nothing, some are proved to be read, some could not be judged.
func population(n int, seed uint64) []Outcome {
	random := rand.New(rand.NewPCG(seed, 1))
	kinds := []Cause{
		with(cause("every-origin", scenarios.Must, scenarios.High), func(c *Cause) {
			c.Rule, c.Fix = "every origin is echoed, with credentials", "List the front end's origins in the place of the wildcard, and compare the whole origin."
			c.Exfiltrated, c.Endpoint, c.Endpoints, c.Requirements = true, "GET /api/notebooks", 7, []string{"WLD-001", "WLD-003"}
			c.Reason = "a page at https://evil.test got 200 and 1204 bytes, which arrived at the attacker's server"
		}),
		with(cause("ends-with", scenarios.Must, scenarios.High), func(c *Cause) {
			c.Rule, c.Fix = `every origin that ends with "example.com" is granted`, "Compare the whole origin, from the scheme on."
			c.Endpoint, c.Endpoints, c.Requirements = "GET /v1/users", 1, []string{"ORG-003"}
		}),
		with(vary, func(c *Cause) { c.Rule, c.Fix = "replies do not say Vary: Origin", "Add Vary: Origin to every reply." }),
	}
	var all []Outcome
	for i := range n {
		o := swept(Ungranted)
		switch draw := random.IntN(100); {
		case draw < 8:
			o = also(of(kinds[0], kinds[2]), func(o *Outcome) {
				o.Exfiltration, o.Headline = report.Proven, "Any web page can read this API with a visitor's cookies."
			})
		case draw < 14:
			o = also(of(kinds[1]), func(o *Outcome) { o.Headline = "A web page at https://evilexample.com can read this API." })
		case draw < 30:
			o = also(of(), func(o *Outcome) { o.Headline = "No web page of another origin could read this API's private data." })
		case draw < 34:
			o = FromFault(Proof, began, Fault{Stage: "reach", Error: "connection refused", Advice: "start it"}, about())
		default:
			o.Headline = "No header lets a page of another origin in."
		}
		o.Target, o.Name, o.Owner = fmt.Sprintf("https://api-%05d.example.com", i), "", fmt.Sprintf("team-%02d", random.IntN(12))
		if i%3 == 0 {
			o.Name = fmt.Sprintf("service %d", i)
		}
		o.Started, o.DurationMS, o.Report = began, 900, ""
		if o.Stage == Proof {
			o.Report = fmt.Sprintf("targets/%05d/report.html", i)
		}
		for j := range o.Causes {
			o.Causes[j].Fingerprint = o.fingerprint(o.Causes[j].ID)
		}
		all = append(all, o)
	}
	return all
}

// aWeekLater is the population after little has happened: a few have got worse, a few
// were mended.
func aWeekLater(then []Outcome) []Outcome {
	now := slices.Clone(then)
	worse, better := 0, 0
	for i, o := range now {
		now[i].Started = o.Started.AddDate(0, 0, 7)
		switch {
		case o.Stage == Proof && o.Fault == nil && len(o.Causes) == 0 && worse < 2:
			worse++
			bad := cause("null-origin", scenarios.Must, scenarios.High)
			bad.Rule, bad.Fix = "the origin null is trusted", "Take null from the list."
			bad.Fingerprint = o.fingerprint(bad.ID)
			now[i].Causes, now[i].ExitCode = []Cause{bad}, report.ExitViolates
		case o.Exfiltration == report.Proven && better < 3:
			better++
			now[i].Causes, now[i].ExitCode, now[i].Exfiltration, now[i].Conforms = []Cause{}, report.ExitConforms, report.NoneSeen, []string{"HDR-002", "WLD-001", "WLD-003"}
		}
	}
	return now
}

func text(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSentences(t *testing.T) {
	broken := FromFault(Proof, began, Fault{Error: "lost"}, about())
	stolen := also(of(echo), func(o *Outcome) { o.Exfiltration = report.Proven })
	for _, c := range []struct{ got, want string }{
		{New(nil, nil, Options{}).Headline(), "No API was examined."},
		{New([]Outcome{stolen}, nil, Options{}).Headline(), "Web pages that nobody trusts could read private data of 1 of 1 API."},
		{New([]Outcome{of(vary)}, nil, Options{}).Headline(), "No web page that nobody trusts could read any of 1 API."},
		{New([]Outcome{of(echo)}, nil, Options{}).Headline(), "No private data was seen to leave, but 1 of 1 API violates a requirement that binds."},
		{New([]Outcome{swept(Granted, echo)}, nil, Options{}).Headline(), "By their headers, 1 of 1 API lets pages in that nobody trusts; no browser has proved it yet."},
		{New([]Outcome{swept(Ungranted)}, nil, Options{}).Headline(), "By its headers, none of 1 API gives what is private to a page that nobody trusts."},
		{New([]Outcome{swept(Granted)}, nil, Options{}).Headline(), "By its headers, none of 1 API gives what is private to a page that nobody trusts."},
		{New([]Outcome{swept(Granted)}, nil, Options{}).Counts(), "1 target: 0 examined in the browser, 1 by its headers alone. 1 grants nothing private to anyone by its headers."},
		{New([]Outcome{broken}, nil, Options{}).Headline(), "No private data was seen to leave, but 1 of 1 API could not be judged."},
		{New([]Outcome{broken}, nil, Options{}).Meaning(), "1 of 1 target could not be judged, which is not a pass"},
		{New([]Outcome{of(echo)}, []Outcome{of()}, Options{OnlyNew: true}).Meaning(), "1 of 1 target violates a requirement that binds and did not in the last run"},
		{New([]Outcome{of(echo)}, []Outcome{of(echo)}, Options{OnlyNew: true}).Meaning(), "nothing fails at 1 target that did not in the last run"},
		// What is known does not fail the run, and is no better for that.
		{New([]Outcome{of(echo)}, []Outcome{of(echo)}, Options{OnlyNew: true}).Counts(), "1 target: 1 examined in the browser, 0 by their headers alone. 1 violates a requirement that binds."},
		{New([]Outcome{swept(Granted, echo)}, []Outcome{swept(Granted, echo)}, Options{OnlyNew: true}).Counts(), "1 target: 0 examined in the browser, 1 by its headers alone. 1 violates a requirement that binds."},
		{New([]Outcome{of()}, nil, Options{}).Changes(), ""},
		{New([]Outcome{of(echo)}, []Outcome{of(), also(of(), func(o *Outcome) { o.Name = "b" })}, Options{}).Changes(),
			"Since 28 November 2026, 12:00 UTC: 1 new cause, 0 fixed, 0 unchanged; 1 is not in it any more."},
		{number(999), "999"}, {number(1000), "1,000"}, {number(1234567), "1,234,567"},
	} {
		if c.got != c.want {
			t.Errorf("got  %s\nwant %s", c.got, c.want)
		}
	}
}

// A quiet week's digest is read in a minute.
func TestDigest(t *testing.T) {
	then := population(10_000, 7)
	now := aWeekLater(then)
	digest := text(t, func(b *bytes.Buffer) error { return New(now, then, Options{Name: "shop"}).writeDigest(b) })
	if len(digest) >= 4000 {
		t.Errorf("%d bytes:\n%s", len(digest), digest)
	}
	for _, want := range []string{
		"## Crossexam fleet shop: Web pages that nobody trusts could read private data of ",
		"\nSince 28 November 2026, 12:00 UTC: 2 new causes, 6 fixed, ",
		"\n### New or graver\n\n- **", ": new: high severity, the origin null is trusted",
		"\n  - Fix: Take null from the list.\n", "](targets/", "\n### Fixed or milder\n",
	} {
		if !strings.Contains(digest, want) {
			t.Errorf("%q is missing in\n%s", want, digest)
		}
	}
	if n := strings.Count(digest, "Fix: Take null"); n != 1 {
		t.Errorf("the fix is told %d times", n)
	}
	if before := strings.Split(after(digest, "\n### As before\n\n"), "\n"); len(before) != 5 || !strings.HasPrefix(before[3], "- and ") {
		t.Errorf("as before is\n%s", strings.Join(before, "\n"))
	}
	// Where nothing is new, it says why the exit code is not 0.
	lost := []Outcome{also(of(), func(o *Outcome) {
		o.ExitCode, o.Diagnoses = report.ExitNoVerdict, []Diagnosis{{Detail: "the session ended"}}
	})}
	same := text(t, func(b *bytes.Buffer) error { return New(lost, lost, Options{}).writeDigest(b) })
	if !strings.Contains(same, "\n### As before\n\n- **") || strings.Count(same, ": the session ended") != 1 {
		t.Errorf("where nothing is new:\n%s", same)
	}
	// However much has happened, it stays short.
	bad := text(t, func(b *bytes.Buffer) error { return New(population(10_000, 8), then, Options{}).writeDigest(b) })
	if len(bad) > 20_000 || !strings.Contains(bad, " more, in fleet.html\n") {
		t.Errorf("%d bytes", len(bad))
	}
	first := text(t, func(b *bytes.Buffer) error { return New(then, nil, Options{}).writeDigest(b) })
	if !strings.Contains(first, "\n### The gravest\n") || strings.Contains(first, "Since ") {
		t.Errorf("the first digest is\n%s", first)
	}
}

// after is what stands behind a mark, or nothing.
func after(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	return rest
}

func TestSARIF(t *testing.T) {
	accepted := with(vary, func(c *Cause) { c.Accepted = true })
	now := []Outcome{of(echo, accepted), also(of(echo), func(o *Outcome) {
		o.Target, o.Name = "https://[::1]:8443/v1", ""
		o.Causes[0].Fingerprint, o.Causes[0].Endpoint = o.fingerprint(echo.ID), "GET /a b?x=1"
	}), also(FromFault(Proof, began, Fault{Error: "lost"}, about()), func(o *Outcome) { o.Name = "broken" })}
	then := []Outcome{of(), also(now[1], func(o *Outcome) { o.Started = began.AddDate(0, 0, -7) })}
	f := New(now, then, Options{Tool: report.Tool{Version: "1.2"}})
	b := text(t, func(b *bytes.Buffer) error { return f.writeSARIF(b) })
	file, err := sarif.FromBytes([]byte(b), sarif.WithStrictValidation())
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Validate(); err != nil {
		t.Error(err)
	}
	run := file.Runs[0]
	var got []string
	seen := map[string]bool{}
	for _, r := range run.Results {
		state := "-"
		if r.BaselineState != nil {
			state = *r.BaselineState
		}
		got = append(got, fmt.Sprintf("%s %s %s %s %d", *r.RuleID, *run.Tool.Driver.Rules[r.RuleIndex].ID, *r.Locations[0].PhysicalLocation.ArtifactLocation.URI, state, len(r.Suppressions)))
		print := r.PartialFingerprints["crossexam/cause/v1"]
		if seen[print] {
			t.Errorf("two alerts have the fingerprint %s", print)
		}
		seen[print] = true
	}
	want := []string{
		"WLD-003 WLD-003 __1_8443/v1/a%20b?x=1 unchanged 0",
		"WLD-003 WLD-003 api.example.com new 0",
		"HDR-002 HDR-002 api.example.com - 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if n := len(run.Invocations[0].ToolExecutionNotifications); n != 1 || *run.Invocations[0].ExitCode != 1 {
		t.Errorf("%d notifications, exit code %d", n, *run.Invocations[0].ExitCode)
	}
	if guidance := run.Tool.Driver.Rules[0].HelpURI; guidance == nil || *guidance == "" {
		t.Error("a rule says nothing of who asks for it")
	}
}

// What comes from a manifest or a target does nothing, wherever it is written.
func TestHostile(t *testing.T) {
	evil := "</script><img src=x onerror=alert(1)>\x1b[31m\u202e| [x](javascript:alert(1)) `\n# h"
	o := of(with(echo, func(c *Cause) { c.Rule, c.Reason, c.Endpoint, c.Fix = evil, evil, evil, evil }))
	o.Name, o.Owner, o.Headline, o.Worker = evil, evil, evil, evil
	o.Diagnoses = []Diagnosis{{evil, evil, evil}}
	o.Fault = &Fault{evil, evil, evil}
	for _, link := range []string{"javascript:alert(1)", "//evil.test/x", "/etc/passwd", "../../x", `..\x`, "a/../../b", "data:text/html,x"} {
		o.Report = link
		if got := o.link(); got != "" {
			t.Errorf("%s leads to %s", link, got)
		}
	}
	o.Report = "targets/a b(1)#?/report.html"
	if got, want := o.link(), "targets/a%20b%281%29%23%3F/report.html"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	f := New([]Outcome{o}, nil, Options{Name: evil})
	page := text(t, func(b *bytes.Buffer) error { return f.writeHTML(b) })
	if strings.Contains(page, "<img") || strings.Count(page, "</script>") != 2 {
		t.Error("markup of a target is in the page")
	}
	digest := text(t, func(b *bytes.Buffer) error { return f.writeDigest(b) })
	if strings.Contains(digest, "<img") || strings.Contains(digest, "](javascript") || strings.Contains(digest, "\n# h") {
		t.Errorf("mark-up of a target is in\n%s", digest)
	}
	for what, s := range map[string]string{"page": page, "digest": digest, "SARIF": text(t, func(b *bytes.Buffer) error { return f.writeSARIF(b) })} {
		if i := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) && r != '\u00a0' }); i >= 0 {
			t.Errorf("%s: a character that nobody sees in %q", what, s[max(0, i-20):i+20])
		}
	}
}

// The page shows without scripts what is gravest, and its policy names what is in it.
func TestHTML(t *testing.T) {
	f := New(population(300, 3), nil, Options{Name: "shop"})
	page := text(t, func(b *bytes.Buffer) error { return f.writeHTML(b) })
	rows := regexp.MustCompile(`<tr class="(violates|cannot-tell|conforms|not-applicable)"><td data-name="Target">`).FindAllString(page, -1)
	if len(rows) != staticRows || !strings.Contains(rows[0], "violates") {
		t.Errorf("%d rows without a script, the first is %q", len(rows), rows[:1])
	}
	if strings.Contains(page, "Since the last run") {
		t.Error("the first run is compared with something")
	}
	if strings.Contains(pagePolicy, "unsafe") || !strings.Contains(page, `content="`+strings.NewReplacer("'", "&#39;", "+", "&#43;").Replace(pagePolicy)+`"`) {
		t.Errorf("the policy is %s", pagePolicy)
	}
}

func TestWriteAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	f := New(population(20, 1), nil, Options{})
	if err := WriteAll(dir, f, 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fleet.html", "outcomes.jsonl", "results.sarif", "digest.md"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	lines, err := os.Open(filepath.Join(dir, "outcomes.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	if back, err := ReadLines(lines); err != nil || len(back) != 20 {
		t.Errorf("%d outcomes, %v", len(back), err)
	}
}
