package fleetreport

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
)

func TestFromSweep(t *testing.T) {
	every, opaque := scenarios.EveryOriginSuspicion(), scenarios.NullSuspicion()
	anyone := sweep.Grant{Origin: cors.MustParseOrigin("https://evil.test"), How: "any origin", Anyone: true, Suspicion: every, Decision: sweep.WithCredentials}
	open := sweep.Grant{Origin: anyone.Origin, How: "any origin", Anyone: true, Suspicion: every, Decision: sweep.WithoutCredentials}
	null := sweep.Grant{Origin: cors.Opaque, How: "null, the origin of every sandboxed frame", Anyone: true, Suspicion: opaque, Decision: sweep.WithCredentials}
	near := sweep.Grant{Origin: cors.MustParseOrigin("https://evilexample.com"), How: "a host that ends as the trusted one does", Anyone: true, Decision: sweep.WithCredentials,
		Suspicion: scenarios.Suspicion{Cause: "ends-with", Requirement: "ORG-003", Level: scenarios.Must}, Rule: "the target seems to trust every origin that ends with example.com"}
	own := sweep.Grant{Origin: cors.MustParseOrigin("https://x.example.com"), How: "a sibling", Decision: sweep.WithCredentials,
		Suspicion: scenarios.Suspicion{Cause: "subdomain-of", Requirement: "ORG-010", Level: scenarios.Should}}
	insecure := sweep.Grant{Origin: cors.MustParseOrigin("http://app.example.com"), How: "the trusted host over http", Decision: sweep.WithCredentials,
		Suspicion: scenarios.Suspicion{Cause: "same-host", Requirement: "ORG-006", Level: scenarios.Must}}
	at := func(class string, private bool, names ...string) []sweep.Endpoint {
		var all []sweep.Endpoint
		for _, n := range names {
			e := sweep.Endpoint{Endpoint: n, Class: class, Status: 200}
			if private {
				e.Finding = scenarios.Private
			}
			all = append(all, e)
		}
		return all
	}
	result := func(endpoints []sweep.Endpoint, classes ...sweep.Class) sweep.Result {
		return sweep.Result{Endpoints: endpoints, Classes: classes, Requests: 40, DurationMS: 1500}
	}
	both := append(at("P1", true, "GET /a"), at("P2", false, "GET /b", "GET /c")...)
	for _, c := range []struct {
		name   string
		r      sweep.Result
		grant  Grant
		code   int
		causes string
		says   string
	}{
		{"nothing granted", result(both, sweep.Class{ID: "P1", Size: 1}, sweep.Class{ID: "P2", Size: 2}), Ungranted, 0, "", "nothing is granted to origins that are not trusted"},
		{"granted to a sibling alone", result(both, sweep.Class{ID: "P1", Size: 1, Level: scenarios.Should, Granted: []sweep.Grant{own}}), Granted, 0, "subdomain-of medium GET /a 1", "against advice: a sibling is granted with credentials at 1 endpoint"},
		{"what a sibling may read is public", result(both, sweep.Class{ID: "P1", Size: 1, Granted: []sweep.Grant{own}}), Granted, 0, "", "nothing private is granted to anyone, and something"},
		{"to the trusted host over http", result(both, sweep.Class{ID: "P1", Size: 1, Private: 1, Suspect: true, Level: scenarios.Must, Granted: []sweep.Grant{insecure}}), Granted, 1,
			"same-host medium GET /a 1", "the trusted host over http is granted with credentials"},
		{"what is public", result(both, sweep.Class{ID: "P2", Size: 2, Granted: []sweep.Grant{open}}), Granted, 0, "", "nothing private is granted to anyone"},
		{"to everyone", result(both, sweep.Class{ID: "P1", Size: 1, Private: 1, Suspect: true, Level: scenarios.Must, Granted: []sweep.Grant{own, anyone, null}}), Granted, 1,
			"every-origin high GET /a 1; null-origin high GET /a 1; subdomain-of medium GET /a 1", "By its headers: any origin is granted with credentials at 1 endpoint; no browser has proved it."},
		{"null on what is private, everyone where nothing is known", result(both,
			sweep.Class{ID: "P1", Size: 1, Private: 1, Suspect: true, Level: scenarios.Must, Granted: []sweep.Grant{null}},
			sweep.Class{ID: "P2", Size: 2, Suspect: true, Level: scenarios.Must, Granted: []sweep.Grant{anyone}}), Granted, 1,
			"null-origin high GET /a 1; every-origin medium GET /b 2", "null, the origin of every sandboxed frame is granted with credentials at 1 endpoint"},
		{"by a rule", result(both, sweep.Class{ID: "P1", Size: 1, Private: 1, Suspect: true, Level: scenarios.Must, Granted: []sweep.Grant{near}}), Granted, 1,
			"ends-with high GET /a 1", "seems to trust every origin that ends with example.com"},
		{"by a rule, of which what an attacker can have comes later", result(both, sweep.Class{ID: "P1", Size: 1, Private: 1, Suspect: true, Level: scenarios.Must, Granted: []sweep.Grant{
			{Origin: own.Origin, How: own.How, Decision: own.Decision, Suspicion: scenarios.Suspicion{Cause: near.Cause, Requirement: "ORG-010", Level: scenarios.Should}}, near}}), Granted, 1,
			"ends-with high GET /a 1", "a sibling is granted"},
		{"no answer", result(append(both, sweep.Endpoint{Endpoint: "GET /d", Unanswered: "429"}), sweep.Class{ID: "P1", Size: 1}), GrantUnknown, 3, "", "Could not judge by headers: 1 of 4 endpoints did not answer"},
		{"granted, and no answer elsewhere", result(append(both, sweep.Endpoint{Endpoint: "GET /d", Unanswered: "429"}), sweep.Class{ID: "P1", Size: 1, Private: 1, Suspect: true, Level: scenarios.Must, Granted: []sweep.Grant{anyone}}), Granted, 1,
			"every-origin high GET /a 1", "no browser has proved it"},
		{"a sibling, and no answer elsewhere", result(append(both, sweep.Endpoint{Endpoint: "GET /d", Unanswered: "429"}), sweep.Class{ID: "P1", Size: 1, Granted: []sweep.Grant{own}}), Granted, 3, "", "Could not judge by headers"},
		{"no endpoint", result(nil), GrantUnknown, 3, "", "no endpoint was found"},
	} {
		o := FromSweep(c.r, began, about())
		var causes []string
		for _, cause := range o.Causes {
			causes = append(causes, strings.Join([]string{cause.ID, string(cause.Severity), cause.Endpoint, number(cause.Endpoints)}, " "))
			if cause.Fails != (cause.Level == scenarios.Must) || cause.Fix == "" || cause.Exfiltrated || len(cause.Requirements) == 0 || cause.Fingerprint == "" {
				t.Errorf("%s: %+v", c.name, cause)
			}
		}
		if o.Grant != c.grant || o.ExitCode != c.code || strings.Join(causes, "; ") != c.causes || !strings.Contains(o.Headline, c.says) {
			t.Errorf("%s: %s, %d, %s: %s", c.name, o.Grant, o.ExitCode, causes, o.Headline)
		}
		if o.Stage != Sweep || o.Exfiltration != "" || len(o.Conforms) != 0 || o.DurationMS != 1500 || o.Counts.Requests != 40 || o.Counts.Endpoints != len(c.r.Endpoints) {
			t.Errorf("%s: %+v", c.name, o)
		}
		if strings.Contains(strings.ToLower(o.Headline), "conform") {
			t.Errorf("%s: %s", c.name, o.Headline)
		}
		if got := New([]Outcome{o}, nil, Options{}).ExitCode(); got != c.code {
			t.Errorf("%s: the fleet ends with %d", c.name, got)
		}
	}
	// A cause of a sweep and of the proof after it are one finding.
	if o := FromSweep(result(both, sweep.Class{ID: "P1", Size: 1, Private: 1, Suspect: true, Level: scenarios.Must, Granted: []sweep.Grant{anyone}}), began, about()); o.Causes[0].Fingerprint != FromReport(aReport(), about()).Causes[0].Fingerprint {
		t.Error("a proof makes another finding of what was swept")
	}
}
