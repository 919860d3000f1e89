package sweep

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// Premises finds out, before any verdict, which endpoints are private: it asks for
// each as the victim, as a stranger, and as the victim again, without an Origin and
// without a browser, and returns the facts with what was found. Only the victim's
// login is sent besides, where there is one.
func (a *Asker) Premises() scenarios.Target {
	facts, d := a.deployment.Facts, a.deployment
	facts.Premises = a.askAll(facts, claimed(facts))
	facts = a.followed(facts)
	if set, ok := a.together(facts); ok {
		facts.Credentials = []scenarios.Credential{set}
		facts.Premises = append(facts.Premises, a.askAll(facts, claimed(facts))...)
	}
	if login := d.Credentials.Login; login != nil && a.login >= 400 {
		facts.LoginRefused = fmt.Sprintf("the victim could not log in: %s answered %d", login.Path, a.login)
	}
	facts = Settled(facts, d.NetworkDeclared)
	facts.Errors = answered(facts, a.unknownPath)
	facts.Credentials = slices.DeleteFunc(slices.Clone(facts.Credentials), func(c scenarios.Credential) bool { return IsRefused(facts, c) })
	return facts
}

// More returns the facts with these endpoints to be read in the place of those that they
// have: those that nobody asked for yet are asked for.
func (a *Asker) More(t scenarios.Target, reads []scenarios.Endpoint) scenarios.Target {
	t.Endpoints = slices.DeleteFunc(slices.Clone(t.Endpoints), func(e scenarios.Endpoint) bool { return slices.ContainsFunc(t.Reads(), same(e)) })
	t.Endpoints = slices.Concat(reads, t.Endpoints)
	t.Premises = slices.DeleteFunc(slices.Clone(t.Premises), func(p scenarios.Premise) bool {
		return !slices.ContainsFunc(t.Endpoints, func(e scenarios.Endpoint) bool { return e.String() == p.Endpoint })
	})
	t.Premises = append(t.Premises, a.askAll(t, claimed(t))...)
	return Settled(a.followed(t), a.deployment.NetworkDeclared)
}

// followed has an endpoint examined where the target has it, if it redirects the victim to
// the same name with a slash at its end, or without, or below another path, and there is
// something private there.
func (a *Asker) followed(t scenarios.Target) scenarios.Target {
	for i, e := range t.Endpoints {
		there, move := movedTo(t, e)
		if move == "" || move == scenarios.MovedToPath && a.deployment.LeavesAlone(there.Path) {
			continue
		}
		found := a.askAll(scenarios.Target{Endpoints: []scenarios.Endpoint{there}}, claimed(t))
		if !slices.ContainsFunc(found, scenarios.Premise.Holds) {
			continue
		}
		for j := range found {
			found[j].From = e.Path
		}
		t.Endpoints, t.Premises = slices.Clone(t.Endpoints), slices.Clone(t.Premises)
		t.Endpoints[i] = there
		t.Premises = append(slices.DeleteFunc(t.Premises, func(p scenarios.Premise) bool { return p.Endpoint == e.String() }), found...)
	}
	return t
}

// movedTo is an endpoint as the target has it at another path of the same name; the Move is
// empty where it is where it was asked for, or nowhere, or known there too.
func movedTo(t scenarios.Target, e scenarios.Endpoint) (there scenarios.Endpoint, move scenarios.Move) {
	if e.Method != http.MethodGet {
		return e, ""
	}
	for _, p := range t.Premises {
		if p.Endpoint != e.String() {
			continue
		}
		how, to := t.Moved(p)
		if p.Holds() || how != scenarios.MovedBySlash && how != scenarios.MovedToPath {
			return e, ""
		}
		path, ok := t.Below(to)
		if !ok {
			return e, ""
		}
		there = e
		there.Path, move = path, how
	}
	if _, query, asked := strings.Cut(e.Path, "?"); asked {
		there.Path += "?" + query
	}
	if slices.ContainsFunc(t.Endpoints, same(there)) {
		return e, ""
	}
	return there, move
}
func same(e scenarios.Endpoint) func(scenarios.Endpoint) bool {
	return func(other scenarios.Endpoint) bool { return other.String() == e.String() }
}

// IsRefused reports whether a credential was refused wherever it was tried, while another
// opens something: nothing that the target makes of it is about CORS.
func IsRefused(t scenarios.Target, c scenarios.Credential) bool {
	refused := false
	for _, p := range t.Premises {
		if p.Credential != c {
			continue
		}
		if p.Finding != scenarios.CredentialRefused {
			return false
		}
		refused = true
	}
	return refused && slices.ContainsFunc(t.Premises, scenarios.Premise.Holds)
}

