package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeAgreement(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a, asked, without := v.read(privateRead), v.preflighted(privateRead), bare(v.target, privateRead)
	yes, no := reply(200, privateBody, allowOrigin(trustedOrigin), withCredentials), reply(200, privateBody)
	simple := map[string]Observation{
		"yes":    readBy(a, yes),
		"no":     blockedFrom(a, cors.MissingAllowOriginHeader, no),
		"401":    blockedFrom(a, cors.MissingAllowOriginHeader, denied),
		"broken": broken(a),
	}
	refusal := func(status int) Observation {
		return refusedTo(asked, cors.PreflightMissingAllowOriginHeader, reply(status, ""))
	}
	obs := func(read string, preflighted Observation) []Observation {
		return []Observation{simple[read], preflighted, answeredTo(without, denied)}
	}
	rulings := []ruling{
		{name: "both accept", obs: obs("yes", after(yes, readBy(asked, yes))), verdict: Conforms, reason: "the preflight accepts https://app.example.org"},
		{name: "both refuse", obs: obs("no", refusal(400)), verdict: Conforms, reason: "refuses"},
		{name: "both refuse, with a login first", obs: obs("401", refusal(401)), verdict: Conforms},
		{name: "the method is not the origin", obs: obs("yes", refusedTo(asked, cors.MethodDisallowedByPreflightResponse, yes)), verdict: Conforms},
		{name: "the header is not the origin", obs: obs("yes", refusedTo(asked, cors.HeaderDisallowedByPreflightResponse, yes)), verdict: Conforms},
		{name: "the status is not the origin", obs: obs("yes", refusedTo(asked, cors.PreflightInvalidStatus, yes)), verdict: Conforms},
		{name: "only the preflight accepts", obs: obs("no", after(yes, blockedFrom(asked, cors.MissingAllowOriginHeader, no))),
			verdict: Violates, severity: Low, proof: 1, reason: "but the answer to the request refuses it (no grant)"},
		{name: "only the preflight accepts, but not the method", obs: obs("no", refusedTo(asked, cors.MethodDisallowedByPreflightResponse, yes)),
			verdict: Violates, severity: Low, proof: 1},
		{name: "the request with a login decides", obs: obs("401", after(yes, readBy(asked, yes))), verdict: Conforms, reason: "accepts"},
		{name: "the preflight's own request decides", obs: obs("yes", after(yes, blockedFrom(asked, cors.MissingAllowOriginHeader, no))),
			verdict: Violates, severity: Low, proof: 1},
		{name: "a redirect of both", obs: obs("no", refusedTo(asked, cors.PreflightDisallowedRedirect, reply(302, ""))), verdict: NotApplicable},
		{name: "only the request accepts", obs: obs("yes", refusal(400)), verdict: Violates, severity: Low, proof: 1, reason: "the preflight refuses"},
		{name: "the login refuses the preflight", obs: obs("yes", refusal(401)), verdict: NotApplicable, reason: "met a login (401)"},
		{name: "the login refuses the request", obs: obs("401", refusedTo(asked, cors.HeaderDisallowedByPreflightResponse, yes)), verdict: NotApplicable, reason: "without a login"},
		{name: "a redirect", obs: obs("yes", refusedTo(asked, cors.PreflightDisallowedRedirect, reply(302, ""))), verdict: NotApplicable},
		{name: "no read", obs: obs("broken", refusal(400)), verdict: CannotTell, reason: "could not be opened"},
		{name: "no preflight", obs: obs("yes", readBy(asked, yes)), verdict: CannotTell, reason: "was not seen"},
		{name: "fault", obs: obs("yes", faulty(refusedTo(asked, cors.HeaderDisallowedByPreflightResponse, yes))), verdict: CannotTell},
	}
	judge := func(declared bool) func([]Observation) Judgement {
		return ofThree(func(answered, asked, bare Observation) Judgement {
			return judgeAgreement(declared, answered, asked, bare)
		})
	}
	rule(t, judge(true), rulings)
	write := Endpoint{Method: "POST", Path: privateRead.Path}
	asked = v.write(write)
	hand := byHand(asked, Cookie, originHeader(v.page))
	rule(t, judge(true), []ruling{
		{name: "a write, both accept", obs: []Observation{answeredTo(hand, yes), after(yes, readBy(asked, yes)), answeredTo(bareOf(asked), denied)}, verdict: Conforms},
		{name: "a write, both refuse", obs: []Observation{answeredTo(hand, no), refusal(400), answeredTo(bareOf(asked), denied)}, verdict: Conforms},
		{name: "a write, only by hand", obs: []Observation{answeredTo(hand, yes), refusal(400), answeredTo(bareOf(asked), denied)},
			verdict: Violates, severity: Low, proof: 1, reason: "the preflight refuses"},
		{name: "a write, a wildcard for both", obs: []Observation{
			answeredTo(hand, reply(201, "", allowOrigin("*"))),
			refusedTo(asked, cors.PreflightWildcardOriginNotAllowed, reply(200, "", allowOrigin("*"))), answeredTo(bareOf(asked), denied)},
			verdict: Conforms, reason: "refuses"},
		{name: "a write that fails, without a grant", obs: []Observation{answeredTo(hand, reply(422, "")), after(yes, blockedFrom(asked, cors.MissingAllowOriginHeader, reply(422, ""))), answeredTo(bareOf(asked), denied)},
			verdict: NotApplicable, reason: "a 422 without a grant"},
		{name: "a write that is refused", obs: []Observation{answeredTo(hand, reply(403, "")), after(yes, blockedFrom(asked, cors.MissingAllowOriginHeader, reply(403, ""))), answeredTo(bareOf(asked), denied)},
			verdict: Violates, severity: Low, proof: 1},
		{name: "a write without an answer", obs: []Observation{broken(hand), refusal(400), answeredTo(bareOf(asked), denied)}, verdict: CannotTell},
	})
	asked = v.preflighted(privateRead)
	if j := judge(false)(obs("yes", refusal(400))); j.Verdict != NotApplicable {
		t.Errorf("a header that nobody declared: %+v", j)
	}
	if j := judge(false)(obs("yes", refusal(204))); j.Verdict != Violates || j.Level != Should {
		t.Errorf("no preflight is granted: %+v", j)
	}
	evil := attack(v.target, Cookie)
	theirs := []Observation{
		readBy(evil.read(privateRead), private), refusedTo(evil.preflighted(privateRead), cors.PreflightMissingAllowOriginHeader, reply(204, "")),
		answeredTo(without, denied),
	}
	if j := judge(false)(theirs); j.Verdict != NotApplicable {
		t.Errorf("an attacker's header that nobody declared: %+v", j)
	}
}

