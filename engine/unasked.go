package engine

import (
	"context"
	"slices"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
)

const neverAsked = "HTTP authentication opens the API, but the API never asks a browser for it (its refusals have no WWW-Authenticate), so that no browser sends it by itself"

// basicByScript has HTTP authentication examined as a header that the front end's script
// sets, where no browser would send it for the front end, and finds out once more what it
// opens; done is false where a browser does, or the configuration says so.
func (x *Examination) basicByScript(ctx context.Context, a *sweep.Asker, found scenarios.Target) (done bool, err error) {
	if x.request.Deployment != nil || !opensByBasic(found) {
		return false, nil
	}
	c, ok := x.config.BasicByScript(*x.deployment.Credentials.Basic)
	if !ok {
		return false, nil
	}
	why := "the API never asks a browser for it (its refusals have no WWW-Authenticate)"
	if x.tap.Challenges() {
		i := slices.IndexFunc(found.Premises, openedByBasic)
		e := slices.IndexFunc(found.Endpoints, func(e scenarios.Endpoint) bool { return e.String() == found.Premises[i].Endpoint })
		if e < 0 || !a.ScriptsAuthorize(found.Endpoints[e]) {
			return false, nil
		}
		why = "the API lets other origins set that header (Access-Control-Allow-Headers), and grants them no credentials, so that what a browser sends by itself is of no use to them"
	}
	x.config = c
	if err := x.deploy(ctx); err != nil {
		return false, err
	}
	x.before += x.tap.Requests()
	x.tap.Close()
	if err := x.openTap(); err != nil {
		return false, err
	}
	sentence := "HTTP authentication is examined as the header Authorization, set by the front end's script: " + why + ". If the front end leaves it to the browser, say so with `policy.credentials: include`."
	x.notice(sentence)
	x.record.note(sentence)
	return true, x.findPremises(ctx)
}

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
func opensByBasic(t scenarios.Target) bool { return slices.ContainsFunc(t.Premises, openedByBasic) }

// openedByBasic reports whether it opens what the premise is about.
func openedByBasic(p scenarios.Premise) bool {
	return p.Credential.Includes(scenarios.Basic) && p.Holds()
}
