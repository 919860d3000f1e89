package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// sprung are the observations of a trap: without a credential, without an Origin,
// in the browser, with a cookie, with an Authorization header.
func sprung(v visit, read func(Attempt) Observation, alone, bare, cookie, authorization *cors.Response) []Observation {
	trap := trapAttempts(v, privateRead)
	return []Observation{
		answeredTo(trap.without, alone), answeredTo(trap.bare, bare), read(trap.asked),
		answeredTo(trap.cookie, cookie), answeredTo(trap.authorization, authorization),
	}
}

func TestJudgeCredentialTrap(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	plain, wildcard := reply(401, deniedBody), reply(401, deniedBody, allowOrigin("*"), withCredentials)
	blocked := func(a Attempt) Observation {
		return blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, privateBody))
	}
	reads := func(a Attempt) Observation { return readBy(a, private) }
	home := func(a Attempt) Observation {
		return keeping("SameSiteLax", blockedFrom(a, cors.WildcardOriginNotAllowed, wildcard))
	}
	broke := sprung(v, blocked, plain, plain, plain, plain)
	broke[4] = faulty(answeredTo(broke[4].Attempt, private))
	lost := sprung(v, blocked, plain, plain, plain, plain)
	lost[0] = broken(lost[0].Attempt)
	mirror := reply(200, privateBody, allowOrigin(evilOrigin))
	writes := attack(oneEndpoint(Cookie), Cookie)
	trap := trapAttempts(writes, Endpoint{Method: "POST", Path: privateRead.Path})
	refused := refusedTo(trap.asked, cors.PreflightMissingAllowOriginHeader, reply(400, ""))
	written := func(cookie *cors.Response) []Observation {
		return []Observation{
			answeredTo(trap.without, plain), answeredTo(trap.bare, plain), refused,
			answeredTo(trap.cookie, cookie), answeredTo(trap.authorization, plain),
		}
	}
	judge := func(c Credential, obs []Observation) Judgement {
		return judgeCredentialTrap(evidence{c, High, obs[2], obs[0], obs[1], obs[3]}, obs[4], obs[3])
	}
	rule(t, func(obs []Observation) Judgement { return judge(Cookie, obs) }, []ruling{
		{name: "never", obs: sprung(v, blocked, plain, plain, plain, plain), verdict: Conforms, reason: "no grant"},
		{name: "always", obs: sprung(v, reads, private, private, private, private), verdict: Conforms},
		{name: "wildcard turns into a plain echo", verdict: Conforms,
			obs: sprung(v, func(a Attempt) Observation { return blockedFrom(a, cors.InvalidAllowCredentials, mirror) },
				reply(200, privateBody, allowOrigin("*")), plain, mirror, mirror)},
		{name: "in the browser", obs: sprung(v, reads, wildcard, plain, private, wildcard),
			verdict: Violates, severity: High, proof: 2, reason: "with the victim's cookie it gets"},
		{name: "in the browser, nothing stolen", obs: sprung(v, reads, reply(200, privateBody), plain, private, plain),
			verdict: Violates, severity: Low, proof: 2},
		{name: "only SameSite", obs: sprung(v, home, wildcard, plain, private, wildcard),
			verdict: Violates, severity: Medium, proof: 3},
		{name: "with a header", obs: sprung(v, blocked, plain, plain, plain, reply(401, deniedBody, allowOrigin("*"))),
			verdict: Violates, severity: Low, proof: 4, reason: "any Authorization header"},
		{name: "a write that the preflight stops, never", obs: written(plain), verdict: Conforms},
		{name: "a write that the preflight stops, with a cookie", obs: written(private), verdict: Violates, severity: Low, proof: 3, reason: "the victim's cookie"},
		{name: "one broken", obs: broke, verdict: CannotTell},
		{name: "nothing to compare with", obs: lost, verdict: CannotTell},
	})
	basic := attack(oneEndpoint(Basic), Basic)
	obs := sprung(basic, blocked, plain, plain, private, plain)
	if j := judge(Basic, obs); j.Verdict != Violates || j.Severity != Low || j.Reason == "" || j.Proof != obs[3].Attempt.Key() {
		t.Errorf("any cookie: %+v", j)
	}
}

// A grant on HEAD that GET does not get is found by nobody else.
func TestGrantsOnHeadAlone(t *testing.T) {
	target := oneEndpoint(Cookie)
	cases, _ := planCredentialTrap(target)
	i := slices.IndexFunc(cases, func(c Case) bool { return strings.HasPrefix(c.Subject.Endpoint, "HEAD ") })
	for name, c := range map[string]struct {
		head, get *cors.Response
		want      Verdict
		level     Level
	}{
		"nowhere":                  {reply(200, ""), reply(200, privateBody), Conforms, ""},
		"both":                     {reply(200, "", echoed...), private, Conforms, ""},
		"on HEAD":                  {reply(200, "", echoed...), reply(200, privateBody), Violates, Must},
		"on the 405 to HEAD":       {reply(405, "", echoed...), reply(200, privateBody), Conforms, ""},
		"on HEAD, without a login": {reply(200, "", allowOrigin("*")), reply(200, privateBody), Violates, Should},
		"no GET":                   {reply(200, ""), nil, CannotTell, ""},
	} {
		var obs []Observation
		for _, a := range cases[i].Attempts {
			switch {
			case a.Method == "HEAD":
				obs = append(obs, answeredTo(a, c.head))
			case c.get == nil:
				obs = append(obs, broken(a))
			default:
				obs = append(obs, answeredTo(a, c.get))
			}
		}
		if j := cases[i].Judge(NewObservations(obs)); j.Verdict != c.want || j.Level != c.level {
			t.Errorf("%s: %+v", name, j)
		}
	}
}
