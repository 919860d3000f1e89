package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/png"
	"slices"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// What the sample record is about.
const (
	sampleURL     = "https://api.example.com"
	sampleTrusted = "https://app.example.com"
	sampleEvil    = "https://evil.test"
	sampleSession = "s3cr3t-session-0123456789"
	sampleLoot    = `[{"id":"1","name":"Merger talks"}]`
)

func scenario(id string, level scenarios.Level) scenarios.Scenario {
	known, _ := scenarios.Find(id)
	return scenarios.Scenario{
		Topic: known.Topic,
		ID:    id,
		Title: "Title of " + id,
		Level: level,
		Guidance: []scenarios.Guidance{
			{Source: "CWE", Ref: "CWE-942", URL: "https://cwe.mitre.org/data/definitions/942.html"},
			{Source: "Fetch standard", Ref: "#cors-check", URL: "https://fetch.spec.whatwg.org/#cors-check"},
		},
		Fix: "Fix of " + id + ".",
	}
}

// read is the observation of a page that reads the notebooks.
func read(origin string, allowed bool) scenarios.Observation {
	request := cors.Request{Method: "GET", URL: sampleURL + "/api/notebooks", Headers: cors.Headers{
		{Name: "Origin", Value: origin},
		{Name: "Cookie", Value: "session=" + sampleSession + "; theme=dark"},
		{Name: "Accept", Value: "*/*"},
	}}
	response := &cors.Response{Status: 200, Headers: cors.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: sampleLoot}
	o := scenarios.Observation{
		Attempt: scenarios.Attempt{
			Page: cors.MustParseOrigin(sampleEvil), Vector: scenarios.Fetch, Identity: scenarios.Cookie,
			Method: "GET", URL: sampleURL + "/api/notebooks",
		},
		Page:       &scenarios.PageView{Error: "TypeError: Failed to fetch"},
		Block:      scenarios.Block{Reason: cors.MissingAllowOriginHeader, Network: "net::ERR_FAILED"},
		Exchanges:  []cors.Exchange{{Request: request, Response: response}},
		Credential: scenarios.CredentialUse{Sent: true},
	}
	if page, err := cors.ParseOrigin(origin); err == nil && !page.IsOpaque() {
		o.Attempt.Page = page
	} else {
		o.Attempt.Vector = scenarios.SandboxedFrame
	}
	if allowed {
		sum := sha256.Sum256([]byte(sampleLoot))
		o.Page = &scenarios.PageView{Readable: true, Status: 200, Body: sampleLoot}
		o.Block = scenarios.Block{}
		o.Loot = &scenarios.Loot{Bytes: len(sampleLoot), SHA256: hex.EncodeToString(sum[:]), Excerpt: sampleLoot}
		response.Headers = append(response.Headers,
			cors.Header{Name: "Access-Control-Allow-Origin", Value: origin},
			cors.Header{Name: "Access-Control-Allow-Credentials", Value: "true"})
	}
	return o
}

// judged is a result about an observation.
func judged(id string, level scenarios.Level, v scenarios.Verdict, reason string, obs ...scenarios.Observation) engine.Result {
	r := engine.Result{
		Scenario:     scenario(id, level),
		Judgement:    scenarios.Judgement{Verdict: v, Reason: reason},
		Observations: obs,
	}
	if v == scenarios.Violates {
		r.Judgement.Severity = scenarios.High
	}
	if len(obs) > 0 {
		a := obs[0].Attempt
		r.Subject = scenarios.Subject{Endpoint: "GET /api/notebooks", Origin: a.Origin().String(), Credential: a.Identity}
	}
	return r
}

// preflight is an observation of the trusted front end's preflight, answered with this status.
func preflight(status int) scenarios.Observation {
	trusted := cors.NewOrigin("https", "app.example.com", "")
	return scenarios.Observation{
		Attempt: scenarios.Attempt{Page: trusted, Trusted: true, Vector: scenarios.Fetch, Method: "GET", URL: sampleURL + "/api/notebooks"},
		Exchanges: []cors.Exchange{{
			Request: cors.Request{Method: "OPTIONS", URL: sampleURL + "/api/notebooks", Headers: cors.Headers{
				{Name: "Origin", Value: trusted.String()}, {Name: "Access-Control-Request-Method", Value: "GET"},
			}},
			Response: &cors.Response{Status: status},
		}},
	}
}

