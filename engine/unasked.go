package engine

import (
	"slices"

	"github.com/crossexam/crossexam/scenarios"
)

const neverAsked = "HTTP authentication opens the API, but the API never asks a browser for it (its refusals have no WWW-Authenticate), so that no browser sends it by itself"

// withoutBasic leaves HTTP authentication out, for a target that never asks for it: no
// victim's browser has it then. Credentials that consist of it go too; ok is false where a
// private endpoint is opened by nothing else.
func withoutBasic(t scenarios.Target) (_ scenarios.Target, ok bool) {
	basic := func(c scenarios.Credential) bool { return c.Includes(scenarios.Basic) }
	for _, e := range t.Endpoints {
		if e.Private && !slices.ContainsFunc(t.Premises, func(p scenarios.Premise) bool {
			return p.Endpoint == e.String() && p.Holds() && !basic(p.Credential)
		}) {
			return t, false
		}
	}
	t.Credentials = slices.DeleteFunc(slices.Clone(t.Credentials), basic)
	t.Premises = slices.DeleteFunc(slices.Clone(t.Premises), func(p scenarios.Premise) bool { return basic(p.Credential) })
	return t, true
}

// opensByBasic reports whether a credential that HTTP authentication is part of opens
// anything.
func opensByBasic(t scenarios.Target) bool {
	return slices.ContainsFunc(t.Premises, func(p scenarios.Premise) bool {
		return p.Credential.Includes(scenarios.Basic) && p.Holds()
	})
}
