package target

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target/bounded/boundedtest"
)

var today = time.Date(2026, 11, 23, 15, 4, 5, 0, time.UTC)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

const goodEntry = "- id: ORG-003\n  reason: ours\n  owner: me\n  expires: 2027-01-31\n"

func TestAcceptedFile(t *testing.T) {
	got, err := parseAccepted("a.yaml", []byte(`# a comment
- id: ORG-003
  subject: {endpoint: GET /a, origin: "https://*.example.com", credential: none}
  reason: |
    two
    lines
  owner: me
  expires: 2027-01-31
- id: WLD-001
  reason: x
  owner: y
  expires: "2026-11-22"
`), today)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].at = Problem{}
	}
	want := Accepted{
		{ID: "ORG-003", Subject: SubjectPattern{"GET /a", "https://*.example.com", "none"}, Reason: "two\nlines\n", Owner: "me", Expires: day("2027-01-31")},
		{ID: "WLD-001", Reason: "x", Owner: "y", Expires: day("2026-11-22")},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	for _, nothing := range []string{"", "# nobody accepts anything\n", "[]\n"} {
		if got, err := parseAccepted("a.yaml", []byte(nothing), today); err != nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", nothing, got, err)
		}
	}
}

func TestAcceptedFileMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		says []string
	}{
		"not YAML":         {"- [\n", []string{"a.yaml:1:"}},
		"no list":          {"accepted: []\n", []string{"a.yaml:1:1: this is a group of keys: write a list"}},
		"two documents":    {goodEntry + "---\n" + goodEntry, []string{"more than one document"}},
		"alias":            {"- &a\n  id: ORG-003\n", []string{"a.yaml:1:3", "anchors"}},
		"no reason":        {"- id: ORG-003\n  owner: me\n  expires: 2027-01-31\n", []string{"a.yaml:1:3: [0]: reason is missing: why the violation is accepted"}},
		"no owner":         {"- id: ORG-003\n  reason: x\n  expires: 2027-01-31\n", []string{"owner is missing"}},
		"no expiry":        {"- id: ORG-003\n  reason: x\n  owner: me\n", []string{"expires is missing: the last day"}},
		"blank reason":     {strings.Replace(goodEntry, "ours", `" "`, 1), []string{"a.yaml:2:11: [0].reason", `such as "The subdomains`}},
		"empty reason":     {strings.Replace(goodEntry, "ours", "", 1), []string{"a.yaml:2:", "[0].reason", "this is empty"}},
		"unknown key":      {goodEntry + "  resaon: x\n", []string{"a.yaml:5:", `did you mean "reason"`}},
		"unknown part":     {goodEntry + "  subject: {orgin: x}\n", []string{"[0].subject.orgin", `did you mean "origin"`}},
		"empty subject":    {goodEntry + "  subject: {}\n", []string{"[0].subject", "leave it out"}},
		"no credential":    {goodEntry + "  subject: {credential: token}\n", []string{"[0].subject.credential", "cookie, network, bearer or header"}},
		"bad ID":           {strings.Replace(goodEntry, "ORG-003", "org3", 1), []string{"a.yaml:1:7: [0].id", "org3"}},
		"unknown ID":       {strings.Replace(goodEntry, "ORG-003", "ORG-999", 1), []string{"a.yaml:1:7: [0].id: there is no scenario ORG-999", "crossexam list"}},
		"everything":       {strings.Replace(goodEntry, "ORG-003", `"*"`, 1), []string{"[0].id"}},
		"a word for a day": {strings.Replace(goodEntry, "2027-01-31", "never", 1), []string{"a.yaml:4:12: [0].expires", "such as"}},
		"a number":         {strings.Replace(goodEntry, "2027-01-31", "2027", 1), []string{"[0].expires", "in quotes"}},
		"no such day":      {strings.Replace(goodEntry, "2027-01-31", "2027-02-30", 1), []string{"there is no day 2027-02-30", "2027-02-23"}},
		"too far":          {strings.Replace(goodEntry, "2027-01-31", "2027-11-24", 1), []string{"a.yaml:4:12: [0].expires: this is more than a year ahead", "write 2027-11-23 or earlier"}},
		"twice":            {goodEntry + goodEntry, []string{"a.yaml:5:3: [1]: the entry on line 1 is about the same"}},
		"two mistakes":     {strings.Replace(goodEntry, "ORG-003", "ORG-999", 1) + strings.Replace(goodEntry, "2027-01-31", "2027-02-30", 1), []string{"a.yaml:1:", "a.yaml:8:"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseAccepted("a.yaml", []byte(c.text), today)
			var ps Problems
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Fatalf("no problems: %v", err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %q:\n%s", want, err)
				}
			}
		})
	}
	if _, err := parseAccepted("a.yaml", []byte(strings.Replace(goodEntry, "2027-01-31", "2027-11-23", 1)), today); err != nil {
		t.Errorf("a year ahead: %v", err)
	}
}

