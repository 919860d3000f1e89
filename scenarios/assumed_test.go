package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestCandidates(t *testing.T) {
	named := []Candidate{{cors.MustParseOrigin("https://front.example.org"), "named"}, {cors.MustParseOrigin("https://api.example.com"), "its own"}, {cors.Opaque, "null"}}
	origins := func(target string) []string {
		var all []string
		for _, c := range Candidates(Target{URL: target}, named) {
			all = append(all, c.Origin.String())
		}
		return all
	}
	got := origins("https://api.example.com/v1")
	for _, want := range []string{"https://example.com", "https://www.example.com", "https://app.example.com", "https://admin.example.com", "http://localhost:3000", "http://localhost:5173", "http://127.0.0.1:8080"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is no candidate of %v", want, got)
		}
	}
	if got[0] != "https://front.example.org" || slices.Contains(got, "https://api.example.com") || slices.Contains(got, "null") {
		t.Errorf("candidates are %v", got)
	}
	// No https page can fetch from there (mixed content).
	for _, o := range origins("http://api.internal.example") {
		if strings.HasPrefix(o, "https:") {
			t.Errorf("%s is a candidate of a target over http", o)
		}
	}
}

// The rule is found by near-misses alone, and covers what it says.
func TestRuleFor(t *testing.T) {
	target, of := Target{URL: "https://api.example.com"}, cors.MustParseOrigin("https://app.example.com")
	for _, c := range []struct {
		grants func(o cors.Origin) bool
		kind   RuleKind
		covers []string
		not    []string
	}{
		{func(o cors.Origin) bool { return o == of }, "", nil, nil},
		{func(o cors.Origin) bool {
			return o.Scheme() == "https" && o.HasDefaultPort() && strings.HasSuffix(o.Host(), ".example.com")
		}, SubdomainOf,
			[]string{"https://www.example.com", "https://a.b.example.com"}, []string{"http://www.example.com", "https://example.com", "https://evilexample.com", "https://www.example.com:3000"}},
		{func(o cors.Origin) bool { return strings.HasSuffix(o.Host(), "example.com") }, EndsWith,
			[]string{"https://evilexample.com", "http://www.example.com", "https://example.com:3000"}, []string{"https://example.com.evil.test"}},
		{func(o cors.Origin) bool { return strings.HasPrefix(o.String(), "https://app.example.com") }, BeginsWith,
			[]string{"https://app.example.com.evil.test"}, []string{"https://www.example.com"}},
		{func(o cors.Origin) bool { return o.Host() == of.Host() && o.Scheme() == "https" }, SameHost,
			[]string{"https://app.example.com:8443"}, []string{"http://app.example.com", "https://www.example.com"}},
	} {
		r, ok := RuleFor(target, of, func(o cors.Origin) bool { return o != of && c.grants(o) })
		if ok != (c.kind != "") || r.Kind != c.kind {
			t.Errorf("the rule is %q, and should be %q", r.Kind, c.kind)
		}
		for _, s := range c.covers {
			if !r.Covers(cors.MustParseOrigin(s)) {
				t.Errorf("%s does not cover %s", c.kind, s)
			}
		}
		for _, s := range c.not {
			if r.Covers(cors.MustParseOrigin(s)) {
				t.Errorf("%s covers %s", c.kind, s)
			}
		}
	}
}

// Where nobody said what is trusted, what is about the operator's intention does not
// apply, and what a granted origin reads is no violation.
func TestAssumedTrust(t *testing.T) {
	target := oneEndpoint(Cookie)
	target.Assumed = true
	for _, id := range []string{"TRU-002", "TRU-003", "TRU-004", "TRU-005", "ERR-001", "ERR-004", "ERR-005", "PRE-004", "PRE-005", "PRE-007", "PRE-008", "CRD-001", "CFG-002", "CFG-003"} {
		s, _ := Find(id)
		if cases, why := s.Plan(target); len(cases) > 0 || !strings.Contains(why, "what the operator wants") {
			t.Errorf("%s has %d cases, %q", id, len(cases), why)
		}
	}
	cases, _ := planTrustedReads(target)
	if len(cases) != 1 {
		t.Fatalf("%d cases", len(cases))
	}
	o := answeredTo(cases[0].Attempts[0], reply(200, "x", allowOrigin(trustedOrigin), cors.HeaderAllowCredentials+": true"))
	o.Page, o.Credential.Sent, o.Stake = &PageView{Readable: true, Status: 200, Body: "secret"}, true, PrivateReply
	if j := cases[0].Judge(NewObservations([]Observation{o})); j.Verdict != NotApplicable || !strings.Contains(j.Reason, "is it yours?") {
		t.Errorf("%s: %s", j.Verdict, j.Reason)
	}
	// The API's own origin has near-misses too, beside those of what is granted.
	if got := weighed(rules["ORG-001"](target)); got != "+https://app.example.com.evil.test +https://api.example.com.evil.test" && !strings.Contains(got, "api.example.com.evil.test") {
		t.Errorf("near-misses are %s", got)
	}
	target.Trusted = nil
	if cases, why := planTrustedReads(target); len(cases) > 0 || why != unsaid {
		t.Errorf("%d cases, %q", len(cases), why)
	}
}

// A sweep suspects what a proof convicts: a page of the API's own site is against advice
// like any other, but a cookie opens the API to it whatever its SameSite says (CRD-002).
func TestSuspicionOfTheTargetsOwnSite(t *testing.T) {
	of := cors.MustParseOrigin("https://app.example.com")
	subdomains := func(o cors.Origin) bool { return o.Scheme() == "https" && strings.HasSuffix(o.Host(), ".example.com") }
	for _, c := range []struct {
		name, url   string
		credential  Credential
		requirement string
		level       Level
	}{
		{"a cookie", "https://api.example.com", Cookie, "CRD-002", Must},
		{"a token", "https://api.example.com", Bearer, "ORG-010", Should},
		{"another site", "https://api.example.org", Cookie, "ORG-010", Should},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := Target{URL: c.url, Credentials: []Credential{c.credential}, Trusted: []cors.Origin{of}}
			granted := func(o cors.Origin) bool { return o != of && subdomains(o) }
			rule, ok := RuleFor(target, of, granted)
			if !ok {
				t.Fatal("no rule")
			}
			gravest := Suspicion{}
			for _, m := range Matchers(target, of) {
				if s := rule.Suspicion(target, m); granted(m.Origin) && (gravest.Level == "" || strictness(s.Level) > strictness(gravest.Level) || m.How == "a sibling of the trusted host") {
					gravest = s
				}
			}
			if gravest.Requirement != c.requirement || gravest.Level != c.level {
				t.Errorf("%+v", gravest)
			}
		})
	}
}
