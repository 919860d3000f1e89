package main

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// subdomains is an API that trusts https://app.example, and its subdomains too
// while it is told to.
type subdomains struct {
	trusted atomic.Bool
	asked   atomic.Int32
}

func (s *subdomains) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	origin := r.Header.Get("Origin")
	w.Header().Set("Vary", "Origin")
	if origin == "https://app.example" || s.trusted.Load() && strings.HasSuffix(origin, ".app.example") {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Headers", "content-type")
	}
	if isOptions(r) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	fmt.Fprint(w, "private notes")
}

// few are the scenarios that these tests run: one that such an API violates, and
// two that it does not.
const few = "--label=ORG-009 || ORG-001 || TRU-001"

// examineStrictly has that violation, a SHOULD, fail the run.
func examineStrictly(t *testing.T, url string, more ...string) ran {
	t.Helper()
	return examineURL(t, url, append(more, "--strict")...)
}

// junitOf counts the outcomes in the JUnit file, and gives it.
func junitOf(t *testing.T, r ran) (failures, skipped int, text string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.out, "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Errors   int `xml:"errors,attr"`
		Failures int `xml:"failures,attr"`
		Disabled int `xml:"disabled,attr"`
		Suites   []struct {
			Skipped int `xml:"skipped,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b, &suites); err != nil {
		t.Fatal(err)
	}
	return suites.Errors + suites.Failures, suites.Suites[0].Skipped, string(b)
}

func fileOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A violation is accepted, comes to an end, and the entry has to go.
func TestAccept(t *testing.T) {
	browsertest.Needed(t)
	var api subdomains
	api.trusted.Store(true)
	url := serve(t, api.ServeHTTP)
	first := examineStrictly(t, url, few)
	first.expect(t, 1, "VIOLATES  subdomain-of", "ORG-009: https://crossexamsub.app.example")
	from := "--report=" + filepath.Join(first.out, "report.json")
	file := save(t, "accepted.yaml", "# What we live with.\n")

	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"no ID":           {[]string{"accept", from}, []string{"give the ID of one scenario"}},
		"unknown ID":      {[]string{"accept", "ORG-999", from, "--reason=x", "--owner=me"}, []string{`"ORG-999"`, "crossexam list", "which has subdomain-of"}},
		"no reason":       {[]string{"accept", "ORG-009", from, "--owner=me"}, []string{"give --reason"}},
		"no owner":        {[]string{"accept", "ORG-009", from, "--reason=x"}, []string{"give --owner"}},
		"empty owner":     {[]string{"accept", "ORG-009", from, "--reason=x", "--owner= "}, []string{"--owner: it is empty"}},
		"conforms":        {[]string{"accept", "ORG-001", from, "--reason=x", "--owner=me"}, []string{"nothing violates ORG-001"}},
		"not selected":    {[]string{"accept", "WLD-001", from, "--reason=x", "--owner=me"}, []string{"WLD-001 was not examined", "--label"}},
		"no such subject": {[]string{"accept", "ORG-009", from, "--reason=x", "--owner=me", "--credential=basic"}, []string{"no violation of ORG-009 is like with basic", "crossexamsub.app.example"}},
		"no report":       {[]string{"accept", "ORG-009", "--report=/none.json", "--reason=x", "--owner=me"}, []string{"there is no report /none.json", "crossexam test"}},
		"not a report":    {[]string{"accept", "ORG-009", "--report=" + file, "--reason=x", "--owner=me"}, []string{"it is no report.json"}},
		"no day":          {[]string{"accept", "ORG-009", from, "--reason=x", "--owner=me", "--expires=soon"}, []string{`--expires: "soon" is no day`}},
		"a day gone by":   {[]string{"accept", "ORG-009", from, "--reason=x", "--owner=me", "--expires=2020-01-01"}, []string{"2020-01-01 is over"}},
		"a day far away":  {[]string{"accept", "ORG-009", from, "--reason=x", "--owner=me", "--expires=2099-01-01"}, []string{"more than a year ahead"}},
	} {
		t.Run(name, func(t *testing.T) {
			crossexam(t, nil, append(c.args, "--file="+file)...).expect(t, 2, c.says...)
		})
	}
	if got := fileOf(t, file); got != "# What we live with.\n" {
		t.Fatalf("the file has changed:\n%s", got)
	}

	last := time.Now().UTC().AddDate(0, 0, acceptedDays).Format(time.DateOnly)
	crossexam(t, nil, "accept", "org-009", from, "--file="+file, "--reason=They move in spring", "--owner=api-team").
		expect(t, 0, "until "+last+", by api-team", "That is 1 of 1 cases")
	written := fileOf(t, file)
	if !strings.HasPrefix(written, "# What we live with.\n- id: ORG-009\n  subject:\n    endpoint: \"GET /private\"\n    origin: \"https://crossexamsub.app.example\"\n    credential: network\n") {
		t.Errorf("the file is\n%s", written)
	}
	crossexam(t, nil, "accept", "ORG-009", from, "--file="+file, "--reason=again", "--owner=me").expect(t, 2, "is about the same")
	// A cause stands for all that falls with it.
	byCause := save(t, "causes.yaml", "# What we live with.\n")
	crossexam(t, nil, "accept", "subdomain-of", from, "--file="+byCause, "--reason=They move in spring", "--owner=api-team").
		expect(t, 0, "subdomain-of (should)", "That is 1 of 1 cases")
	if got := fileOf(t, byCause); got != written {
		t.Errorf("by its cause, the file is\n%s", got)
	}

	t.Run("accepted", func(t *testing.T) {
		r := crossexam(t, []string{"CROSSEXAM_ACCEPTED=" + file}, "test", url, "--trusted=https://app.example", "--read=/private", "--strict", few)
		r.expect(t, 0, "ACCEPTED violations", "Accepted until "+last+" by api-team: They move in spring", "1 accepted", "except for 1 accepted violation")
		parsed := r.report(t)
		if s := parsed.Summary; s.Accepted != 1 || s.Violates != 0 || s.ExitCode != 0 || s.Exfiltration != "proven" {
			t.Errorf("%+v", s)
		}
		failures, skipped, junit := junitOf(t, r)
		if failures != 0 || skipped != 1 || !strings.Contains(junit, "accepted until "+last+" by api-team: They move in spring") {
			t.Errorf("%d failures, %d skipped:\n%s", failures, skipped, junit)
		}
		for name, says := range map[string]string{
			"results.sarif": `"justification": "Accepted until ` + last, "summary.md": "### Violated, and accepted", "report.html": "They move in spring",
		} {
			if !strings.Contains(fileOf(t, filepath.Join(r.out, name)), says) {
				t.Errorf("%s does not say %q", name, says)
			}
		}
		again := crossexam(t, nil, "accept", "ORG-009", "--report="+filepath.Join(r.out, "report.json"), "--file="+file, "--reason=again", "--owner=me")
		again.expect(t, 2, "is accepted already (until "+last)
	})

	t.Run("named by the configuration", func(t *testing.T) {
		config := filepath.Join(filepath.Dir(file), "crossexam.yaml")
		if err := os.WriteFile(config, []byte("target: "+url+"\ntrusted: [https://app.example]\nread: [/private]\naccepted: accepted.yaml\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		crossexam(t, nil, "test", "--config="+config, "--strict", few).expect(t, 0, "1 accepted")
		crossexam(t, nil, "test", "--config="+config, few, "--accepted="+file+"x").expect(t, 2, "the file cannot be read", "crossexam accept")
	})

	t.Run("expired", func(t *testing.T) {
		old := save(t, "old.yaml", strings.Replace(written, last, "2026-01-31", 1))
		before := api.asked.Load()
		examineStrictly(t, url, few, "--accepted="+old).expect(t, 2, "old.yaml:2:3: ORG-009", "it expired after 2026-01-31")
		if n := api.asked.Load() - before; n != 0 {
			t.Errorf("%d requests were made", n)
		}
		examineStrictly(t, url, "--label=TRU-001", "--accepted="+old).expect(t, 0)
	})

	t.Run("about no case", func(t *testing.T) {
		wrong := save(t, "wrong.yaml", strings.Replace(written, "/private", "/public", 1))
		examineStrictly(t, url, few, "--accepted="+wrong).expect(t, 2, "wrong.yaml:2:3: ORG-009 (GET /public", "no case of this target is like it")
	})

	t.Run("stale", func(t *testing.T) {
		api.trusted.Store(false)
		defer api.trusted.Store(true)
		r := examineStrictly(t, url, few, "--accepted="+file)
		r.expect(t, 2, "accepted.yaml:2:3: ORG-009", "it is stale", "STALE accepted deviations", "1 accepted deviation is stale")
		if parsed := r.report(t); len(parsed.Stale) != 1 || parsed.Stale[0].ID != "ORG-009" || parsed.Summary.ExitCode != 2 || parsed.Summary.Conforms != 3 {
			t.Errorf("%+v, %+v", parsed.Stale, parsed.Summary)
		}
		if failures, _, _ := junitOf(t, r); failures != 0 {
			t.Errorf("%d failures in the JUnit file", failures)
		}
		examineStrictly(t, url, "--label=TRU-001", "--accepted="+file).expect(t, 0)
	})
}

// What is new, fixed and unchanged, and which of it fails a run.
func TestBaseline(t *testing.T) {
	browsertest.Needed(t)
	var api subdomains
	url := serve(t, api.ServeHTTP)
	clean := examineStrictly(t, url, few)
	clean.expect(t, 0)
	api.trusted.Store(true)
	violated := examineStrictly(t, url, few)
	violated.expect(t, 1)
	of := func(r ran) string { return "--baseline=" + filepath.Join(r.out, "report.json") }

	t.Run("new", func(t *testing.T) {
		r := examineStrictly(t, url, few, of(clean), "--fail-on-new")
		r.expect(t, 1, "1 new violation, 0 fixed, 0 unchanged", "new: subdomain-of", "violated that was not before")
		if failures, _, text := junitOf(t, r); failures != 1 || !strings.Contains(text, `package="`+url+`"`) || strings.Contains(text, "system-err") {
			t.Errorf("%d failures in the JUnit file:\n%s", failures, text)
		}
	})
	t.Run("unchanged", func(t *testing.T) {
		examineStrictly(t, url, few, of(violated)).expect(t, 1, "0 new violations, 0 fixed, 1 unchanged", "medium severity, unchanged")
		r := examineStrictly(t, url, few, of(violated), "--fail-on-new")
		r.expect(t, 0, "VIOLATES as in the baseline, which does not fail this run", "1 violation that the baseline has too")
		if failures, skipped, junit := junitOf(t, r); failures != 0 || skipped != 1 || !strings.Contains(junit, "the baseline has it too") {
			t.Errorf("%d failures, %d skipped:\n%s", failures, skipped, junit)
		}
		if b := r.report(t).Baseline; b == nil || b.Unchanged != 1 || !b.OnlyNew || b.Run != violated.report(t).Run.Name {
			t.Errorf("%+v", b)
		}
	})
	t.Run("not examined now", func(t *testing.T) {
		r := examineStrictly(t, url, "--label=TRU-001", of(violated), "--fail-on-new")
		r.expect(t, 0, "0 new violations, 0 fixed, 0 unchanged, 1 that was not examined now.", "not examined now: subdomain-of", "examined only then: 2")
	})
	t.Run("not examined then", func(t *testing.T) {
		narrow := examineStrictly(t, url, "--label=TRU-001")
		examineStrictly(t, url, few, of(narrow), "--fail-on-new").expect(t, 1, "1 new violation", "For 1 of the new ones", "only now: 2.")
	})
	t.Run("fixed", func(t *testing.T) {
		api.trusted.Store(false)
		defer api.trusted.Store(true)
		examineStrictly(t, url, few, of(violated)).expect(t, 0, "0 new violations, 1 fixed, 0 unchanged", "fixed: subdomain-of")
	})
	text := fileOf(t, filepath.Join(violated.out, "report.json"))
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"nothing to compare with": {[]string{"--fail-on-new"}, []string{"--baseline"}},
		"no file":                 {[]string{"--baseline=/none.json"}, []string{"--baseline /none.json cannot be used", "no such file"}},
		"broken":                  {[]string{"--baseline=" + save(t, "report.json", text[:len(text)/2])}, []string{"it is no report.json"}},
		"another version":         {[]string{"--baseline=" + save(t, "report.json", strings.Replace(text, "report/v1", "report/v7", 1))}, []string{`the version "crossexam/report/v7"`}},
		"other origins":           {[]string{of(violated), "--trusted=https://other.example"}, []string{"other trusted origins (https://app.example)"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := api.asked.Load()
			examineStrictly(t, url, c.args...).expect(t, 2, c.says...)
			if n := api.asked.Load() - before; n != 0 {
				t.Errorf("%d requests were made", n)
			}
		})
	}
}
