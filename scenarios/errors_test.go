package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeReadableError(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a := v.provoke(v.target.Errors[1])
	missing := reply(404, "no", allowOrigin(trustedOrigin), withCredentials)
	disguised := readBy(a, missing)
	disguised.Page.Status = 200
	rule(t, ofOne(func(o Observation) Judgement { return judgeReadableError(404, o) }), []ruling{
		{name: "read", obs: []Observation{readBy(a, missing)}, verdict: Conforms, reason: "read the 404 reply, 2 bytes"},
		{name: "hidden", obs: []Observation{blockedFrom(a, cors.MissingAllowOriginHeader, reply(404, "no"))}, verdict: Violates, severity: Low,
			reason: "Chrome hid the 404 reply from https://app.example.org (MissingAllowOriginHeader; the reply has no grant)"},
		{name: "not provoked", obs: []Observation{readBy(a, reply(200, ""))}, verdict: CannotTell, reason: "asked for 404, got 200"},
		{name: "another one hidden", obs: []Observation{blockedFrom(a, cors.MissingAllowOriginHeader, denied)}, verdict: CannotTell, reason: "got 401"},
		{name: "cookie at home", obs: []Observation{keeping("SameSiteLax", readBy(a, denied))}, verdict: CannotTell, reason: "(SameSiteLax)"},
		{name: "preflight refused", obs: []Observation{refusedTo(a, cors.PreflightInvalidStatus, denied)}, verdict: CannotTell, reason: "no error was provoked"},
		{name: "another status in the page", obs: []Observation{disguised}, verdict: CannotTell, reason: "saw 200"},
		{name: "fault", obs: []Observation{broken(a)}, verdict: CannotTell},
	})
}

func TestJudgeHiddenError(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	a := v.provoke(v.target.Errors[1])
	missing := reply(404, "no")
	blocked := func(r *cors.Response) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, r) }
	rule(t, ofOne(func(o Observation) Judgement { return judgeHiddenError(Cookie, 404, o) }), []ruling{
		{name: "hidden", obs: []Observation{blocked(missing)}, verdict: Conforms, reason: "the 404 reply (MissingAllowOriginHeader)"},
		{name: "preflight refused", obs: []Observation{refusedTo(a, cors.PreflightMissingAllowOriginHeader, missing)}, verdict: Conforms, reason: "nothing was sent"},
		{name: "cookie at home", obs: []Observation{keeping("SameSiteLax", blocked(denied))}, verdict: Conforms, reason: "asked for 404, got 401: the cookie stayed home"},
		{name: "origin refused", obs: []Observation{blocked(reply(403, ""))}, verdict: Conforms, reason: "got 403"},
		{name: "read", obs: []Observation{readBy(a, reply(404, "no", allowOrigin("*")))}, verdict: Violates, severity: Low, reason: `read the 404 reply (Allow-Origin "*")`},
		{name: "another one read", obs: []Observation{readBy(a, reply(401, "", allowOrigin("*")))}, verdict: Violates, severity: Low},
		{name: "a success read", obs: []Observation{readBy(a, private)}, verdict: CannotTell, reason: "no error"},
		{name: "not provoked", obs: []Observation{blocked(reply(200, ""))}, verdict: CannotTell, reason: "asked for 404, got 200"},
		{name: "credential not accepted", obs: []Observation{blocked(denied)}, verdict: CannotTell, reason: "got 401"},
		{name: "fault", obs: []Observation{broken(a)}, verdict: CannotTell},
	})
	if j := judgeHiddenError(Anonymous, 404, blocked(denied)); j.Verdict != Conforms {
		t.Errorf("an attacker without the token gets no further than the 401: %+v", j)
	}
}

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
	judge := ofThree(func(failed, read, byHand Observation) Judgement { return judgeModestError(404, failed, read, byHand) })
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
		{name: "all methods", obs: obs(failed(404, append(echoed, wide)...), private, private), verdict: Violates, severity: Low, reason: "Access-Control-Allow-Methods: *"},
		{name: "all headers", obs: obs(failed(404, cors.HeaderAllowHeaders+": X, *"), plain, plain), verdict: Violates, severity: Low},
		{name: "all methods, as a success", obs: obs(failed(404, append(echoed, wide)...), reply(200, "", append(echoed, wide)...), private), verdict: Conforms},
		{name: "no success", obs: obs(failed(404, echoed...), denied, denied), verdict: CannotTell, reason: "no success to compare it with: it was answered 401"},
		{name: "not provoked", obs: obs(failed(200), plain, plain), verdict: CannotTell, reason: "asked for 404, got 200"},
		{name: "fault", obs: obs(broken(a), plain, plain), verdict: CannotTell},
	})

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

func TestProvocationsOnlyReadUnlessDeclaredSafe(t *testing.T) {
	ps := provocations(rich(Cookie), anyError)
	names := map[string]bool{}
	for _, p := range ps {
		if !isSafe(p.Method) && !p.SafeToWrite {
			t.Errorf("%s would be withheld", p.name)
		}
		names[p.name] = true
	}
	for _, want := range []string{"GET /bad (400)", "GET /bad (400), 2", "GET /error (500)", "GET /error (500, unhandled)"} {
		if !names[want] {
			t.Errorf("no provocation is called %s: %v", want, names)
		}
	}
	cases, reason := planReadableErrors(Target{URL: "https://api.example.com", Trusted: rich().Trusted, Errors: []ErrorRecipe{{Status: 422, Method: "POST", Path: "/"}}})
	if len(cases) > 0 || reason != "All ways to provoke an error of the application are writes, which are withheld from the target unless they are declared safe." {
		t.Errorf("%d cases, %q", len(cases), reason)
	}
}
