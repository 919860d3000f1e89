package scenarios

import (
	"cmp"
	"slices"

	"github.com/crossexam/crossexam/cors"
)

// A masquerade is the read of a private endpoint by a page of a near-miss.
//
// The page makes one request, and more only where it is granted. What the reply
// is worth is shown by the controls of the arbitrary origin's page, which other
// scenarios need too: they do not depend on who asks.
type masquerade struct {
	visit
	miss NearMiss
	e    Endpoint
}

// inWhole is how many trusted origins have all their near-misses tried by pages. Those of
// further ones are what an allow list's comparison is asked about once more: by hand at
// first, and by a page where that is granted.
const inWhole = 4

// nearMisses plans, for each private endpoint, a case for each near-miss that the rule
// makes: on the first endpoint, and of the first trusted origins, in the browser, on the
// others by hand at first, and in the browser where that is granted. Routes may have a
// list of their own, and so may origins have entries of their own.
func nearMisses(rule func(Target) []NearMiss, none string) func(Target) ([]Case, string) {
	return func(t Target) ([]Case, string) {
		all, why := prizes(t)
		if why != "" {
			return nil, why
		}
		misses := rule(t)
		resembled := resembled(t)
		further := resembled[min(inWhole, len(resembled)):]
		var cases []Case
		for i, p := range all {
			for _, miss := range misses {
				m := masquerade{visit{target: t, page: miss.Origin, cred: p.cred}, miss, p.endpoint}
				switch {
				case i > 0:
					cases = append(cases, m.asFurtherCase("pages tried it at "+all[0].endpoint.String()))
				case slices.Contains(further, miss.Of) || slices.Contains(further, miss.with):
					cases = append(cases, m.asFurtherCase("pages tried those that resemble "+resembled[0].String()))
				default:
					cases = append(cases, m.asCase())
				}
			}
		}
		return planned(cases, none)
	}
}

// A prize is a private endpoint, and the credential with which pages of the family ORG
// try to read it.
type prize struct {
	endpoint Endpoint
	cred     Credential
}

// prizes are all of them, one for each endpoint, or why there is nothing to read.
func prizes(t Target) ([]prize, string) {
	reads := t.PrivateReads()
	switch {
	case len(reads) == 0:
		return nil, "The target declares no private endpoint to read."
	case exposed(t)[0] == Anonymous:
		return nil, "The victim has no credential that a page of any origin can use."
	}
	var all []prize
	for _, e := range reads {
		if opening := opening(t, e, exposed(t)); len(opening) > 0 {
			all = append(all, prize{e, opening[0]})
		}
	}
	if len(all) == 0 {
		return nil, nothingOpens
	}
	return all, ""
}

// opening are those of the credentials that open an endpoint, as far as that is known.
func opening(t Target, e Endpoint, creds []Credential) []Credential {
	return slices.DeleteFunc(slices.Clone(creds), func(c Credential) bool {
		p, known := t.Premise(e, c)
		return known && !p.Holds()
	})
}

func (m masquerade) asCase() Case {
	attempts := m.controls().after(m.attempt(), m.arbitrary())
	return Case{Subject: m.subject(m.e), Attempts: attempts, More: m.more, Judge: m.judge}
}

// asFurtherCase asks by hand, and has the page try where that is granted, and those of
// the origins that tell the rule, unless every origin is granted: how much a grant binds
// must not depend on which endpoint or trusted origin comes first. proved says what pages
// try in any case.
func (m masquerade) asFurtherCase(proved string) Case {
	hand, other := m.byHand(), m.arbitraryByHand()
	granted := func(obs Observations) bool { return m.grants(answer(obs.Of(hand))) && m.miss.unplayable() == "" }
	full := m.asCase()
	return Case{
		Subject:  full.Subject,
		Attempts: []Attempt{hand, other},
		More: func(obs Observations) []Attempt {
			switch page := attack(m.target, m.cred).page; {
			case !granted(obs):
				return nil
			case Grants(page, m.cred, answer(obs.Of(other))):
				return full.Attempts
			}
			if a, ok := m.elsewhere(); ok {
				full.Attempts = append(full.Attempts, a)
			}
			return append(full.Attempts, m.witnesses()...)
		},
		Judge: func(obs Observations) Judgement {
			if !granted(obs) {
				return m.judgeByHand(obs.Of(hand), proved)
			}
			j := m.judge(obs)
			j.Proof = cmp.Or(j.Proof, m.attempt().Key()) // and not the question by hand, which comes first
			return j
		},
	}
}

// arbitrary is the read by the arbitrary origin's page.
func (m masquerade) arbitrary() Attempt { return attack(m.target, m.cred).read(m.e) }

// controls are those of the arbitrary origin's page.
func (m masquerade) controls() controls {
	other := attack(m.target, m.cred)
	return other.controls(other.page, m.e)
}

