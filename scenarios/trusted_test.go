package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeTrustedRead(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a, without := v.read(privateRead), bare(v.target, privateRead)
	granted := func(status int) *cors.Response {
		return reply(status, privateBody, allowOrigin(trustedOrigin), withCredentials)
	}
	obs := func(read Observation, bare *cors.Response) []Observation {
		return []Observation{read, answeredTo(without, bare)}
	}
	judge := func(private bool, c Credential, obs []Observation) Judgement {
		return judgeTrustedRead(private, c, obs[0], obs[1])
	}
	rule(t, func(obs []Observation) Judgement { return judge(true, Cookie, obs) }, []ruling{
		{name: "read", obs: obs(readBy(a, granted(200)), denied), verdict: Conforms, reason: "https://app.example.org read the 200 reply, 18 bytes"},
		{name: "blocked", obs: obs(blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, privateBody)), denied),
			verdict: Violates, severity: Low, reason: "it blocked the 200 reply (MissingAllowOriginHeader; it has no grant)"},
		{name: "origin refused", obs: obs(blockedFrom(a, cors.MissingAllowOriginHeader, reply(403, "")), denied), verdict: Violates, severity: Low, reason: "403"},
		{name: "preflight refused", obs: obs(refusedTo(a, cors.PreflightMissingAllowOriginHeader, reply(400, "")), denied),
			verdict: Violates, severity: Low, reason: "the preflight's 400"},
		{name: "cookie at home, blocked", obs: obs(keeping("SameSiteLax", blockedFrom(a, cors.MissingAllowOriginHeader, denied)), denied),
			verdict: Violates, severity: Low, reason: "the cookie stays home (SameSiteLax): https://app.example.org cannot use it"},
		{name: "cookie at home, refused", obs: obs(keeping("SameSiteLax", readBy(a, granted(401))), denied),
			verdict: Violates, severity: Low, reason: "SameSite=None; Secure"},
		{name: "cookie at home, anonymous", obs: obs(keeping("SameSiteLax", readBy(a, granted(200))), reply(200, "hello")),
			verdict: Violates, severity: Low, reason: "reads what anyone without it gets (200)"},
		{name: "not accepted", obs: obs(readBy(a, granted(401)), denied), verdict: CannotTell, reason: "the victim's cookie was not accepted: the target answered 401"},
		{name: "not accepted, blocked", obs: obs(blockedFrom(a, cors.MissingAllowOriginHeader, denied), denied), verdict: CannotTell, reason: "was not accepted"},
		{name: "no such endpoint", obs: obs(readBy(a, granted(404)), reply(404, "")), verdict: CannotTell, reason: "answered 404"},
		{name: "another error", obs: obs(readBy(a, granted(500)), denied), verdict: CannotTell, reason: "an error (500)"},
		{name: "not in play", obs: obs(lacking(readBy(a, granted(200))), denied), verdict: CannotTell, reason: "not in play"},
		{name: "fault", obs: obs(broken(a), denied), verdict: CannotTell},
	})
	for name, j := range map[string]Judgement{
		"an open endpoint needs no cookie": judge(false, Cookie, obs(keeping("SameSiteLax", readBy(a, granted(200))), granted(200))),
		"another cookie stays home":        judge(true, Cookie, obs(parting(readBy(a, granted(200))), denied)),
		"a token is no ambient credential": judge(true, Bearer, obs(readBy(frontEnd(v.target, v.page, Bearer).read(privateRead), granted(200)), denied)),
		"no credential is needed":          judge(true, Network, obs(readBy(a, granted(200)), granted(200))),
	} {
		if j.Verdict != Conforms {
			t.Errorf("%s: %+v", name, j)
		}
	}
}

func TestJudgeTrustedWrite(t *testing.T) {
	v := frontEnd(rich(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a := v.write(replace)
	yes := reply(204, "", allowOrigin(trustedOrigin), withCredentials)
	one := func(o Observation) []Observation { return []Observation{o} }
	rule(t, ofOne(func(o Observation) Judgement { return judgeTrustedWrite(false, o) }), []ruling{
		{name: "withheld", obs: one(after(yes, withheldFrom(a))), verdict: Conforms, reason: "withheld from the target, so its answer was not judged"},
		{name: "answered", obs: one(after(yes, readBy(a, reply(422, "")))), verdict: Conforms, reason: "read the 422 reply"},
		{name: "preflight refused", obs: one(refusedTo(a, cors.MethodDisallowedByPreflightResponse, yes)), verdict: Violates, severity: Low,
			reason: "Chrome blocked PUT from https://app.example.org at the preflight's 204 (MethodDisallowedByPreflightResponse"},
		{name: "answer blocked", obs: one(after(yes, blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, "")))), verdict: Violates, severity: Low, reason: "the 200 reply"},
		{name: "no such method", obs: one(after(yes, readBy(a, reply(405, "")))), verdict: CannotTell, reason: "405"},
		{name: "no preflight", obs: one(withheldFrom(a)), verdict: CannotTell, reason: "without a preflight"},
		{name: "no answer", obs: one(localNetworkBlock(a)), verdict: CannotTell},
		{name: "fault", obs: one(faulty(after(yes, withheldFrom(a)))), verdict: CannotTell},
	})
}

func TestContentTypeOfOursIsNoViolation(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a := v.write(Endpoint{Method: "POST", Path: "/api/notebooks"})
	rule(t, ofOne(func(o Observation) Judgement { return judgeTrustedWrite(true, o) }), []ruling{
		{name: "refused without a word", obs: []Observation{refusedTo(a, cors.PreflightMissingAllowOriginHeader, reply(403, ""))}, verdict: CannotTell, reason: "declare the policy's headers"},
		{name: "the header", obs: []Observation{refusedTo(a, cors.HeaderDisallowedByPreflightResponse, reply(204, "", allowOrigin(trustedOrigin)))}, verdict: CannotTell},
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
