package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeBodies(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	tried := bodyAttempts(v, create)
	as := tried.all()
	blocks := func(status int) func(Attempt) Observation {
		return func(a Attempt) Observation {
			return blockedFrom(a, cors.MissingAllowOriginHeader, reply(status, ""))
		}
	}
	made := func(plain, form, none, front func(Attempt) Observation) []Observation {
		return []Observation{plain(as[0]), form(as[1]), none(as[2]), front(as[3])}
	}
	all := func(f, front func(Attempt) Observation) []Observation { return made(f, f, f, front) }
	front := func(a Attempt) Observation {
		return after(reply(200, ""), readBy(a, reply(201, "", allowOrigin(trustedOrigin), withCredentials)))
	}
	home := func(f func(Attempt) Observation) func(Attempt) Observation {
		return func(a Attempt) Observation { return keeping("SameSiteLax", f(a)) }
	}
	redirected := func(a Attempt) Observation {
		o := blocks(302)(a)
		elsewhere := a
		elsewhere.Method, elsewhere.URL = "GET", a.URL+"/login"
		o.Exchanges = append(o.Exchanges, sent(elsewhere, reply(200, "")))
		return o
	}
	judge := func(obs []Observation) Judgement {
		all := tried
		if len(obs) == len(simpleTypes) {
			all.good = nil
		}
		return judgeBodies(Cookie, High, all, NewObservations(obs))
	}
	rule(t, judge, []ruling{
		{name: "refused", obs: all(blocks(422), front), verdict: Conforms, reason: "sent as text/plain (422), and took it as JSON from the front end (201)"},
		{name: "refused by type", obs: all(blocks(415), broken), verdict: Conforms, reason: "415"},
		{name: "refused, cookie at home", obs: all(home(blocks(401)), front), verdict: Conforms, reason: "SameSite kept the cookie home"},
		{name: "refused, not sent", obs: all(func(a Attempt) Observation { return lacking(blocks(401)(a)) }, front), verdict: CannotTell, reason: "not in play"},
		{name: "refused, front end too", obs: all(blocks(422), blocks(422)), verdict: CannotTell, reason: "nothing shows"},
		{name: "refused, nobody trusted", obs: all(blocks(422), front)[:3], verdict: CannotTell, reason: "nothing shows"},
		{name: "an error", obs: all(blocks(500), front), verdict: CannotTell, reason: "answered 500"},
		{name: "redirected", obs: all(redirected, front), verdict: CannotTell, reason: "answered 302"},
		{name: "withheld", obs: all(withheldFrom, front), verdict: CannotTell, reason: "withheld"},
		{name: "no answer", obs: all(localNetworkBlock, front), verdict: CannotTell},
		{name: "fault", obs: all(broken, front), verdict: CannotTell},
		{name: "taken as a form", obs: made(blocks(422), blocks(201), blocks(422), front), verdict: Violates, severity: High, proof: 1, reason: "sent as a form"},
		{name: "taken without a type", obs: made(blocks(422), blocks(422), blocks(200), front), verdict: Violates, severity: High, proof: 2, reason: "sent without a type"},
		{name: "taken without the cookie", obs: all(home(blocks(201)), front), verdict: Violates, severity: Medium, reason: "only SameSite"},
	})
}

func TestBodiesThatNeedNoPreflight(t *testing.T) {
	target := rich(Cookie)
	cases, reason := planBodyTypes(target)
	if len(cases) != 1 || reason != "" || cases[0].Subject.Endpoint != "POST /api/notebooks" {
		t.Fatalf("%v, %q", cases, reason)
	}
	for i, a := range cases[0].Attempts[:3] {
		if cors.NeedsPreflight(a.Method, a.Headers) || a.Body != create.Body || a.Trusted {
			t.Errorf("attempt %d: %+v", i, a)
		}
	}
	// The control is the same attempt as TRU-002's.
	var same bool
	trusted, _ := planTrustedWrites(target)
	for _, c := range trusted {
		same = same || c.Attempts[0].Key() == cases[0].Attempts[3].Key()
	}
	if !same {
		t.Error("the front end's write is an attempt of its own")
	}
	for i := range target.Endpoints {
		target.Endpoints[i].SafeToWrite = false
	}
	if cases, reason := planBodyTypes(target); len(cases) > 0 || reason == "" {
		t.Errorf("%d cases of writes that nobody allowed", len(cases))
	}
}