// attempt is the read; what no page can send goes by hand.
func (m masquerade) attempt() Attempt {
	if m.miss.unplayable() != "" {
		return m.byHand()
	}
	return m.read(m.e)
}

func (m masquerade) byHand() Attempt {
	return probe(m.target, m.page, m.e, m.cred, originHeader(m.page))
}

func (m masquerade) arbitraryByHand() Attempt {
	other := attack(m.target, m.cred).page
	return probe(m.target, other, m.e, m.cred, originHeader(other))
}

// witnesses are the reads by pages of the origins that tell the rule.
func (m masquerade) witnesses() []Attempt {
	var attempts []Attempt
	for _, w := range witnesses(m.target, m.miss.Of) {
		if w.unplayable() == "" {
			attempts = append(attempts, masquerade{visit{target: m.target, page: w.Origin, cred: m.cred}, w, m.e}.attempt())
		}
	}
	return attempts
}

// more asks which rule is behind a grant, unless every origin is granted, and
// for the reply that SameSite or the browser kept from the page.
func (m masquerade) more(obs Observations) []Attempt {
	read, other := obs.Of(m.attempt()), obs.Of(m.arbitrary())
	switch {
	case m.unopened(read):
		return []Attempt{m.byHand()}
	case !read.Read() || other.Read():
		return nil
	}
	var attempts []Attempt
	if sameSiteReasons(read) != "" {
		attempts = append(attempts, m.byHand())
	}
	if a, ok := m.elsewhere(); ok {
		attempts = append(attempts, a)
	}
	return append(attempts, m.witnesses()...)
}

// unopened reports whether the browser could not open the http page, as where the
// domain is on its HSTS preload list.
func (m masquerade) unopened(read Observation) bool {
	return read.Fault != "" && m.page.Scheme() == "http"
}

func (m masquerade) judge(obs Observations) Judgement {
	read, other := obs.Of(m.attempt()), obs.Of(m.arbitrary())
	ev := m.controls().of(m.cred, m.miss.reach(m.target), read, obs)
	// That of the arbitrary origin will do where every origin is echoed, but not for
	// a page that could not be opened: it is all there is to know then.
	if !other.Read() || m.unopened(read) {
		ev.byHand = Observation{}
		if obs.has(m.byHand()) {
			ev.byHand = obs.Of(m.byHand())
		}
	}
	switch {
	case m.miss.unplayable() != "":
		return m.judgeByHand(read, m.miss.unplayable())
	case m.unopened(read) && answer(ev.byHand) != nil:
		return m.judgeByHand(ev.byHand, "its page could not be opened in this browser: "+read.Fault)
	}
	j := judgeRead(ev)
	if j.Verdict != Violates {
		return j
	}
	j.Reason += "; " + m.miss.Takes()
	if other.Read() {
		return j.ifEchoed(other, m.withWhat(other, ev.alone))
	}
	if j, ok := m.ofOwnHost(j, obs); ok {
		return j
	}
	rule := m.rule(obs)
	j = j.withRule(rule)
	if m.miss.Of.IsOpaque() || rule.Kind == TakesFor {
		return j
	}
	// The rule decides how much it binds, not the near-miss by which it was found.
	j.FollowsFrom = rule.scenario(m.page, m.miss.Of)
	if slices.Contains(advice, j.FollowsFrom) {
		j.Level = Should
	}
	return j
}

// judgeByHand looks at the headers alone, since no page with this origin was seen.
func (m masquerade) judgeByHand(o Observation, why string) Judgement {
	if doubt := silence(o); doubt != nil {
		return inDoubt(doubt)
	}
	r := answer(o)
	if !m.grants(r) {
		return conforms("the %d reply to %s has %s, and %s", r.Status, m.page, grantText(r), why)
	}
	return violates(Low, "the %d reply to %s has %s, but %s", r.Status, m.page, grantText(r), why)
}

// grants reports whether a reply lets the near-miss's page read it with the credential.
func (m masquerade) grants(r *cors.Response) bool { return Grants(m.page, m.cred, r) }

// withWhat is the credential with which alone the target echoes the arbitrary origin.
func (m masquerade) withWhat(other, alone Observation) Credential {
	origin := other.Attempt.Origin()
	if m.cred.Ambient() && grantTo(origin, answer(alone)) < grantTo(origin, answer(other)) {
		return m.cred
	}
	return Anonymous
}

// rule is the one, which is no echo, by which the target grants the near-miss.
func (m masquerade) rule(obs Observations) Rule {
	granted := func(o cors.Origin) bool {
		return slices.ContainsFunc(obs.All(), func(seen Observation) bool { return seen.Attempt.Page == o && seen.Read() })
	}
	return inferred(m.target, m.miss, granted)
}
