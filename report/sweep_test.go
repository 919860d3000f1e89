package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
)

// sweptRecord is a record with a sweep of so many endpoints in two classes: one grants
// everybody, and the first endpoint of each was examined.
func sweptRecord(endpoints int, results ...engine.Result) engine.Record {
	evil := cors.MustParseOrigin("https://evil.test")
	front := cors.MustParseOrigin("https://app.example.com")
	answer := func(o cors.Origin, d sweep.Decision) sweep.Answer {
		return sweep.Answer{Question: sweep.Question{Origin: o, With: scenarios.Cookie}, Decision: d}
	}
	s := &engine.Sweep{Seed: 42, Examined: []string{"GET /r0", "GET /r1"}}
	s.Requests, s.DurationMS = 8000, 1900
	s.Classes = []sweep.Class{
		{ID: "P1", Suspect: true, Answers: []sweep.Answer{answer(evil, sweep.WithCredentials)}, Granted: []sweep.Grant{{Origin: evil, How: "any origin", Anyone: true, Decision: sweep.WithCredentials}}},
		{ID: "P2", Answers: []sweep.Answer{answer(evil, sweep.NotGranted), answer(front, sweep.WithCredentials)}, Trusted: []cors.Origin{front}},
	}
	for i := range endpoints {
		e := sweep.Endpoint{Endpoint: fmt.Sprintf("GET /r%d", i), Class: "P1", Status: 200, Finding: scenarios.Private}
		outcome := engine.ProofRead
		if i%2 == 1 {
			e.Class, outcome = "P2", engine.ProofBlocked
		}
		if i == endpoints-1 {
			e.Class, e.Unanswered, e.Finding = "", "it answered 500 to <b>secret-value</b>", ""
		}
		if c := len(s.Endpoints); c > 1 && e.Class != "" && (e.Class == "P1" || i%20 == 1) {
			s.Proofs = append(s.Proofs, engine.Proof{Trial: sweep.Trial{Endpoint: e.Endpoint, Page: evil, Expected: e.Class == "P1"}, Outcome: outcome})
		}
		s.Endpoints = append(s.Endpoints, e)
	}
	for i, c := range s.Classes {
		for _, e := range s.Endpoints {
			if e.Class == c.ID {
				s.Classes[i].Size++
				s.Classes[i].Private++
			}
		}
	}
	return engine.Record{Sweep: s, Results: results}
}

// Each endpoint says its class, and whether it was proved itself or by which other.
func TestSweepInTheReport(t *testing.T) {
	record := sweptRecord(60, judged("WLD-001", scenarios.Must, scenarios.Conforms, "fine"))
	r := reportOf(record, Meta{Secrets: []string{"secret-value"}})
	at := func(name string) SweepEndpoint {
		i := slices.IndexFunc(r.Sweep.Endpoints, func(e SweepEndpoint) bool { return e.Endpoint == name })
		return r.Sweep.Endpoints[i]
	}
	for name, want := range map[string]string{
		"GET /r0":  "P1 true  examined in whole",
		"GET /r2":  "P1 true  read, from https://evil.test",
		"GET /r21": "P2 true  refused, from https://evil.test",
		"GET /r23": "P2 false GET /r1 as GET /r1",
		"GET /r59": " false  it answered 500 to <b>[redacted]</b>",
	} {
		e := at(name)
		if got := fmt.Sprintf("%s %v %s %s", e.Class, e.Proved, e.ProvedBy, e.Word()); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for verbose, wants := range map[bool][]string{
		false: {"All 60 endpoints were asked by header, and 33 of them tried in the browser. Let in: any origin at 30 endpoints.", "1 endpoint did not answer every question, such as GET /r59"},
		true: {"60 endpoints in 2 policy classes, told apart by 8000 requests. Examined in whole: 2; tried in the browser besides: 29 read, 2 refused (seed 42)",
			"P1 (30): any origin: granted", "1 endpoint did not answer every question, such as GET /r59"},
	} {
		said := strings.Join(strings.Fields(text(t, r, TextOptions{Verbose: verbose})), " ")
		for _, want := range wants {
			if !strings.Contains(said, want) {
				t.Errorf("%q is missing in %s", want, said)
			}
		}
	}
	page := rendered(t, r, nil)["report.html"]
	if !strings.Contains(page, "All endpoints, asked by header") || strings.Count(page, "<td>GET /r") != 59 || strings.Contains(page, "<b>[redacted]") {
		t.Errorf("the page has %d endpoints", strings.Count(page, "<td>GET /r"))
	}
}

// Of 500 endpoints the files stay small.
func TestSweepIsSmall(t *testing.T) {
	r := reportOf(sweptRecord(500), Meta{})
	var page, data bytes.Buffer
	if err := r.writeHTML(&page, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteJSON(&data); err != nil {
		t.Fatal(err)
	}
	if page.Len() > 1<<20 || data.Len() > 1<<20 {
		t.Errorf("report.html has %d bytes, report.json %d", page.Len(), data.Len())
	}
}

// What the browser read and no violation is about is no pass.
func TestSweepReadsAreNoPass(t *testing.T) {
	fine := judged("WLD-001", scenarios.Must, scenarios.Conforms, "fine")
	if code := reportOf(sweptRecord(60, fine), Meta{}).ExitCode(); code != ExitNoVerdict {
		t.Errorf("exit code %d", code)
	}
	if code := reportOf(sweptRecord(2, fine), Meta{}).ExitCode(); code != ExitConforms {
		t.Errorf("nothing read: exit code %d", code)
	}
	if code := reportOf(sweptRecord(60, stolen("WLD-001", "https://evil.test")), Meta{}).ExitCode(); code != ExitViolates {
		t.Errorf("convicted: exit code %d", code)
	}
}

// Classes with the same rule are told together, by the rule where it is known.
func TestSweepInBrief(t *testing.T) {
	rule := `the target seems to trust every origin that ends with "example.com" (granted too: https://evilexample.com)`
	// The first is one that not anybody can have: it is granted by the rule all the same.
	ends := []SweepGrant{{How: "the trusted host at both ends of another", Rule: rule, Decision: "granted"}, {How: "letters before the trusted domain", Rule: rule, Anyone: true, Decision: "granted"}}
	if got, want := (SweepClass{Granted: ends}).About(), `every origin that ends with "example.com": granted`; got != want {
		t.Errorf("the class is about %q", got)
	}
	any := []SweepGrant{{How: "any origin", Anyone: true}}
	for want, classes := range map[string][]SweepClass{
		"None lets in others than the trusted origins.": {{ID: "P1", Endpoints: 5}},
		"any origin at GET /old.":                       {{ID: "P1", Granted: any, Endpoints: 1}},
		`Let in: any origin at 5 endpoints; every origin that ends with "example.com" at 3 endpoints.`: {
			{ID: "P1", Granted: any, Endpoints: 2}, {ID: "P2", Granted: any, Endpoints: 3},
			{ID: "P3", Granted: ends, Endpoints: 3},
		},
	} {
		if got := (Sweep{Classes: classes, Endpoints: []SweepEndpoint{{Endpoint: "GET /old", Class: "P1"}, {Endpoint: "GET /new", Class: "P2"}}}).brief(); !strings.HasSuffix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
