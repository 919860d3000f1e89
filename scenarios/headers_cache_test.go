package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeVaryCredential(t *testing.T) {
	cases, _ := planVaryCredential(oneEndpoint(Cookie))
	as := cases[0].Attempts
	three := func(without, cookie, authorization *cors.Response) []Observation {
		return []Observation{answeredTo(as[0], without), answeredTo(as[1], cookie), answeredTo(as[2], authorization)}
	}
	wildcard := func(vary string) *cors.Response { return reply(200, "", allowOrigin("*"), vary) }
	echo := func(vary string) *cors.Response { return reply(200, "", allowOrigin(evilOrigin), vary) }
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "the same", obs: three(wildcard(varyOrigin), wildcard(varyOrigin), wildcard(varyOrigin)), verdict: Conforms, reason: "the same"},
		{name: "a 401 of another layer", obs: three(reply(401, ""), echo(varyOrigin), reply(401, "")), verdict: Conforms},
		{name: "named", obs: three(wildcard("Vary: Cookie"), echo("Vary: Origin, cookie"), wildcard("Vary: Cookie")), verdict: Conforms, reason: "depends on Cookie"},
		{name: "kept from shared caches", obs: three(wildcard("Cache-Control: private"), echo("Cache-Control: private"), wildcard("Cache-Control: private")), verdict: Conforms, reason: "or is kept from shared caches"},
		{name: "not named", obs: three(wildcard("Vary: Cookie"), echo(varyOrigin), wildcard("Vary: Cookie")), verdict: Violates, severity: Low, proof: 1, reason: "the victim's cookie"},
		{name: "not named without", obs: three(wildcard(varyOrigin), echo("Vary: Cookie"), wildcard(varyOrigin)), verdict: Violates, severity: Low, proof: 1},
		{name: "Authorization", obs: three(wildcard(varyOrigin), wildcard(varyOrigin), echo(varyOrigin)), verdict: Violates, severity: Low, proof: 2, reason: "any Authorization header"},
		{name: "no answer", obs: []Observation{answeredTo(as[0], wildcard("")), broken(as[1]), broken(as[2])}, verdict: CannotTell},
	})
}

func TestJudgeSharedCache(t *testing.T) {
	cases, _ := planSharedCache(oneEndpoint(Cookie))
	as := cases[0].Attempts
	if len(as) != 9 || as[3].Through == "" || as[3].Through != as[4].Through || as[4].Through == as[5].Through {
		t.Fatalf("the pairs do not have a cache each: %+v", as)
	}
	ours := reply(200, privateBody, allowOrigin(trustedOrigin), withCredentials)
	theirs := reply(200, privateBody)
	from := func(r *cors.Response, status string) *cors.Response {
		kept := *r
		kept.Headers = append(cors.Headers{{Name: CacheStatus, Value: status}}, r.Headers...)
		return &kept
	}
	through := func(second ...*cors.Response) []Observation {
		obs := []Observation{answeredTo(as[0], ours), answeredTo(as[1], theirs), answeredTo(as[2], theirs)}
		for i, r := range second {
			obs = append(obs, answeredTo(as[3+2*i], from(theirs, "MISS")), answeredTo(as[4+2*i], r))
		}
		return obs
	}
	miss, gone := from(ours, "MISS"), through(from(ours, "MISS"), from(theirs, "MISS"), from(ours, "MISS"))
	gone[8] = broken(as[8])
	expired := through(miss, miss, miss)
	expired[0] = answeredTo(as[0], reply(401, ""))
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "nothing stored", obs: through(miss, from(theirs, "MISS"), miss), verdict: Conforms, reason: "stored nothing"},
		{name: "the same for all", obs: through(from(ours, "HIT"), from(theirs, "HIT"), miss), verdict: Conforms, reason: "from its store"},
		{name: "locked out", obs: through(from(theirs, "HIT"), from(theirs, "MISS"), miss), verdict: Violates, severity: Low, proof: 4,
			reason: "after a request of https://evil.test a shared cache answers https://app.example.org from its store with no grant"},
		{name: "another's grant", obs: through(miss, from(ours, "HIT"), miss), verdict: Violates, severity: Low, proof: 6},
		{name: "let in", obs: through(miss, from(reply(200, "", allowOrigin("*")), "HIT"), miss), verdict: Violates, severity: Medium, proof: 6},
		{name: "poisoned without an Origin", obs: through(miss, from(theirs, "MISS"), from(theirs, "HIT")), verdict: Violates, severity: Low, proof: 8, reason: "no Origin"},
		{name: "no login", obs: expired, verdict: CannotTell, reason: "401"},
		{name: "no answer", obs: gone, verdict: CannotTell},
	})
}

func TestJudgePrivateReply(t *testing.T) {
	a := probe(oneEndpoint(Cookie), cors.Opaque, privateRead, Cookie)
	with := func(lines ...string) []Observation {
		return []Observation{answeredTo(a, reply(200, privateBody, lines...))}
	}
	rule(t, ofOne(func(o Observation) Judgement { return judgePrivateReply(Cookie, nil, o) }), []ruling{
		{name: "private", obs: with("Cache-Control: private, max-age=60"), verdict: Conforms, reason: `"private, max-age=60"`},
		{name: "no-store", obs: with("Cache-Control: No-Store"), verdict: Conforms},
		{name: "stale at once", obs: with("Cache-Control: max-age=0"), verdict: Conforms},
		{name: "told apart by cookie", obs: with("Cache-Control: public, max-age=60", "Vary: Cookie"), verdict: Conforms},
		{name: "public", obs: with("Cache-Control: public"), verdict: Violates, severity: Low, reason: "public allows it"},
		{name: "s-maxage", obs: with(`Cache-Control: s-maxage="60"`), verdict: Violates, severity: Low},
		{name: "max-age", obs: with("Cache-Control: max-age=60"), verdict: Violates, severity: Low},
		{name: "Expires", obs: with("Expires: Thu, 01 Jan 2099 00:00:00 GMT"), verdict: Violates, severity: Low},
		{name: "nothing said", obs: with(), verdict: Violates, severity: Low, reason: "no Cache-Control"},
		{name: "an error", obs: []Observation{answeredTo(a, reply(401, ""))}, verdict: CannotTell},
		{name: "no answer", obs: []Observation{broken(a)}, verdict: CannotTell},
	})
	for header, want := range map[string]bool{"": false, "max-age=60": false, "must-revalidate": true, "public": true} {
		r := reply(200, "", "Cache-Control: "+header)
		if got := publiclyStored(Bearer, []string{"Authorization"}, r) != ""; got != want {
			t.Errorf("with Authorization and %q it may be stored: %t", header, got)
		}
	}
	if why := publiclyStored(Network, nil, reply(200, "")); why != "" {
		t.Errorf("in a network of its own: %s", why)
	}
}
