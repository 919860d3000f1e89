package scenarios

import (
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

// nearMisses plans a case for each near-miss that the rule makes.
//
// One endpoint stands for all, because the origins that a server trusts are
// rarely another list for each path; so does one credential.
func nearMisses(rule func(Target) []NearMiss, none string) func(Target) ([]Case, string) {
	return func(t Target) ([]Case, string) {
		e, c, why := prize(t)
		if why != "" {
			return nil, why
		}
		var cases []Case
		for _, m := range rule(t) {
			cases = append(cases, masquerade{visit{target: t, page: m.Origin, cred: c}, m, e}.asCase())
		}
		return planned(cases, none)
	}
}

// prize is what pages of the family ORG try to read and with which credential,
// or why there is nothing to read.
func prize(t Target) (Endpoint, Credential, string) {
	reads, c := t.PrivateReads(), exposed(t)[0]
	switch {
	case len(reads) == 0:
		return Endpoint{}, c, "The target declares no private endpoint to read."
	case c == Anonymous:
		return Endpoint{}, c, "The victim has no credential that a page of any origin can use."
	}
	return reads[0], c, ""
}

func (m masquerade) asCase() Case {
	attempts := m.controls().after(m.attempt(), m.arbitrary())
	return Case{Subject: m.subject(m.e), Attempts: attempts, More: m.more, Judge: m.judge}
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
	if keptHome(read) != "" {
		attempts = append(attempts, m.byHand())
	}
	for _, w := range witnesses(m.target, m.miss.Of) {
		if w.unplayable() == "" {
			attempts = append(attempts, masquerade{visit{target: m.target, page: w.Origin, cred: m.cred}, w, m.e}.attempt())
		}
	}
	return attempts
}

// unopened tells whether the browser could not open the http page, as where the
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
		if obs.Has(m.byHand()) {
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
	j.Reason += "; " + m.miss.takes()
	if other.Read() {
		return j.ifEchoed(other, m.withWhat(other, ev.alone))
	}
	return j.by(m.rule(obs))
}

// judgeByHand looks at the headers alone, since no page with this origin was seen.
func (m masquerade) judgeByHand(o Observation, why string) Judgement {
	if doubt := silence(o); doubt != nil {
		return inDoubt(doubt)
	}
	r, enough := answer(o), plainRead
	if m.cred.Ambient() {
		enough = credentialRead
	}
	if grantTo(m.page, r) < enough {
		return conforms("the %d reply to %s has %s, and %s", r.Status, m.page, grantText(r), why)
	}
	return violates(Low, "the %d reply to %s has %s, but %s", r.Status, m.page, grantText(r), why)
}

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
