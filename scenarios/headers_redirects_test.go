package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestToggledSlash(t *testing.T) {
	for path, want := range map[string]string{
		"/": "", "/a": "/a/", "/a/": "/a", "/a?b=/": "/a/?b=/", "/a/?b": "/a?b",
	} {
		if got := toggledSlash(path); got != want {
			t.Errorf("%s becomes %q", path, got)
		}
	}
}

func TestJudgeRedirect(t *testing.T) {
	target := oneEndpoint(Cookie)
	slashed := Endpoint{Method: "GET", Path: "/api/notebooks/"}
	ours := frontEnd(target, target.Trusted[0], Cookie)
	theirs := attack(target, Cookie)
	grant := []string{allowOrigin(trustedOrigin), withCredentials}
	data := reply(200, privateBody, grant...)
	moved := reply(307, "", append([]string{"Location: /api/notebooks"}, grant...)...)
	bareMove := reply(307, "", "Location: /api/notebooks")
	hop := func(r *cors.Response, o Observation) Observation {
		o.Exchanges = append([]cors.Exchange{sent(o.Attempt, r)}, o.Exchanges...)
		return o
	}
	plain := readBy(ours.read(privateRead), data)
	refused := blockedFrom(ours.read(privateRead), cors.MissingAllowOriginHeader, reply(200, ""))
	hidden := blockedFrom(theirs.read(privateRead), cors.MissingAllowOriginHeader, data)
	blocked := func(v visit, r *cors.Response) Observation {
		return blockedFrom(v.read(slashed), cors.MissingAllowOriginHeader, r)
	}
	stolen := reply(200, privateBody, echoed...)
	lost := observe(ours.read(slashed), sent(ours.read(slashed), moved))
	lost.Block.Network = "mixed-content"
	downgraded := observe(ours.read(slashed), sent(ours.read(slashed), reply(307, "", "Location: http://api.example.com/api/notebooks")))
	downgraded.Block.Network = "mixed-content"
	rule(t, ofTwo(func(redirected, plain Observation) Judgement { return judgeRedirect(false, redirected, plain) }), []ruling{
		{name: "followed", obs: []Observation{hop(moved, readBy(ours.read(slashed), data)), plain}, verdict: Conforms, reason: "2 hops"},
		{name: "first hop", obs: []Observation{blocked(ours, bareMove), plain}, verdict: Violates, severity: Low, reason: `redirect to "/api/notebooks": hop 1`},
		{name: "second hop", obs: []Observation{hop(moved, blocked(ours, reply(200, ""))), plain}, verdict: Violates, severity: Low, level: Should, reason: "hop 2"},
		{name: "no better without", obs: []Observation{blocked(ours, bareMove), refused}, verdict: NotApplicable, reason: "not what is wrong"},
		{name: "led astray", obs: []Observation{lost, plain}, verdict: NotApplicable, reason: "mixed-content"},
		{name: "to http", obs: []Observation{downgraded, plain}, verdict: Violates, severity: Low, level: Should, reason: "from https to http://"},
		{name: "the attacker is blocked", obs: []Observation{blocked(theirs, bareMove), hidden}, verdict: Conforms},
		{name: "the attacker reads", obs: []Observation{hop(moved, readBy(theirs.read(slashed), stolen)), hidden}, verdict: Violates, severity: Low, reason: "through the redirect"},
		{name: "the attacker reads anyway", obs: []Observation{hop(moved, readBy(theirs.read(slashed), stolen)), readBy(theirs.read(privateRead), stolen)}, verdict: NotApplicable, reason: "without a redirect too"},
		{name: "no redirect", obs: []Observation{readBy(ours.read(slashed), reply(404, "")), plain}, verdict: NotApplicable, reason: "404"},
		{name: "no answer", obs: []Observation{broken(ours.read(slashed)), plain}, verdict: CannotTell},
	})
	if j := judgeRedirect(true, downgraded, plain); j.Fix != fixForwardedProto || j.Level == Should {
		t.Errorf("declared, and to http: %+v", j)
	}
	if j := judgeRedirect(true, lost, plain); j.Verdict != CannotTell {
		t.Errorf("declared, and led astray: %+v", j)
	}
	if j := judgeRedirect(true, readBy(ours.read(slashed), reply(404, "")), plain); j.Verdict != CannotTell {
		t.Errorf("declared, and no redirect: %+v", j)
	}
	// A SameSite cookie leaves another site's page without the redirect of those who are logged in.
	held := func(v visit, status int) Observation {
		o := blockedFrom(v.read(slashed), cors.MissingAllowOriginHeader, reply(status, ""))
		o.Credential.Sent, o.Credential.HeldBack = false, []string{"session: SameSiteLax"}
		return o
	}
	for _, c := range []struct {
		o    Observation
		want Verdict
	}{{held(theirs, 401), NotApplicable}, {held(theirs, 200), CannotTell}, {held(ours, 401), CannotTell}} {
		if j := judgeRedirect(true, c.o, hidden); j.Verdict != c.want {
			t.Errorf("declared, answered %d, the cookie held back: %+v", c.o.Exchanges[0].Response.Status, j)
		}
	}
}
