package scenarios

import "github.com/crossexam/crossexam/cors"

// planCredentialTrap asks with each kind of credential in turn, in a browser and
// by hand, since SameSite may keep the cookie home that makes the difference.
func planCredentialTrap(t Target) ([]Case, string) {
	var cases []Case
	for _, e := range comparedRequests(t) {
		for _, c := range exposed(t) {
			v := attack(t, c)
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: trapAttempts(v, e),
				Judge: func(obs []Observation) Judgement {
					return judgeCredentialTrap(c, reach(t, v.page), obs)
				},
			})
		}
	}
	return planned(cases, noReads)
}

// comparedRequests are the reads, each with GET and with HEAD, and the writes that the
// operator lets through: a rule may know one method and not the other.
func comparedRequests(t Target) []Endpoint {
	var es []Endpoint
	for _, e := range t.Reads() {
		es = append(es, e, Endpoint{Method: "HEAD", Path: e.Path, Private: e.Private})
	}
	return append(es, t.SafeWrites()...)
}

// trapAttempts are the request without the credential, the one without an Origin,
// the one with the credential, and then probes with a cookie and with an
// Authorization header, the victim's own where the victim has one.
func trapAttempts(v visit, e Endpoint) []Attempt {
	asked := v.read(e)
	without := alone(asked)
	if !e.Safe() {
		// The browser may be refused at the preflight, so that there is no answer.
		asked = v.write(e)
		without = byHand(asked, Anonymous, originHeader(v.page))
	}
	cookie, authorization := v.withEach(asked)
	return []Attempt{without, bareOf(asked), asked, cookie, authorization}
}

// withEach is the request by hand with a cookie and with an Authorization header,
// the victim's or the front end's own where there is one.
func (v visit) withEach(a Attempt) (cookie, authorization Attempt) {
	origin := originHeader(v.page)
	cookie = byHand(a, Anonymous, origin, cors.Header{Name: "Cookie", Value: "crossexam=1"})
	authorization = byHand(a, Anonymous, origin, cors.Header{Name: "Authorization", Value: "Bearer crossexam"})
	switch v.cred {
	case Cookie:
		cookie = byHand(a, Cookie, origin)
	case Basic, Bearer:
		authorization = byHand(a, v.cred, origin)
	}
	return cookie, authorization
}

func judgeCredentialTrap(c Credential, reach Severity, obs []Observation) Judgement {
	without, bare, read := obs[0], obs[1], obs[2]
	origin := read.Attempt.Origin()
	if why := silence(obs[:1]); why != "" {
		return cannotTell("%s", why)
	}
	before := grantTo(origin, without.Response())
	// From the browser's own read on: it is the best proof.
	for i := 2; i < len(obs); i++ {
		r := answer(obs[i])
		if grantTo(origin, r) <= before {
			continue
		}
		return violates(evidence{c, reach, read, without, bare, obs[3]}.gravity(), "without a credential %s gets %s, and with %s it gets %s",
			origin, grantText(without.Response()), with(obs[i].Attempt), grantText(r)).by(i)
	}
	if why := silence(obs[2:]); why != "" {
		return cannotTell("%s", why)
	}
	return conforms("%s gets no more with a cookie or an Authorization header (%s) than without (%s)",
		origin, grantText(obs[3].Response()), grantText(without.Response()))
}

// with names the credential that made the difference.
func with(a Attempt) string {
	switch {
	case a.Identity != Anonymous:
		return "the victim's " + a.Identity.noun()
	case a.Headers.Has("Cookie"):
		return "any cookie"
	}
	return "any Authorization header"
}
