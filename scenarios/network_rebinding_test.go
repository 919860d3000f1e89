package scenarios

import (
	"slices"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeRebinding(t *testing.T) {
	cases, reason := planRebinding(atHome())
	as := attempts(t, cases, reason)
	if as[0].URL != "http://rebind.evil.test:5055/api/notebooks" || as[0].Page.String() != "http://rebind.evil.test:5055" {
		t.Errorf("%s is not of its page's own origin %s", as[0].URL, as[0].Page)
	}
	obs := func(foreign Observation, own, again *cors.Response) []Observation {
		return []Observation{foreign, answeredTo(as[1], own), blockedFrom(as[2], cors.MissingAllowOriginHeader, again)}
	}
	same := readBy(as[0], closed)
	welcome := readBy(as[0], reply(200, "Welcome to nginx!"))
	redirected := readBy(as[0], reply(200, "Welcome!"))
	redirected.Exchanges = slices.Insert(redirected.Exchanges, 0, sent(as[0], reply(301, "", "Location: /welcome")))
	dead := observe(as[0])
	dead.Block.Network = "net::ERR_EMPTY_RESPONSE"
	judged := func(w Witness) func(a, b, c Observation) Judgement {
		return func(a, b, c Observation) Judgement { return judgeRebinding(w, a, b, c) }
	}
	one, two, three := reply(200, `{"load": 1}`), reply(200, `{"load": 2}`), readBy(as[0], reply(200, `{"load": 3}`))
	rule(t, ofThree(judged(Witness{Status: 200, Parts: []string{`"load"`}})), []ruling{
		{name: "the same but for what changes", obs: obs(three, one, two), verdict: Violates, severity: Medium, exfiltrated: true, reason: "rebind.evil.test"},
		{name: "something else", obs: obs(welcome, one, two), verdict: Conforms, reason: "another reply"},
		{name: "no private reply any more", obs: obs(three, one, reply(200, "busy")), verdict: CannotTell, reason: "differ as well"},
	})
	rule(t, ofThree(judged(Witness{})), []ruling{
		{name: "the same", obs: obs(same, closed, closed), verdict: Violates, severity: Medium, exfiltrated: true, reason: "rebind.evil.test"},
		{name: "the same, nothing collected", obs: obs(lootless(same), closed, closed), verdict: Violates, severity: Medium},
		{name: "refused", obs: obs(readBy(as[0], reply(421, "Unknown host")), closed, closed), verdict: Conforms, reason: "421"},
		{name: "redirected", obs: obs(redirected, closed, closed), verdict: Conforms, reason: "301"},
		{name: "another site", obs: obs(welcome, closed, closed), verdict: Conforms, reason: "another reply"},
		{name: "different every time", obs: obs(welcome, closed, reply(200, "2")), verdict: CannotTell, reason: "differ as well"},
		{name: "second reply missing", obs: obs(welcome, closed, nil), verdict: CannotTell},
		{name: "asks for a login", obs: obs(readBy(as[0], denied), denied, denied), verdict: CannotTell, proof: 1, reason: "(401)"},
		{name: "empty", obs: obs(readBy(as[0], reply(204, "")), reply(204, ""), reply(204, "")), verdict: CannotTell, proof: 1},
		{name: "own reply missing", obs: obs(same, nil, closed), verdict: CannotTell},
		{name: "no reply", obs: obs(dead, closed, closed), verdict: CannotTell, reason: "ERR_EMPTY_RESPONSE"},
		{name: "own reply worthless", obs: []Observation{same, broken(as[1]), blockedFrom(as[2], cors.MissingAllowOriginHeader, closed)}, verdict: CannotTell, reason: "could not be opened"},
		{name: "page broken", obs: obs(broken(as[0]), closed, closed), verdict: CannotTell, reason: "could not be opened"},
	})
}