func TestAcceptedDeviations(t *testing.T) {
	if got, err := (Config{}).AcceptedDeviations(today); err != nil || got != nil {
		t.Errorf("without a file: %v, %v", got, err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "crossexam.yaml"), []byte("target: https://api.example.com\naccepted: a.yaml\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadConfig(filepath.Join(folder, "crossexam.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.AcceptedDeviations(today); err == nil || !strings.Contains(err.Error(), "crossexam.yaml:2:11: accepted: the file cannot be read") || !strings.Contains(err.Error(), "crossexam accept") {
		t.Errorf("no such file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a.yaml"), []byte(goodEntry), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := c.AcceptedDeviations(today); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := loadAccepted(filepath.Join(folder, "a.yaml"), today); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := loadAccepted(filepath.Join(folder, "none.yaml"), today); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("no such file: %v", err)
	}
}

func TestAcceptanceMeets(t *testing.T) {
	s := scenarios.Subject{Endpoint: "GET /a?b=1", Origin: "https://x.example.com", Credential: scenarios.Cookie}
	for _, c := range []struct {
		id      string
		pattern SubjectPattern
		want    bool
	}{
		{"ORG-003", SubjectPattern{}, true},
		{"ORG-004", SubjectPattern{}, false},
		{"ORG-003", SubjectPattern{Endpoint: "GET /a?b=1", Origin: "https://x.example.com", Credential: "cookie"}, true},
		{"ORG-003", SubjectPattern{Endpoint: "GET /a"}, false},
		{"ORG-003", SubjectPattern{Endpoint: "GET /*"}, true},
		{"ORG-003", SubjectPattern{Endpoint: "GET /a.b=1"}, false},
		{"ORG-003", SubjectPattern{Origin: "https://*.example.com"}, true},
		{"ORG-003", SubjectPattern{Origin: "https://*.example.co"}, false},
		{"ORG-003", SubjectPattern{Origin: "http://*"}, false},
		{"ORG-003", SubjectPattern{Credential: "basic"}, false},
		{"ORG-003", SubjectPattern{Credential: "none"}, false},
		{"ORG-003", SubjectPattern{Origin: "https://x.example.com", Credential: "basic"}, false},
	} {
		a := Acceptance{ID: c.id, Subject: c.pattern}
		if got := a.Meets("ORG-003", s); got != c.want {
			t.Errorf("%s: %t", a, got)
		}
		if got := (Accepted{{ID: "WLD-001"}, a}).For("ORG-003", s); (got != nil) != c.want || got != nil && *got != a {
			t.Errorf("%s: found %v", a, got)
		}
	}
	if p := (SubjectPattern{Credential: "none"}); !p.Meets(scenarios.Subject{}) {
		t.Error("a case without credential is not met")
	}
}

// The last day still holds.
func TestExpired(t *testing.T) {
	all := Accepted{{ID: "A", Expires: day("2026-11-22")}, {ID: "B", Expires: day("2026-11-23")}, {ID: "C", Expires: day("2026-11-24")}}
	for _, c := range []struct {
		now  time.Time
		want string
	}{
		{today, "A"},
		{time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), "A"},
		{time.Date(2026, 11, 23, 23, 59, 59, 0, time.UTC), "A"},
		{time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), "A B"},
		{time.Date(2026, 11, 24, 0, 30, 0, 0, time.FixedZone("", 3600)), "A"},
	} {
		var got []string
		for _, a := range all.Expired(c.now) {
			got = append(got, a.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v", c.now, got)
		}
	}
}

func subjects(lines ...string) (all []scenarios.Subject) {
	for _, l := range lines {
		p := strings.Split(l, "|")
		all = append(all, scenarios.Subject{Endpoint: p[0], Origin: p[1], Credential: scenarios.Credential(p[2])})
	}
	return all
}

func TestCover(t *testing.T) {
	for _, c := range []struct {
		name           string
		wanted, others []scenarios.Subject
		want           string
	}{
		{"one", subjects("a|x|cookie"), nil, "a from x with cookie"},
		{"without credential", subjects("a||"), nil, "a without credential"},
		{"all origins", subjects("a|x|cookie", "a|y|cookie", "a|z|cookie"), nil, "a with cookie"},
		{"some origins", subjects("a|x|cookie", "a|y|cookie"), subjects("a|z|cookie"), "a from x with cookie; a from y with cookie"},
		{"all of one credential", subjects("a|x|cookie", "a|y|cookie"), subjects("a|x|basic", "a|y|basic"), "a with cookie"},
		{"all of one endpoint", subjects("a|x|cookie", "a|y|basic"), subjects("b|x|cookie"), "a"},
		{"everything", subjects("a|x|cookie", "b|y|basic"), nil, ""},
		{"an L", subjects("a|x|cookie", "a|y|cookie", "b|x|cookie"), subjects("b|y|cookie"), "from x with cookie; a from y with cookie"},
		{"the same everywhere", subjects("a|x|cookie", "a|x|cookie"), nil, "a from x with cookie"},
		{"a secret was in it", subjects("GET /?key=*|x|cookie"), subjects("GET /|x|cookie"), "GET /?key=* from x with cookie"},
		{"nothing", nil, subjects("a|x|cookie"), "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Cover(c.wanted, c.others)
			if err != nil {
				t.Fatal(err)
			}
			texts := []string{}
			for _, p := range got {
				texts = append(texts, p.String())
			}
			if want := c.want; strings.Join(texts, "; ") != want && !(want == "-" && len(texts) == 0) {
				t.Errorf("got %q", texts)
			}
			for _, s := range c.wanted {
				if !slices.ContainsFunc(got, func(p SubjectPattern) bool { return p.Meets(s) }) {
					t.Errorf("%v is not met", s)
				}
			}
			for _, s := range c.others {
				if slices.ContainsFunc(got, func(p SubjectPattern) bool { return p.Meets(s) }) {
					t.Errorf("%v is met", s)
				}
			}
		})
	}
	if _, err := Cover(subjects("a||cookie"), subjects("a|x|cookie")); err == nil || !strings.Contains(err.Error(), "a with cookie cannot be told apart") {
		t.Errorf("%v", err)
	}
}

