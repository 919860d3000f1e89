package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeAttackerMethod(t *testing.T) {
	approved, refusal := reply(200, "", echoed...), reply(400, "")
	for _, tt := range []struct {
		cred     Credential
		severity Severity
		reason   string
	}{
		{Cookie, High, "the victim's cookie with it"},
		{Basic, High, "HTTP authentication"},
		{Network, High, "place in the network"},
		{Anonymous, Low, "no credential"},
	} {
		t.Run(tt.cred.noun(), func(t *testing.T) {
			a := attack(rich(tt.cred), tt.cred).write(replace)
			answered := readBy(a, reply(200, ""))
			rule(t, ofOne(func(o Observation) Judgement { return judgeAttackerMethod(tt.cred, High, o) }), []ruling{
				{name: "refused", obs: []Observation{refusedTo(a, cors.PreflightMissingAllowOriginHeader, refusal)}, verdict: Conforms,
					reason: "PUT from https://evil.test was refused (PreflightMissingAllowOriginHeader)"},
				{name: "method refused", obs: []Observation{refusedTo(a, cors.MethodDisallowedByPreflightResponse, approved)}, verdict: Conforms},
				{name: "withheld", obs: []Observation{after(approved, withheldFrom(a))}, verdict: Violates, severity: tt.severity, reason: tt.reason},
				{name: "answered", obs: []Observation{after(approved, answered)}, verdict: Violates, severity: tt.severity, reason: "the target answered 200"},
				{name: "blocked afterwards", obs: []Observation{after(approved, blockedFrom(a, cors.MissingAllowOriginHeader, refusal))},
					verdict: Violates, severity: tt.severity, reason: "was approved"},
				{name: "no answer", obs: []Observation{localNetworkBlock(a)}, verdict: CannotTell},
				{name: "fault", obs: []Observation{faulty(after(approved, withheldFrom(a)))}, verdict: CannotTell, reason: "evidence was lost"},
			})
		})
	}
}

func TestJudgeAttackerWrite(t *testing.T) {
	a := attack(rich(Cookie), Cookie).write(create)
	if len(a.Headers) != 1 || a.Body == "" {
		t.Fatalf("a POST without a JSON body needs no preflight: %+v", a)
	}
	approved := reply(200, "", echoed...)
	rule(t, ofOne(func(o Observation) Judgement { return judgeAttackerWrite(Cookie, High, o) }), []ruling{
		{name: "refused", obs: []Observation{refusedTo(a, cors.HeaderDisallowedByPreflightResponse, approved)}, verdict: Conforms},
		{name: "left", obs: []Observation{after(approved, withheldFrom(a))}, verdict: Violates, severity: High,
			reason: "POST from https://evil.test left the browser: it had the victim's cookie with it, and Crossexam withheld it"},
		{name: "left without the cookie", obs: []Observation{after(approved, keeping("SameSiteStrict", withheldFrom(a)))}, verdict: Violates, severity: Medium, reason: "only SameSite"},
		{name: "left with one cookie of two", obs: []Observation{after(approved, parting(withheldFrom(a)))}, verdict: Violates, severity: High},
		{name: "left, not in play", obs: []Observation{after(approved, lacking(withheldFrom(a)))}, verdict: Violates, severity: Low, reason: "not in play"},
		{name: "fault", obs: []Observation{broken(a)}, verdict: CannotTell},
	})
	if j := judgeAttackerWrite(Cookie, Medium, after(approved, withheldFrom(a))); j.Severity != Medium {
		t.Errorf("the reach of the page does not cap the severity: %+v", j)
	}
}

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
		{name: "a redirect of both", obs: obs("no", refusedTo(asked, cors.PreflightDisallowedRedirect, reply(302, ""))), verdict: CannotTell},
		{name: "only the request accepts", obs: obs("yes", refusal(400)), verdict: Violates, severity: Low, proof: 1, reason: "the preflight refuses"},
		{name: "the login refuses the preflight", obs: obs("yes", refusal(401)), verdict: CannotTell, reason: "met a login (401)"},
		{name: "the login refuses the request", obs: obs("401", refusedTo(asked, cors.HeaderDisallowedByPreflightResponse, yes)), verdict: CannotTell, reason: "without a login"},
		{name: "a redirect", obs: obs("yes", refusedTo(asked, cors.PreflightDisallowedRedirect, reply(302, ""))), verdict: CannotTell},
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
		{name: "a write without an answer", obs: []Observation{broken(hand), refusal(400), answeredTo(bareOf(asked), denied)}, verdict: CannotTell},
	})
	if j := judge(false)(obs("yes", refusal(400))); j.Verdict != CannotTell {
		t.Errorf("a header that nobody declared: %+v", j)
	}
}

func TestJudgePreflightWithoutLogin(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	asked, without := v.preflighted(privateRead), bare(v.target, privateRead)
	yes := reply(204, "", allowOrigin(trustedOrigin), withCredentials)
	obs := func(preflighted Observation, bare *cors.Response) []Observation {
		return []Observation{preflighted, answeredTo(without, bare)}
	}
	refusal := func(status int, lines ...string) Observation {
		return refusedTo(asked, cors.PreflightMissingAllowOriginHeader, reply(status, deniedBody, lines...))
	}
	forbidden := reply(403, deniedBody)
	judge := func(declared bool) func([]Observation) Judgement {
		return ofTwo(func(asked, bare Observation) Judgement { return judgePreflightWithoutLogin(declared, asked, bare) })
	}
	rule(t, judge(true), []ruling{
		{name: "granted", obs: obs(after(yes, readBy(asked, private)), denied), verdict: Conforms, reason: "answered 204"},
		{name: "granted, the method not", obs: obs(refusedTo(asked, cors.MethodDisallowedByPreflightResponse, yes), denied), verdict: Conforms},
		{name: "401", obs: obs(refusal(401), denied), verdict: Violates, severity: Low, reason: "answered 401"},
		{name: "407", obs: obs(refusal(407), denied), verdict: Violates, severity: Low},
		{name: "login page", obs: obs(refusal(302, "Location: /login"), denied), verdict: Violates, severity: Low, reason: `redirect to "/login"`},
		{name: "403 for want of a login", obs: obs(refusal(403), forbidden), verdict: Violates, severity: Low, reason: "403 as any request"},
		{name: "403 for another reason", obs: obs(refusal(403), denied), verdict: CannotTell},
		{name: "no grant", obs: obs(refusal(200), denied), verdict: CannotTell, reason: "not accepted"},
		{name: "500", obs: obs(refusal(500), denied), verdict: CannotTell, reason: "does not say"},
		{name: "400 with a grant", obs: obs(refusal(400, allowOrigin(trustedOrigin)), denied), verdict: CannotTell, reason: "does not say"},
		{name: "none", obs: obs(readBy(asked, private), denied), verdict: CannotTell, reason: "was not seen"},
		{name: "fault", obs: obs(faulty(refusal(401)), denied), verdict: CannotTell},
	})
	if j := judge(false)(obs(refusal(400), denied)); j.Verdict != CannotTell || j.Reason == "" {
		t.Errorf("a header that nobody declared: %+v", j)
	}
}
