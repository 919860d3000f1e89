package scenarios

import (
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeReadableError(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a := v.provoke(v.target.Errors[1])
	missing := reply(404, "no", allowOrigin(trustedOrigin), withCredentials)
	disguised := readBy(a, missing)
	disguised.Page.Status = 200
	read := readBy(v.read(privateRead), private)
	recipe := v.target.Errors[1]
	rule(t, ofOne(func(o Observation) Judgement { return judgeReadableError(recipe, o, read) }), []ruling{
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

// An error that has the very headers of a success is hidden by the rule that hides the
// success.
func TestHiddenErrorsThatFollow(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	recipe := v.target.Errors[1]
	star := allowOrigin("*")
	missing := blockedFrom(v.provoke(recipe), cors.WildcardOriginNotAllowed, reply(404, "no", star))
	for name, c := range map[string]struct {
		read    Observation
		follows string
	}{
		"the same headers": {blockedFrom(v.read(privateRead), cors.WildcardOriginNotAllowed, reply(200, privateBody, star)), "TRU-001"},
		"other headers":    {blockedFrom(v.read(privateRead), cors.MissingAllowOriginHeader, reply(200, privateBody)), ""},
		"a success":        {readBy(v.read(privateRead), private), ""},
	} {
		j := judgeReadableError(recipe, missing, c.read)
		if j.Verdict != Violates || j.FollowsFrom != c.follows || (j.Fix != "") != (c.follows != "") {
			t.Errorf("%s: %+v", name, j)
		}
	}
	unsent := refusedTo(v.provoke(recipe), cors.PreflightMissingAllowOriginHeader, denied)
	if j := judgeReadableError(recipe, unsent, refusedTo(v.read(privateRead), cors.PreflightMissingAllowOriginHeader, denied)); j.Verdict != NotApplicable {
		t.Errorf("nothing of the front end's is sent: %+v", j)
	}
}

// An error of a path that nothing knows is asked for by no front end: where that of a known
// path can be read, nobody is harmed.
func TestHiddenErrorOfAnUnknownPath(t *testing.T) {
	target := oneEndpoint(Cookie)
	unauthorized := ErrorRecipe{Status: 401, Method: "GET", Path: privateRead.Path, Anonymous: true, Guessed: true}
	unknown := ErrorRecipe{Status: 404, Method: "GET", Path: target.UnknownPath(), Guessed: true}
	declared := unknown
	declared.Guessed = false
	front := cors.MustParseOrigin(trustedOrigin)
	v := frontEnd(target, front, Cookie)
	readable := readBy(v.provoke(unauthorized), reply(401, "no", allowOrigin(trustedOrigin), withCredentials))
	hidden := blockedFrom(v.provoke(unauthorized), cors.MissingAllowOriginHeader, reply(401, "no"))
	for name, c := range map[string]struct {
		errors []ErrorRecipe
		known  Observation
		level  Level
	}{
		"another can be read":  {[]ErrorRecipe{unknown, unauthorized}, readable, Should},
		"another cannot":       {[]ErrorRecipe{unknown, unauthorized}, hidden, ""},
		"there is no other":    {[]ErrorRecipe{unknown}, readable, ""},
		"the front end has it": {[]ErrorRecipe{declared, unauthorized}, readable, ""},
	} {
		target.Errors, target.Trusted = c.errors, []cors.Origin{front}
		cases, _ := planReadableErrors(target)
		obs := []Observation{blockedFrom(v.provoke(c.errors[0]), cors.MissingAllowOriginHeader, reply(404, "no")), readBy(v.read(privateRead), private)}
		if len(cases[0].Attempts) > len(obs) {
			obs = append(obs, c.known)
		}
		if j := cases[0].Judge(NewObservations(obs)); j.Verdict != Violates || j.Level != c.level || strings.Contains(j.Reason, "the 401 of /") != (c.level == Should) {
			t.Errorf("%s: %+v", name, j)
		}
	}
}

func TestJudgeHiddenError(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	a := v.provoke(v.target.Errors[1])
	missing := reply(404, "no")
	blocked := func(r *cors.Response) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, r) }
	rule(t, ofOne(func(o Observation) Judgement { return judgeHiddenError(Cookie, v.target.Errors[1], o) }), []ruling{
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
	if j := judgeHiddenError(Anonymous, v.target.Errors[1], blocked(denied)); j.Verdict != Conforms {
		t.Errorf("an attacker without the token gets no further than the 401: %+v", j)
	}
}

func TestJudgeOneLayer(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	good := reply(200, "", allowOrigin(trustedOrigin), withCredentials)
	twice := reply(413, "", allowOrigin(trustedOrigin), allowOrigin(trustedOrigin))
	rule(t, byKey(judgeOneLayer), []ruling{
		{name: "once", obs: answers(v, good, good), verdict: Conforms},
		{name: "twice", obs: answers(v, good, twice), verdict: Violates, severity: Low, proof: 1, reason: "2 lines of Access-Control-Allow-Origin"},
		{name: "credentials twice", obs: answers(v, reply(200, "", withCredentials, withCredentials), good), verdict: Violates, severity: Low, reason: "true | true", level: "none"},
		{name: "lists twice", obs: answers(v, good, reply(204, "", "Access-Control-Allow-Headers: x-a", "Access-Control-Allow-Headers: x-b")), verdict: Violates, severity: Low, level: Should, proof: 1},
		{name: "lists, then origins", obs: answers(v, reply(200, "", "Access-Control-Allow-Headers: x-a", "Access-Control-Allow-Headers: x-b"), twice), verdict: Violates, severity: Low, level: "none", proof: 1},
		{name: "an origin a line", obs: answers(v, good, reply(200, "", allowOrigin(trustedOrigin), allowOrigin("https://admin.example.com"))), verdict: Violates, severity: Low, proof: 1, level: "none", reason: "2 lines of Access-Control-Allow-Origin, an origin each"},
		{name: "no answer", obs: []Observation{broken(v.read(privateRead))}, verdict: CannotTell},
	})
	for want, lines := range map[string][]string{
		listInLines: {trustedOrigin, "https://admin.example.com"},
		"":          {trustedOrigin, trustedOrigin},
	} {
		for _, more := range []string{"", "*", "null", "app.example.com"} {
			headers := []string{allowOrigin(lines[0]), allowOrigin(lines[1])}
			if more != "" {
				headers, want = append(headers, allowOrigin(more)), ""
			}
			if j := byKey(judgeOneLayer)(answers(v, good, reply(200, "", headers...))); j.Verdict != Violates || j.Fix != want {
				t.Errorf("%q: %+v", headers, j)
			}
		}
	}
}
