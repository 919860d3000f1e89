package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgePreflightReply(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	data := reply(200, privateBody, allowOrigin(trustedOrigin), withCredentials)
	plain := readBy(v.read(privateRead), data)
	asked := func(r *cors.Response) Observation {
		o := after(r, readBy(v.preflighted(privateRead), data))
		o.Cookies = []CookieAttributes{{Name: "session"}, {Name: "AWSALB"}}
		return o
	}
	refuse := refusedTo(v.preflighted(privateRead), cors.PreflightMissingAllowOriginHeader, reply(400, ""))
	refuseWith := func(status int) Observation {
		return refusedTo(v.preflighted(privateRead), cors.PreflightMissingAllowOriginHeader, reply(status, ""))
	}
	// A bot filter that answers everything by now: the run saw the victim's read change too.
	page := reply(200, "<title>Are you human?</title>")
	filtered := readBy(v.read(privateRead), page)
	filtered.Fault = "GET " + privateRead.Path + " now answers the victim 200 with something else"
	lost := after(reply(200, "OK"), broken(v.preflighted(privateRead)))
	lost.Fault = ""
	declared := true
	rule(t, ofTwo(func(asked, plain Observation) Judgement { return judgePreflightReply(declared, asked, plain) }), []ruling{
		{name: "empty", obs: []Observation{asked(reply(204, "")), plain}, verdict: Conforms, reason: "204 with 0 bytes"},
		{name: "a body of its own", obs: []Observation{asked(reply(200, "OK")), plain}, verdict: Conforms},
		{name: "the handler's body", obs: []Observation{asked(reply(200, privateBody)), plain}, verdict: Violates, severity: Low, reason: "handler ran"},
		{name: "a session", obs: []Observation{asked(reply(200, "", "Set-Cookie: session=2; Path=/")), plain}, verdict: Violates, severity: Low, level: Should, reason: `"session"`},
		{name: "a session, by the handler", obs: []Observation{asked(reply(200, privateBody, "Set-Cookie: session=2; Path=/")), plain}, verdict: Violates, severity: Low, level: "none", reason: "handler ran"},
		{name: "a load balancer's cookie", obs: []Observation{asked(reply(200, "", "Set-Cookie: lb=2; Path=/")), plain}, verdict: Conforms},
		{name: "a load balancer's cookie, given", obs: []Observation{asked(reply(200, "", "Set-Cookie: AWSALB=2; Path=/")), plain}, verdict: Conforms},
		{name: "a redirect", obs: []Observation{asked(reply(307, "", "Location: /x")), plain}, verdict: Violates, severity: Low, reason: `307 with a redirect to "/x"`},
		{name: "refused", obs: []Observation{refuse, plain}, verdict: NotApplicable, reason: "400"},
		{name: "no such method", obs: []Observation{refuseWith(405), plain}, verdict: Violates, severity: Low, level: "none", reason: "405"},
		{name: "a page to everything", obs: []Observation{refusedTo(v.preflighted(privateRead), cors.PreflightMissingAllowOriginHeader, page), filtered}, verdict: CannotTell, reason: "no reply of the endpoint"},
		{name: "nothing to compare with", obs: []Observation{lost, broken(v.read(privateRead))}, verdict: CannotTell},
		{name: "no answer", obs: []Observation{broken(v.preflighted(privateRead)), plain}, verdict: CannotTell},
	})
	if j := judgePreflightReply(false, refuseWith(405), plain); j.Verdict != Violates || j.Level != Should {
		t.Errorf("nobody declared that preflights are needed: %+v", j)
	}
	if j := judgePreflightReply(true, refuseWith(405), blockedFrom(v.read(privateRead), cors.MissingAllowOriginHeader, reply(200, ""))); j.Verdict != Violates || j.FollowsFrom != "TRU-001" {
		t.Errorf("nothing of it knows the origin: %+v", j)
	}
	downgraded := refusedTo(v.preflighted(privateRead), cors.PreflightDisallowedRedirect, reply(301, "", "Location: http://api.example.com"+privateRead.Path))
	if j := judgePreflightReply(true, downgraded, plain); j.Verdict != Violates || j.Fix != fixForwardedProto {
		t.Errorf("a redirect to http: %+v", j)
	}
}

func TestJudgeMaxAge(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	with := func(lines ...string) []Observation {
		return []Observation{refusedTo(v.preflighted(privateRead), cors.PreflightMissingAllowOriginHeader, reply(204, "", lines...))}
	}
	const age = cors.HeaderMaxAge + ": "
	rule(t, ofOne(judgeMaxAge), []ruling{
		{name: "absent", obs: with(), verdict: Conforms},
		{name: "ten minutes", obs: with(age + "600"), verdict: Conforms},
		{name: "a day", obs: with(age + "86400"), verdict: Conforms},
		{name: "more", obs: with(age + "86401"), verdict: Violates, severity: Low},
		{name: "no number", obs: with(age + "1 day"), verdict: Violates, severity: Low, reason: `"1 day"`},
		{name: "two lines", obs: with(age+"600", age+"600"), verdict: Violates, severity: Low},
		{name: "no answer", obs: []Observation{broken(v.preflighted(privateRead))}, verdict: CannotTell},
	})
}

func TestJudgeUnknownRoute(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	unknown := v.preflighted(Endpoint{Method: "GET", Path: v.target.UnknownPath()})
	known := refusedTo(v.preflighted(privateRead), cors.PreflightMissingAllowOriginHeader, reply(400, ""))
	refuse := func(lines ...string) Observation {
		return refusedTo(unknown, cors.PreflightMissingAllowOriginHeader, reply(404, "", lines...))
	}
	rule(t, ofTwo(judgeUnknownRoute), []ruling{
		{name: "both refused", obs: []Observation{refuse(), known}, verdict: Conforms},
		{name: "a grant", obs: []Observation{refuse(echoed...), known}, verdict: Violates, severity: Low, reason: "does not exist"},
		{name: "a wildcard list", obs: []Observation{refuse(allowHeaders + "*"), known}, verdict: Violates, severity: Low, reason: "Allow-Headers: *"},
		{name: "no answer", obs: []Observation{refuse(), broken(v.preflighted(privateRead))}, verdict: CannotTell},
	})
}