// Where only the preflight lets the front end in, it is locked out: that is no word on
// other origins, for whom the preflight may be closed.
func TestAgreementOfALockedOutFrontEnd(t *testing.T) {
	for _, c := range []struct {
		v    visit
		from string
	}{
		{frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie), "TRU-001"},
		{attack(oneEndpoint(Cookie), Cookie), ""},
	} {
		request, asked := c.v.read(privateRead), c.v.preflighted(privateRead)
		granted := reply(204, "", allowOrigin(c.v.page.String()), withCredentials, "Access-Control-Allow-Methods: GET", "Access-Control-Allow-Headers: *")
		none := reply(200, privateBody)
		j := judgeAgreement(true, blockedFrom(request, cors.MissingAllowOriginHeader, none), after(granted, blockedFrom(asked, cors.MissingAllowOriginHeader, none)),
			answeredTo(bare(c.v.target, privateRead), none))
		if j.Verdict != Violates || j.FollowsFrom != c.from {
			t.Errorf("%s: %+v", c.v.page, j)
		}
	}
}

// Where only the request lets the front end in, and the preflight does not, TRU-001 may
// hold: what the front end reads may need no preflight.
func TestAgreementOfAFrontEndWithoutPreflights(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	request, asked := v.read(privateRead), v.preflighted(privateRead)
	granted := reply(200, privateBody, allowOrigin(trustedOrigin), withCredentials)
	j := judgeAgreement(true, readBy(request, granted), refusedTo(asked, cors.PreflightMissingAllowOriginHeader, reply(204, "")), answeredTo(bare(v.target, privateRead), granted))
	if j.Verdict != Violates || j.FollowsFrom != "" {
		t.Errorf("%+v", j)
	}
}