// stolen is a result with a proved exfiltration.
func stolen(id, origin string) engine.Result {
	r := judged(id, scenarios.Must, scenarios.Violates, origin+" read the reply with the victim's cookie", read(origin, true))
	r.Judgement.Exfiltrated = true
	return r
}

// withheld is a result about a write that left the browser.
func withheld() engine.Result {
	o := read(sampleEvil, false)
	o.Attempt.Method, o.Attempt.URL = "PUT", sampleURL+"/api/notebooks/1"
	o.Block = scenarios.Block{}
	o.Exchanges = []cors.Exchange{
		{
			Request: cors.Request{Method: "OPTIONS", URL: o.Attempt.URL, Headers: cors.Headers{
				{Name: "Origin", Value: sampleEvil}, {Name: "Access-Control-Request-Method", Value: "PUT"},
			}},
			Response: &cors.Response{Status: 204, Headers: cors.Headers{
				{Name: "Access-Control-Allow-Origin", Value: sampleEvil}, {Name: "Access-Control-Allow-Methods", Value: "PUT"},
			}},
		},
		{Request: cors.Request{Method: "PUT", URL: o.Attempt.URL, Headers: cors.Headers{{Name: "Origin", Value: sampleEvil}}}, Withheld: true},
	}
	return judged("PRE-003", scenarios.Must, scenarios.Violates, "the PUT left the browser", o)
}

// sample is a record with a result of each kind.
func sample() engine.Record {
	trusted := read(sampleTrusted, true)
	trusted.Attempt.Trusted, trusted.Loot = true, nil
	doubt := read(sampleEvil, false)
	doubt.Block = scenarios.Block{Network: "net::ERR_CONNECTION_RESET"}
	doubt.Exchanges = []cors.Exchange{{Request: doubt.Exchanges[0].Request, Fault: "the target closed the connection"}}
	sibling := read("https://x.example.com", true)
	sibling.Loot = nil
	medium := judged("CRD-002", scenarios.Must, scenarios.Violates, "granted", sibling)
	medium.Judgement.Severity = scenarios.Medium
	return engine.Record{
		Run:      "crossexam-0123456789ab",
		Started:  time.Date(2026, 11, 23, 12, 34, 56, 789, time.FixedZone("", 3600)),
		Duration: 1234 * time.Millisecond,
		Browser: attacker.Info{
			Product: "Chrome/156.0.8078.79", Path: "/usr/lib/chromium/chromium", Flags: []string{"--headless=new"},
			Sandbox: true, Protocol: "156.0.8078.0",
		},
		Target: scenarios.Target{
			URL:         sampleURL,
			Trusted:     []cors.Origin{cors.MustParseOrigin(sampleTrusted)},
			Credentials: []scenarios.Credential{scenarios.Cookie},
			Endpoints:   []scenarios.Endpoint{{Method: "GET", Path: "/api/notebooks", Private: true}, {Method: "PUT", Path: "/api/notebooks/1"}},
		},
		Cookies: []attacker.StoredCookie{{Name: "session", Value: sampleSession, Domain: "api.example.com", Path: "/", SameSite: "None", Secure: true}},
		Controls: []engine.Control{
			{ID: "cookie/open", Outcome: engine.Passed, Detail: "read as expected"},
			{ID: "cookie/closed", Outcome: engine.Passed, Detail: "blocked as expected"},
		},
		Results: []engine.Result{
			stolen("WLD-001", sampleEvil),
			judged("WLD-003", scenarios.Must, scenarios.NotApplicable, "The victim has no place in the network."),
			stolen("NUL-001", "null"),
			medium,
			withheld(),
			judged("ERR-002", scenarios.Must, scenarios.CannotTell, "the target closed the connection", doubt),
			judged("HDR-003", scenarios.Should, scenarios.Violates, "Vary is missing", read(sampleEvil, false)),
			judged("ORG-001", scenarios.Must, scenarios.Conforms, "Chrome blocked the read", read("https://app.example.com.evil.test", false)),
			judged("TRU-001", scenarios.Must, scenarios.Conforms, "read", trusted),
		},
		Withheld:    []tap.WithheldRequest{{Method: "PUT", Path: "/api/notebooks/1", Count: 2}},
		Notes:       []string{"A page crashed and was opened once more; its attempts were repeated."},
		Attempts:    9,
		Navigations: 4,
		Requests:    10,
		Screens:     []engine.Screen{{Name: "malicious-page-cookie.png", PNG: picturePNG()}},
	}
}