func TestAppendAccepted(t *testing.T) {
	more := Accepted{
		{ID: "WLD-001", Reason: "a \"quoted\" reason: with\nlines # and \\ more", Owner: "é <me@example.com>", Expires: day("2027-01-31")},
		{ID: "WLD-001", Subject: SubjectPattern{"GET /a", "https://{x}.test", "none"}, Severity: scenarios.Medium, Reason: "r", Owner: "o", Expires: day("2027-01-31")},
	}
	for name, text := range map[string]string{
		"new":                 "",
		"only a comment":      "# ours\n",
		"no line end":         strings.TrimSuffix(goodEntry, "\n"),
		"comment at the end":  goodEntry + "\n# the end",
		"indented":            "  - id: ORG-003\n    reason: ours # really\n    owner: me\n    expires: 2027-01-31\n",
		"with lines":          "- id: ORG-003\r\n  reason: ours\r\n  owner: me\r\n  expires: 2027-01-31\r\n",
		"an expired one":      strings.Replace(goodEntry, "2027-01-31", "2026-01-31", 1),
		"beginning of a file": "---\n" + goodEntry,
	} {
		t.Run(name, func(t *testing.T) {
			before, err := parseAccepted("a.yaml", []byte(text), today)
			if err != nil {
				t.Fatal(err)
			}
			out, err := AppendAccepted("a.yaml", []byte(text), more, today)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(out), text) {
				t.Errorf("what was there has changed:\n%s", out)
			}
			after, err := parseAccepted("a.yaml", out, today)
			if err != nil || len(after) != len(before)+len(more) {
				t.Errorf("%d entries, %v:\n%s", len(after), err, out)
			}
		})
	}
	for name, c := range map[string]struct{ text, says string }{
		"in brackets":      {"[{id: ORG-003, reason: r, owner: o, expires: 2027-01-31}]\n", "in brackets"},
		"empty brackets":   {"[]\n", "in brackets"},
		"broken":           {"- id\n", "a.yaml:1:"},
		"there already":    {strings.ReplaceAll(goodEntry, "ORG-003", "WLD-001"), "is about the same"},
		"end of documents": {goodEntry + "...\n", "a.yaml:"},
	} {
		if out, err := AppendAccepted("a.yaml", []byte(c.text), more, today); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func FuzzAcceptedFile(f *testing.F) {
	f.Add([]byte(goodEntry))
	f.Add([]byte("- id: ORG-003\n  subject: {origin: 'https://*', credential: none}\n  reason: |-\n    a\n  owner: o\n  expires: '2026-02-30'\n"))
	f.Add([]byte("[]\n# x"))
	f.Add([]byte("  - id: WLD-001\n    reason: a\n    owner: b\n    expires: 2027-01-01\n...\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var all Accepted
		var err error
		boundedtest.Modest(t, len(data), func() { all, err = parseAccepted("f.yaml", data, today) })
		var ps Problems
		switch {
		case err == nil:
			for _, a := range all {
				if _, ok := scenarios.Find(a.ID); !ok || strings.TrimSpace(a.Reason) == "" || strings.TrimSpace(a.Owner) == "" || a.Expires.IsZero() {
					t.Errorf("it is incomplete: %+v", a)
				}
				if p := a.Problem("x"); p.file != "f.yaml" || p.line == 0 {
					t.Errorf("its place is not known: %+v", p)
				}
			}
		case !errors.As(err, &ps):
			t.Errorf("%T: %v", err, err)
		}
		// What is written is read again, or nothing is written.
		more := Accepted{{ID: "TRU-001", Reason: string(data), Owner: "o", Expires: day("2027-01-31")}}
		out, err := AppendAccepted("f.yaml", data, more, today)
		if err != nil {
			return
		}
		if after, err := parseAccepted("f.yaml", out, today); err != nil || len(after) != len(all)+1 {
			t.Errorf("%d entries became %d: %v", len(all), len(after), err)
		}
	})
}

func ExampleSubjectPattern() {
	subdomains := SubjectPattern{Origin: "https://*.notebook.example.com"}
	fmt.Println(subdomains, subdomains.Meets(scenarios.Subject{Endpoint: "GET /", Origin: "https://a.notebook.example.com"}))
	// Output: from https://*.notebook.example.com true
}
