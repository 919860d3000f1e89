package scenarios

import "testing"

func TestJudgeScripts(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	as := append(scriptAttempts(v, privateRead).all(), scriptAttempts(v, withCallback(privateRead)).all()...)
	json := reply(200, privateBody, "Content-Type: application/json", "X-Content-Type-Options: nosniff")
	script := reply(200, "crossexam("+privateBody+")", "Content-Type: text/javascript")
	unknown := reply(422, "", "Content-Type: application/json")
	fails := func(a Attempt) Observation {
		o := observe(a, sent(a, json))
		o.Page.Error = "the script did not load"
		o.Block.Network = "net::ERR_BLOCKED_BY_ORB"
		return o
	}
	failsOn := func(status int) func(Attempt) Observation {
		return func(a Attempt) Observation {
			o := fails(a)
			o.Exchanges = observe(a, sent(a, reply(status, ""))).Exchanges
			return o
		}
	}
	runs := func(a Attempt) Observation { return observe(a, sent(a, json)) }
	hands := func(a Attempt) Observation { return readBy(a, script) }
	late := func(a Attempt) Observation {
		o := fails(a)
		o.Page.Error = "timeout"
		return o
	}
	refused := func(a Attempt) Observation {
		o := failsOn(401)(a)
		o.Stake = Refusal
		return o
	}
	home := func(a Attempt) Observation { return keeping("SameSiteLax", failsOn(401)(a)) }
	made := func(plain, called func(Attempt) Observation) []Observation {
		return []Observation{
			plain(as[0]), answeredTo(as[1], denied), answeredTo(as[2], denied),
			called(as[3]), answeredTo(as[4], denied), answeredTo(as[5], denied),
		}
	}
	same := made(fails, hands)
	same[4], same[5] = answeredTo(as[4], script), answeredTo(as[5], script)
	judge := func(obs []Observation) Judgement {
		on := func(obs []Observation) evidence {
			return evidence{cred: Cookie, reach: High, read: obs[0], alone: obs[1], bare: obs[2]}
		}
		return judgeScripts(on(obs[:3]), on(obs[3:]))
	}
	rule(t, judge, []ruling{
		{name: "neither", obs: made(fails, fails), verdict: Conforms, reason: `the 200 "application/json" nosniff reply as a script ("net::ERR_BLOCKED_BY_ORB")`},
		{name: "no such parameter", obs: made(fails, failsOn(422)), verdict: Conforms},
		{name: "cookie at home", obs: made(home, home), verdict: Conforms, reason: "SameSite kept the cookie home"},
		{name: "runs", obs: made(runs, fails), verdict: Violates, severity: Low, level: Should, reason: "handed nothing over"},
		{name: "JSONP", obs: made(fails, hands), verdict: Violates, severity: High, level: "none", exfiltrated: true, proof: 3, reason: `"text/javascript" reply ran as a script in a page of https://evil.test, and 29 bytes`},
		{name: "JSONP for all", obs: same, verdict: Violates, severity: Low, level: Should, proof: 3, reason: "the same without the credential"},
		{name: "JSONP, nothing collected", obs: made(fails, func(a Attempt) Observation { return lootless(hands(a)) }), verdict: Violates, severity: Low, proof: 3},
		{name: "late", obs: made(late, fails), verdict: CannotTell, reason: "in time"},
		{name: "not sent", obs: made(func(a Attempt) Observation { return lacking(fails(a)) }, fails), verdict: CannotTell, reason: "not in play"},
		{name: "cookie expired", obs: made(failsOn(401), failsOn(401)), verdict: CannotTell, reason: "answered 401 as it does without"},
		{name: "refused as a request without an Origin", obs: made(refused, refused), verdict: Conforms, reason: "the target refused the script itself (401), while"},
		{name: "no answer", obs: made(localNetworkBlock, fails), verdict: CannotTell},
		{name: "fault", obs: made(broken, fails), verdict: CannotTell},
	})
	if j := judge([]Observation{
		fails(as[0]), answeredTo(as[1], denied), answeredTo(as[2], denied),
		failsOn(unknown.Status)(as[3]), answeredTo(as[4], unknown), answeredTo(as[5], unknown),
	}); j.Verdict != Conforms {
		t.Errorf("an API that knows no callback: %+v", j)
	}
}

func TestScriptAttemptsAskForACallback(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	for path, want := range map[string]string{
		"/a": "/a?callback=crossexam", "/a?b=c": "/a?b=c&callback=crossexam", "/a?cb=b": "/a?cb=crossexam",
		"/a?b=c&jsonpCallback=showMe&d": "/a?b=c&jsonpCallback=crossexam&d", "/a?callbackUrl=b": "/a?callbackUrl=b&callback=crossexam",
	} {
		script := scriptAttempts(v, withCallback(Endpoint{Method: "GET", Path: path, Private: true})).script
		if script.URL != v.target.At(want) || script.Vector != Script || script.Omit {
			t.Errorf("%s: %+v", path, script)
		}
	}
}

// What a page has without the front end's token opens nothing: then there is nothing for a
// script to run away with, and nothing to doubt.
func TestScriptsOfACookieThatOpensNothingAlone(t *testing.T) {
	target := oneEndpoint(Cookie)
	target.Premises = []Premise{{Endpoint: target.PrivateReads()[0].String(), Credential: Cookie, Finding: CredentialRefused}}
	if cases, why := planScripts(target); len(cases) > 0 || why != nothingOpens {
		t.Errorf("%d cases, %q", len(cases), why)
	}
	target.Premises[0].Finding = Private
	if cases, why := planScripts(target); len(cases) != 1 || why != "" {
		t.Errorf("%d cases, %q", len(cases), why)
	}
}
