package scenarios

import "github.com/crossexam/crossexam/cors"

// elsewhere is the request by hand, in the name of a local origin with another host, that
// tells a rule for local origins from one for the host of the target itself. ok is false
// where the near-miss has another host.
func (m masquerade) elsewhere() (a Attempt, ok bool) {
	own := m.target.Origin()
	if !m.miss.Of.IsOpaque() || m.page.Host() != own.Host() || !m.page.IsLocal() {
		return Attempt{}, false
	}
	host := "localhost"
	if own.Host() == host {
		host = "127.0.0.1"
	}
	other := cors.NewOrigin(m.page.Scheme(), host, explicitPort(m.page))
	return probe(m.target, other, m.e, m.cred, originHeader(other)), true
}

// ofOwnHost says of a grant to the target's own host, on another port, that this host is
// why, where a local origin with another host is not granted.
func (m masquerade) ofOwnHost(j Judgement, obs Observations) (Judgement, bool) {
	a, ok := m.elsewhere()
	if !ok || !obs.has(a) || answer(obs.Of(a)) == nil || Grants(a.Page, m.cred, answer(obs.Of(a))) {
		return j, false
	}
	host := m.target.Origin().Host()
	j = j.withRule(Rule{Kind: SameHost, Value: host, AnyPort: true})
	return j.mendedBy("The API seems to compare the host of the Origin with its own, as the Host header (or X-Forwarded-Host) of the request names it: every program that serves a page on " + host +
		" is granted, on whichever port. Compare the whole Origin, scheme and port too, with a list of exact origins."), true
}
