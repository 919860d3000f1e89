package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeTrustedHeaders(t *testing.T) {
	cases, _ := planTrustedHeaders(rich(Cookie))
	as := cases[0].Attempts
	granted := reply(204, "", allowOrigin(trustedOrigin), withCredentials, allowHeaders+"Authorization, Content-Type")
	passed := func(a Attempt) Observation { return after(granted, readBy(a, reply(200, privateBody))) }
	dropped := passed(as[1])
	dropped.Exchanges[1].Request.Headers = nil
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "both pass", obs: []Observation{passed(as[0]), passed(as[1])}, verdict: Conforms, reason: "Authorization, Content-Type"},
		{name: "passed, and the answer is blocked", obs: []Observation{after(granted, blockedFrom(as[0], cors.MissingAllowOriginHeader, reply(401, ""))), passed(as[1])}, verdict: Conforms},
		{name: "one refused", obs: []Observation{refusedTo(as[0], cors.HeaderDisallowedByPreflightResponse, reply(204, "", allowHeaders+"Content-Type")), passed(as[1])},
			verdict: Violates, severity: Low, reason: `sending Authorization: it took the preflight's 204 for a refusal (HeaderDisallowedByPreflightResponse; Access-Control-Allow-Headers: "Content-Type")`},
		{name: "the browser's own", obs: []Observation{passed(as[0]), dropped}, verdict: CannotTell, proof: 1, reason: "no page set"},
		{name: "no answer", obs: []Observation{passed(as[0]), broken(as[1])}, verdict: CannotTell, proof: 1},
	})
}

func TestJudgeExposedHeaders(t *testing.T) {
	v := frontEnd(rich(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	names := []string{"X-Total-Count"}
	const count = "X-Total-Count: 2"
	shows := func(visible bool, lines ...string) Observation {
		o := readBy(v.read(privateRead), reply(200, privateBody, lines...))
		if visible {
			o.Page.Headers = cors.Headers{{Name: "x-total-count", Value: "2"}}
		}
		return o
	}
	rule(t, func(obs []Observation) Judgement { return judgeExposedHeaders(v.page, names, obs) }, []ruling{
		{name: "seen", obs: []Observation{shows(true, count)}, verdict: Conforms},
		{name: "seen on one of two", obs: []Observation{shows(false), shows(true, count)}, verdict: Conforms},
		{name: "listed only", obs: []Observation{shows(false, cors.HeaderExposeHeaders+": x-total-count")}, verdict: Conforms},
		{name: "hidden", obs: []Observation{shows(true, count), shows(false, count)}, verdict: Violates, severity: Low, proof: 1, reason: "does not see it (no Access-Control-Expose-Headers)"},
		{name: "never sent", obs: []Observation{shows(false)}, verdict: CannotTell},
		{name: "blocked", obs: []Observation{blockedFrom(v.read(privateRead), cors.MissingAllowOriginHeader, reply(200, "", count))}, verdict: CannotTell},
		{name: "no answer", obs: []Observation{broken(v.read(privateRead))}, verdict: CannotTell},
	})
}

func TestJudgeTrustedToken(t *testing.T) {
	cases, _ := planTrustedToken(oneEndpoint(Bearer))
	as := cases[0].Attempts
	granted := reply(204, "", allowOrigin(trustedOrigin), allowHeaders+"Authorization")
	bare := answeredTo(as[1], reply(401, deniedBody))
	token := func(o Observation) Observation {
		for i := range o.Exchanges {
			if !o.Exchanges[i].Request.IsPreflight() {
				o.Exchanges[i].Request.Headers = append(o.Exchanges[i].Request.Headers, cors.Header{Name: "Authorization", Value: "Bearer x"})
			}
		}
		return after(granted, o)
	}
	data := reply(200, privateBody, allowOrigin(trustedOrigin))
	judge := func(read, bare Observation) Judgement {
		return judgeTrustedToken(Bearer, []string{"Authorization"}, read, bare)
	}
	rule(t, ofTwo(judge), []ruling{
		{name: "through", obs: []Observation{token(readBy(as[0], data)), bare}, verdict: Conforms, reason: "read the 200 reply"},
		{name: "preflight refused", obs: []Observation{refusedTo(as[0], cors.PreflightMissingAllowOriginHeader, reply(401, "")), bare}, verdict: Violates, severity: Low, reason: "answered 401"},
		{name: "header refused", obs: []Observation{refusedTo(as[0], cors.HeaderDisallowedByPreflightResponse, granted), bare}, verdict: Violates, severity: Low},
		{name: "reply blocked", obs: []Observation{token(blockedFrom(as[0], cors.MissingAllowOriginHeader, reply(200, ""))), bare}, verdict: Violates, severity: Low, reason: "blocked the 200 reply"},
		{name: "no preflight", obs: []Observation{readBy(as[0], data), bare}, verdict: CannotTell},
		{name: "no token", obs: []Observation{after(granted, readBy(as[0], data)), bare}, verdict: CannotTell, reason: "without its token"},
		{name: "expired", obs: []Observation{token(readBy(as[0], reply(401, deniedBody))), bare}, verdict: CannotTell, reason: "not accepted"},
		{name: "broken", obs: []Observation{token(readBy(as[0], reply(500, ""))), bare}, verdict: CannotTell, reason: "error (500)"},
		{name: "no answer", obs: []Observation{broken(as[0]), bare}, verdict: CannotTell},
	})
}
