package scenarios

import "github.com/crossexam/crossexam/cors"

// planCredentialTrap asks with each kind of credential in turn, in a browser and
// by hand, since SameSite may keep the cookie home that makes the difference.
func planCredentialTrap(t Target) ([]Case, string) {
	var cases []Case
	for _, e := range comparedRequests(t) {
		for _, c := range exposed(t) {
			v := attack(t, c)
			trap := trapAttempts(v, e)
			var get []Attempt
			if e.Method == "HEAD" {
				of := trapAttempts(v, Endpoint{Method: "GET", Path: e.Path, Private: e.Private})
				get = []Attempt{of.without, of.asked, of.cookie}
			}
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: append(trap.all(), get...),
				Judge: func(obs Observations) Judgement {
					ev := evidence{c, reach(t, v.page), obs.Of(trap.asked), obs.Of(trap.without), obs.Of(trap.bare), obs.Of(trap.cookie)}
					j := judgeCredentialTrap(ev, obs.Of(trap.authorization), obs.Of(trap.beside))
					if j.Verdict == Conforms && len(get) > 0 {
						return judgeHead(ev, obs.each(get), j)
					}
					return j
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
		es = append(es, e)
		if e.Method == "GET" {
			es = append(es, Endpoint{Method: "HEAD", Path: e.Path, Private: e.Private, Headers: e.Headers})
		}
	}
	return append(es, t.SafeWrites()...)
}

// A credentialTrap is the request without the credential, the one without an Origin,
// the one with the credential, and then probes with a cookie and with an
// Authorization header, the victim's own where the victim has one, and with a cookie
// beside another credential, which is the one with a cookie where there is no other.
type credentialTrap struct{ without, bare, asked, cookie, authorization, beside Attempt }

func (trap credentialTrap) all() []Attempt {
	attempts := []Attempt{trap.without, trap.bare, trap.asked, trap.cookie, trap.authorization}
	if trap.beside.Key() != trap.cookie.Key() {
		attempts = append(attempts, trap.beside)
	}
	return attempts
}

func trapAttempts(v visit, e Endpoint) credentialTrap {
	asked := v.read(e)
	without := alone(asked)
	if e.Writes() {
		asked = v.write(e)
	}
	if e.Writes() || v.asks(e) {
		// The browser may be refused at the preflight, so that there is no answer.
		without = byHand(asked, Anonymous, originHeader(v.page))
	}
	cookie, authorization := v.withEach(asked)
	trap := credentialTrap{without, bareOf(asked), asked, cookie, authorization, cookie}
	if v.cred.Ambient() && !v.cred.Includes(Cookie) {
		// Without what the victim has, a proxy in front lets nobody come as far as CORS.
		trap.beside = byHand(asked, v.cred, originHeader(v.page), cors.Header{Name: "Cookie", Value: "crossexam=1"})
	}
	return trap
}

// withEach is the request by hand with a cookie and with an Authorization header,
// the victim's or the front end's own where there is one.
func (v visit) withEach(a Attempt) (cookie, authorization Attempt) {
	origin := originHeader(v.page)
	cookie = byHand(a, Anonymous, origin, cors.Header{Name: "Cookie", Value: "crossexam=1"})
	authorization = byHand(a, Anonymous, origin, cors.Header{Name: "Authorization", Value: "Bearer crossexam"})
	if v.cred.travelsIn("Cookie") {
		cookie = byHand(a, v.cred, origin)
	}
	if v.cred.travelsIn("Authorization") || hasFold(v.target.setByFrontEnd(v.cred), "Authorization") {
		authorization = byHand(a, v.cred, origin)
	}
	return cookie, authorization
}

// judgeCredentialTrap takes the evidence on the request, by hand with a cookie, and
// the probes with an Authorization header and with a cookie beside another credential.
func judgeCredentialTrap(ev evidence, authorization, beside Observation) Judgement {
	without, cookie := ev.alone, ev.byHand
	origin := ev.read.Attempt.Origin()
	if doubt := silence(without); doubt != nil {
		return inDoubt(doubt)
	}
	before := grantTo(origin, without.Response())
	// From the browser's own read on: it is the best proof.
	for _, o := range []Observation{ev.read, cookie, authorization, beside} {
		r := answer(o)
		if grantTo(origin, r) <= before {
			continue
		}
		j := violates(ev.gravity(), "without a credential %s gets %s, and with %s it gets %s",
			origin, grantText(without.Response()), with(o.Attempt), grantText(r)).withProof(o)
		if grantTo(origin, r) < credentialRead && !ev.cred.ofPlace() {
			return j.binding(Should) // a page that sends a credential cannot use it
		}
		return j
	}
	if doubt := silence(ev.read, cookie, authorization, beside); doubt != nil {
		return inDoubt(doubt)
	}
	return conforms("%s gets no more with a cookie or an Authorization header (%s) than without (%s)",
		origin, grantText(cookie.Response()), grantText(without.Response()))
}

// judgeHead takes the evidence on a HEAD, the replies to the same GETs, and what was judged
// of the HEAD alone. A grant on HEAD that a GET does not get is nobody else's to find;
// that of an error, such as the 405 of a route which has no HEAD, is for ERR-002.
func judgeHead(ev evidence, get []Observation, alone Judgement) Judgement {
	origin := ev.origin()
	var most grant
	for _, o := range get {
		if doubt := silence(o); doubt != nil {
			return inDoubt(doubt)
		}
		most = max(most, grantTo(origin, o.Response()))
	}
	for _, o := range []Observation{ev.read, ev.alone, ev.byHand} {
		if r := answer(o); isSuccess(r) && grantTo(origin, r) > most {
			return violates(Low, "the reply to HEAD has %s for %s, which the one to GET has not", grantText(r), origin).withProof(o).binding(headLevel(ev.cred, origin, r))
		}
	}
	return alone
}

// headLevel: without credentials a page gets headers of what everybody can ask for.
func headLevel(c Credential, origin cors.Origin, r *cors.Response) Level {
	if c.ofPlace() || grantTo(origin, r) == credentialRead {
		return Must
	}
	return Should
}

// with names the credential that made the difference.
func with(a Attempt) string {
	switch {
	case a.Identity != Anonymous && a.Headers.Has("Cookie"):
		return "the victim's " + a.Identity.noun() + " and any cookie"
	case a.Identity != Anonymous:
		return "the victim's " + a.Identity.noun()
	case a.Headers.Has("Cookie"):
		return "any cookie"
	}
	return "any Authorization header"
}