// askAll asks for each endpoint that may be private and for each credential, but for
// those premises that the facts have.
func (a *Asker) askAll(t scenarios.Target, cs []scenarios.Credential) []scenarios.Premise {
	var found []scenarios.Premise
	for _, e := range mayBePrivate(t) {
		for _, c := range cs {
			if _, known := t.Premise(e, c); !known {
				found = append(found, scenarios.NewPremise(e, c, a.ask(e, c)))
			}
		}
	}
	return found
}

func mayBePrivate(t scenarios.Target) []scenarios.Endpoint {
	return slices.DeleteFunc(slices.Clone(t.Endpoints), func(e scenarios.Endpoint) bool { return !e.Private || !e.Safe() && !e.Reads })
}

// together returns the smallest set of the credentials that opens an endpoint in one
// request, where none of them opens anything alone; ok is false where there is none.
func (a *Asker) together(t scenarios.Target) (set scenarios.Credential, ok bool) {
	if len(t.Given()) < 2 || slices.ContainsFunc(t.Premises, scenarios.Premise.Holds) {
		return "", false
	}
	all := scenarios.Together(t.Given()...).Kinds()
	sets := [][]scenarios.Credential{all}
	if slices.Contains(all, scenarios.Basic) && slices.Contains(all, scenarios.Bearer) { // both are in Authorization
		sets = [][]scenarios.Credential{without(all, scenarios.Basic), without(all, scenarios.Bearer)}
	}
	for _, e := range mayBePrivate(t) {
		opens := func(kinds []scenarios.Credential) bool {
			c := scenarios.Together(kinds...)
			return len(kinds) > 1 && scenarios.NewPremise(e, c, a.ask(e, c)).Finding == scenarios.Private
		}
		for _, kinds := range sets {
			if !opens(kinds) {
				continue
			}
			for _, kind := range kinds {
				if less := without(kinds, kind); opens(less) {
					kinds = less
				}
			}
			return scenarios.Together(kinds...), true
		}
	}
	return "", false
}

func without(kinds []scenarios.Credential, kind scenarios.Credential) []scenarios.Credential {
	return slices.DeleteFunc(slices.Clone(kinds), func(k scenarios.Credential) bool { return k == kind })
}

// answered has each error recipe that was guessed say with which status this target
// answers it: 401, 403 or a redirect for want of a login, 404 or another for a path
// that nothing knows. What the target answers with a success is no error, and left
// out.
func answered(t scenarios.Target, unknownPath func() *cors.Response) []scenarios.ErrorRecipe {
	var kept []scenarios.ErrorRecipe
	for _, r := range t.Errors {
		switch {
		case !r.Guessed:
		case r.Anonymous:
			i := slices.IndexFunc(t.Premises, func(p scenarios.Premise) bool {
				return p.Finding == scenarios.Private && p.Stranger.Status >= 300 && strings.HasPrefix(p.Endpoint, "GET ")
			})
			if i < 0 {
				continue
			}
			_, r.Path, _ = strings.Cut(t.Premises[i].Endpoint, " ")
			r.Status = t.Premises[i].Stranger.Status
		default:
			u := unknownPath()
			if u == nil || u.Status < 400 {
				continue
			}
			r.Status = u.Status
		}
		kept = append(kept, r)
	}
	return kept
}

// claimed are the credentials that may open an endpoint. Without any, a stranger is
// asked for, who may get everything.
func claimed(t scenarios.Target) []scenarios.Credential {
	if len(t.Credentials) == 0 {
		return []scenarios.Credential{scenarios.Anonymous}
	}
	cs := slices.Clone(t.Credentials)
	for _, c := range t.Ambient() { // which is all that an attacker's page has of one
		if !slices.Contains(cs, c) {
			cs = append(cs, c)
		}
	}
	return cs
}

// Settled has an endpoint private only where a premise says so. A place in the
// network, where nobody declared that it is enough, is none on a target that asks for
// a login anywhere: what answers there answers everybody, unless the operator named
// it.
func Settled(t scenarios.Target, declared bool) scenarios.Target {
	login := !declared && slices.ContainsFunc(t.Premises, func(p scenarios.Premise) bool {
		return p.Credential == scenarios.Network && p.Finding == scenarios.LoginNeeded
	})
	t.Endpoints, t.Premises = slices.Clone(t.Endpoints), slices.Clone(t.Premises)
	network := false
	for i, e := range t.Endpoints {
		private, asked := false, false
		for j := range t.Premises {
			p := &t.Premises[j]
			if p.Endpoint != e.String() {
				continue
			}
			if login && e.Discovered && p.Finding == scenarios.PrivateByNetwork {
				p.Finding = scenarios.Open
			}
			asked = true
			private = private || p.Holds()
			network = network || p.Finding == scenarios.PrivateByNetwork
		}
		if asked {
			t.Endpoints[i].Private = private
		}
	}
	if login && !network {
		t.Credentials = slices.DeleteFunc(slices.Clone(t.Credentials), func(c scenarios.Credential) bool { return c == scenarios.Network })
	}
	return t
}
