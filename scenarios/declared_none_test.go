package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestContentTypeOfOursIsNoViolation(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a := v.write(Endpoint{Method: "POST", Path: "/api/notebooks"})
	rule(t, ofOne(func(o Observation) Judgement { return judgeTrustedWrite(true, o) }), []ruling{
		{name: "refused without a word", obs: []Observation{refusedTo(a, cors.PreflightMissingAllowOriginHeader, reply(403, ""))}, verdict: NotApplicable, reason: "declare the policy's headers"},
		{name: "fault", obs: []Observation{broken(a)}, verdict: CannotTell},
		{name: "the header", obs: []Observation{refusedTo(a, cors.HeaderDisallowedByPreflightResponse, reply(204, "", allowOrigin(trustedOrigin)))}, verdict: NotApplicable},
		{name: "the method", obs: []Observation{refusedTo(a, cors.MethodDisallowedByPreflightResponse, reply(204, "", allowOrigin(trustedOrigin)))}, verdict: Violates, severity: Low},
		{name: "a login", obs: []Observation{refusedTo(a, cors.PreflightMissingAllowOriginHeader, denied)}, verdict: Violates, severity: Low},
		{name: "down", obs: []Observation{refusedTo(a, cors.PreflightMissingAllowOriginHeader, reply(502, ""))}, verdict: Violates, severity: Low},
		{name: "approved", obs: []Observation{after(reply(204, "", allowOrigin(trustedOrigin)), readBy(a, private))}, verdict: Conforms},
	})
}

// A front end that sets no header is never judged by a Content-Type of Crossexam's.
func TestPolicyWithoutHeaders(t *testing.T) {
	target := rich(Cookie)
	target.Policy.Headers, target.Policy.Methods = []string{}, []string{"GET", "POST", "PUT"}
	for _, s := range Catalogue() {
		cases, _ := s.Plan(target)
		for _, c := range cases {
			for _, a := range c.Attempts {
				if a.Trusted && a.Headers.Has("Content-Type") {
					t.Errorf("%s: the front end asks for Content-Type: %+v", s.ID, a)
				}
			}
		}
	}
	for id, none := range map[string]string{"PRE-007": noAsking, "PRE-008": noAsking} {
		s, _ := Find(id)
		if cases, why := s.Plan(target); len(cases) > 0 || why != none {
			t.Errorf("%s: %d cases, %q", id, len(cases), why)
		}
	}
	allowed := reply(204, "", allowOrigin(trustedOrigin), allowHeaders+"X-Extra")
	s, _ := Find("PRE-005")
	cases, _ := s.Plan(target)
	o := refusedTo(cases[0].Attempts[0], cors.HeaderDisallowedByPreflightResponse, allowed)
	if j := cases[0].Judge(NewObservations([]Observation{o})); j.Verdict != Violates || len(cases[0].Attempts) != 1 {
		t.Errorf("an empty list lets a header pass: %+v", j)
	}
}