// reportOf is the report of a record in which it is decided what fails, as the engine
// does.
func reportOf(record engine.Record, meta Meta) Report {
	record.Results = slices.Clone(record.Results)
	for i, r := range record.Results {
		record.Results[i] = r.Settled(record.Strict, record.Baseline != nil && record.Baseline.OnlyNew)
	}
	return New(record, meta)
}

// binding is the record of a run that was strict, or not.
func binding(record engine.Record, strict bool) engine.Record {
	record.Strict = strict
	return record
}

// accepting is a record in which the violations of some scenarios are accepted,
// those of all where none is named.
func accepting(record engine.Record, ids ...string) engine.Record {
	for i, c := range record.Results {
		if c.Verdict() == scenarios.Violates && (len(ids) == 0 || slices.Contains(ids, c.Scenario.ID)) {
			record.Results[i].Accepted = &target.Acceptance{
				ID: c.Scenario.ID, Reason: "It moves in spring", Owner: "api-team", Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
			}
		}
	}
	return record
}

// compared is a record with a stale acceptance and a comparison of every kind.
func compared(record engine.Record) engine.Record {
	old := func(id, origin string) []engine.BaselineCase {
		return []engine.BaselineCase{{ID: id, Subject: scenarios.Subject{Endpoint: "GET /api/notebooks", Origin: origin, Credential: scenarios.Cookie}, Verdict: scenarios.Violates}}
	}
	for i, c := range record.Results {
		if c.Verdict() == scenarios.Violates {
			record.Results[i].Change = engine.New
			if c.Scenario.ID != "WLD-001" {
				record.Results[i].Change = engine.Unchanged
			}
		}
	}
	record.Baseline = &engine.Comparison{
		Run: "crossexam-ba9876543210", Started: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC),
		Fixed: old("ORG-001", "https://fixed.test"), CannotTell: old("ERR-002", sampleEvil), NotExamined: old("ORG-009", "https://gone.test"),
		Unknown: old("WLD-001", sampleEvil), OnlyThen: 3, OnlyNow: 2,
	}
	record.Stale = target.Accepted{{
		ID: "ORG-001", Subject: target.SubjectPattern{Origin: "https://*.example.com"},
		Reason: "They are ours", Owner: "front-team", Expires: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC),
	}}
	return record
}

// faulty is a record of an examination that broke off.
func faulty(stage engine.Stage, results ...engine.Result) engine.Record {
	return engine.Record{
		Run:     "crossexam-0123456789ab",
		Target:  scenarios.Target{URL: sampleURL},
		Results: results,
		Fault:   &engine.Fault{Stage: stage, Err: errors.New("connection refused"), Advice: "start it"},
	}
}

func picturePNG() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// rendered returns every output for a report by its name, proof-of-concept pages
// and the terminal's text included.
func rendered(t testing.TB, r Report, screens []engine.Screen) map[string]string {
	t.Helper()
	all := map[string]string{}
	put := func(name string, err error, b *bytes.Buffer) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		all[name] = b.String()
	}
	var j, h, s, m, x bytes.Buffer
	put("report.json", r.WriteJSON(&j), &j)
	put("report.html", r.writeHTML(&h, screens), &h)
	put("results.sarif", r.writeSARIF(&s), &s)
	put("summary.md", r.writeMarkdown(&m), &m)
	put("text", Text(&x, r, TextOptions{Verbose: true}), &x)
	for _, p := range r.proofsOfConcept() {
		var b bytes.Buffer
		put(p.Name, p.writeHTML(&b), &b)
	}
	return all
}
