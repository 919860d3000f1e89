package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

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
		{name: "a slash more", obs: obs(refusal(308, "Location: "+privateRead.Path+"/"), denied), verdict: NotApplicable},
		{name: "another scheme", obs: obs(refusal(301, "Location: http://api.example.com"+privateRead.Path), denied), verdict: NotApplicable},
		{name: "403 for want of a login", obs: obs(refusal(403), forbidden), verdict: Violates, severity: Low, reason: "403 as any request"},
		{name: "403 for another reason", obs: obs(refusal(403), denied), verdict: NotApplicable, reason: "no login"},
		{name: "no grant", obs: obs(refusal(200), denied), verdict: Conforms, reason: "another matter"},
		{name: "500", obs: obs(refusal(500), denied), verdict: NotApplicable, reason: "no login"},
		{name: "400 with a grant", obs: obs(refusal(400, allowOrigin(trustedOrigin)), denied), verdict: Conforms, reason: "knows the origin"},
		{name: "none", obs: obs(readBy(asked, private), denied), verdict: CannotTell, reason: "was not seen"},
		{name: "fault", obs: obs(faulty(refusal(401)), denied), verdict: CannotTell},
	})
	if j := judge(false)(obs(refusal(400), denied)); j.Verdict != NotApplicable || j.Reason == "" {
		t.Errorf("a header that nobody declared: %+v", j)
	}
}

// Each has its own way to let preflights through.
func TestAdviceOnPreflightsThatNeedALogin(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	for want, r := range map[string]*cors.Response{
		"":                      denied,
		"--skip-auth-preflight": reply(302, "", "Location: https://login.example-idp.com/authorize"),
		"a filter in front":     reply(403, deniedBody),
	} {
		asked := refusedTo(v.preflighted(privateRead), cors.PreflightMissingAllowOriginHeader, r)
		j := judgePreflightWithoutLogin(true, asked, answeredTo(bare(v.target, privateRead), r))
		if j.Verdict != Violates || !strings.Contains(j.Fix, want) || (want == "") != (j.Fix == "") {
			t.Errorf("%d: %+v", r.Status, j)
		}
		for id, j := range map[string]Judgement{
			"TRU-002": judgeTrustedWrite(false, asked), "TRU-003": judgeTrustedHeader("Content-Type", asked), "TRU-005": judgeTrustedToken(Bearer, []string{"Authorization"}, asked, asked),
		} {
			if j.Verdict != Violates || (j.FollowsFrom == "PRE-007") != (r.Status != 403) {
				t.Errorf("%s on %d: %+v", id, r.Status, j)
			}
		}
		if again := judgePreflightReply(true, asked, readBy(v.read(privateRead), private)); r.Status != 403 && again.FollowsFrom != "PRE-007" {
			t.Errorf("PRE-008 on %d: %+v", r.Status, again)
		}
	}
}
