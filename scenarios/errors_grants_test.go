package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeModestError(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	a := v.provoke(v.target.Errors[1])
	read, byHand := v.successes()
	obs := func(failed Observation, got, gotByHand *cors.Response) []Observation {
		return []Observation{failed, answeredTo(read, got), answeredTo(byHand, gotByHand)}
	}
	failed := func(status int, lines ...string) Observation {
		return blockedFrom(a, cors.MissingAllowOriginHeader, reply(status, "no", lines...))
	}
	plain := reply(200, privateBody)
	wide := cors.HeaderAllowMethods + ": *"
	judge := ofThree(func(failed, read, byHand Observation) Judgement {
		return judgeModestError(v.target.Errors[1], failed, read, byHand)
	})
	rule(t, judge, []ruling{
		{name: "nothing", obs: obs(failed(404), plain, plain), verdict: Conforms, reason: "grants nothing"},
		{name: "nothing, and no success", obs: obs(failed(401), denied, denied), verdict: Conforms},
		{name: "the same", obs: obs(failed(404, echoed...), private, private), verdict: Conforms, reason: "no more"},
		{name: "less", obs: obs(failed(404, allowOrigin("*")), private, private), verdict: Conforms},
		{name: "the same as by hand", obs: obs(failed(404, echoed...), denied, private), verdict: Conforms},
		{name: "preflight refused", obs: obs(refusedTo(a, cors.PreflightMissingAllowOriginHeader, denied), plain, plain), verdict: Conforms, reason: "no error was provoked"},
		{name: "the origin", obs: obs(failed(404, allowOrigin("*")), plain, plain), verdict: Violates, severity: Low, reason: `Allow-Origin "*", which a success has not (no grant)`},
		{name: "the credentials", obs: obs(failed(404, echoed...), reply(200, "", allowOrigin(evilOrigin)), plain), verdict: Violates, severity: Low},
		{name: "the credentials alone", obs: obs(failed(404, withCredentials), plain, plain), verdict: Violates, severity: Low, reason: "Access-Control-Allow-Credentials: true"},
		{name: "all methods", obs: obs(failed(404, append(echoed, wide)...), private, private), verdict: Violates, severity: Low, level: Info, reason: "Access-Control-Allow-Methods: *"},
		{name: "all headers", obs: obs(failed(404, cors.HeaderAllowHeaders+": X, *"), plain, plain), verdict: Violates, severity: Low, level: Info},
		{name: "all headers, and the origin", obs: obs(failed(404, append(echoed, wide)...), plain, plain), verdict: Violates, severity: Low, level: "none"},
		{name: "all methods, as a success", obs: obs(failed(404, append(echoed, wide)...), reply(200, "", append(echoed, wide)...), private), verdict: Conforms},
		{name: "no success", obs: obs(failed(404, echoed...), denied, denied), verdict: CannotTell, reason: "no success to compare it with: it was answered 401"},
		{name: "not provoked", obs: obs(failed(200), plain, plain), verdict: CannotTell, reason: "asked for 404, got 200"},
		{name: "fault", obs: obs(broken(a), plain, plain), verdict: CannotTell},
	})

	ours := frontEnd(v.target, cors.MustParseOrigin(trustedOrigin), Cookie)
	missing := readBy(ours.provoke(v.target.Errors[1]), reply(404, "no", allowOrigin(trustedOrigin), withCredentials))
	bald := blockedFrom(ours.read(privateRead), cors.MissingAllowOriginHeader, plain)
	if j := judge([]Observation{missing, bald, answeredTo(byHand, plain)}); j.Verdict != Conforms || !strings.Contains(j.Reason, "it is the success that has not") {
		t.Errorf("the success lost its headers: %+v", j)
	}

	front := frontEnd(v.target, cors.MustParseOrigin(trustedOrigin), Cookie).provoke(v.target.Errors[1])
	for name, failed := range map[string]Observation{
		"another error":       readBy(front, denied),
		"a refused preflight": refusedTo(front, cors.PreflightInvalidStatus, reply(400, "")),
	} {
		if j := judge(obs(failed, plain, plain)); j.Verdict != CannotTell {
			t.Errorf("the front end got %s: %+v", name, j)
		}
	}
}

// A reply that the browser does not take because it says everything twice means
// no less than one that says it once.
func TestModestyOfDoubledHeaders(t *testing.T) {
	origin := cors.MustParseOrigin(trustedOrigin)
	once := reply(413, "", allowOrigin(trustedOrigin), withCredentials)
	lower := reply(200, "", allowOrigin(trustedOrigin), withCredentials, strings.ToLower(cors.HeaderAllowOrigin)+": "+trustedOrigin)
	if extra := beyond(origin, once, lower); len(extra) > 0 {
		t.Errorf("the error is said to grant %v more than the same names in lower case", extra)
	}
	twice := reply(200, "", allowOrigin(trustedOrigin), withCredentials, allowOrigin(trustedOrigin), withCredentials)
	if extra := beyond(origin, once, twice); len(extra) > 0 {
		t.Errorf("the error is said to grant %v more", extra)
	}
	if extra := beyond(origin, once, reply(200, "")); len(extra) != 1 {
		t.Errorf("the error is said to grant %v more than nothing", extra)
	}
}
