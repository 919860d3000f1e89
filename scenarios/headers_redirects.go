package scenarios

import (
	"fmt"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// planRedirects reads what is declared to redirect, and the endpoint to read with
// or without a slash at its end, which many frameworks answer with a redirect.
func planRedirects(t Target) ([]Case, string) {
	type path struct {
		path     string
		declared bool
	}
	var paths []path
	for _, p := range t.Redirects {
		paths = append(paths, path{p, true})
	}
	e := firstRead(t)
	if p := toggledSlash(e.Path); p != "" && !contains(t.Redirects, p) {
		paths = append(paths, path{p, false})
	}
	var cases []Case
	for _, p := range paths {
		redirecting := Endpoint{Method: "GET", Path: p.path}
		for _, v := range everyone(t) {
			redirected, plain := v.read(redirecting), v.read(e)
			cases = append(cases, Case{
				Subject:  v.subject(redirecting),
				Attempts: []Attempt{redirected, plain},
				Judge: func(obs Observations) Judgement {
					return judgeRedirect(p.declared, obs.Of(redirected), obs.Of(plain))
				},
			})
		}
	}
	return planned(cases, "No path is known that the target answers with a redirect.")
}

func contains(list []string, s string) bool { return len(without(list, s)) < len(list) }

// toggledSlash is the path with a slash at its end, or without; empty where there
// is no such path.
func toggledSlash(path string) string {
	p, query, has := strings.Cut(path, "?")
	switch {
	case p == "/" || p == "":
		return ""
	case strings.HasSuffix(p, "/"):
		p = strings.TrimSuffix(p, "/")
	default:
		p += "/"
	}
	if has {
		p += "?" + query
	}
	return p
}

// redirectLevel: what nobody declared, no front end may ask for.
func redirectLevel(declared bool) Level {
	if declared {
		return Must
	}
	return Should
}

// judgeRedirect takes a read that should be redirected, and one that is not.
// declared says that the operator declared the redirect.
func judgeRedirect(declared bool, o, plain Observation) Judgement {
	origin := o.Attempt.Origin()
	var hops []*cors.Response
	for _, x := range o.Exchanges {
		if !x.Request.IsPreflight() && x.Response != nil {
			hops = append(hops, x.Response)
		}
	}
	if o.Fault != "" || len(hops) == 0 {
		switch doubt := o.Doubt(); {
		case doubt != nil:
			return inDoubt(doubt)
		case !o.Attempt.Trusted:
			return conforms("the preflight of %s was refused (%s), so that it met no redirect", origin, o.Block.Reason)
		case plain.Blocked() || !declared:
			return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The preflight of %s was refused (%s), so that it met no redirect.", origin, o.Block.Reason)}
		}
		return cannotTell("the preflight of %s was refused (%s), so that it met no redirect", origin, o.Block.Reason).until(LacksRedirect)
	}
	first := hops[0]
	to, redirects := first.Headers.Get("Location")
	if first.Status < 300 || first.Status > 399 || !redirects {
		if kept := o.Credential; declared && !o.Attempt.Trusted && !kept.Sent && len(kept.HeldBack) > 0 && first.Status >= 400 {
			return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("%s was answered %d, and meets no redirect: the browser kept back what the victim has (%s).", origin, first.Status, strings.Join(kept.HeldBack, ", "))}
		}
		if declared {
			return cannotTell("%s was answered %d, which is no redirect", origin, first.Status).until(LacksRedirect)
		}
		return Judgement{Verdict: NotApplicable, Reason: "The target answers with " + statusText(first) + " here, which is no redirect, and none is declared."}
	}
	if doubt := plain.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	if r := downgrade(o); r != nil && o.Attempt.Trusted {
		j := violates(Low, "%s is answered %s, from https to http://, which browsers do not follow", origin, statusText(r)).binding(redirectLevel(declared))
		j.Fix = fixForwardedProto
		return j
	}
	switch {
	case o.Read() == plain.Read() && o.Read() && !o.Attempt.Trusted:
		return Judgement{Verdict: NotApplicable, Reason: origin.String() + " can read the endpoint without a redirect too, so that the redirect is not what is wrong."}
	case o.Read() && !o.Attempt.Trusted:
		return violates(Low, "%s read the %d reply through the redirect to %s, which it cannot read directly", origin, o.Page.Status, quote(to))
	case o.Read():
		return conforms("%s read the %d reply through the redirect to %s, each of whose %d hops grants it", origin, o.Page.Status, quote(to), len(hops))
	case o.Blocked() && !o.Attempt.Trusted:
		return conforms("Chrome blocked the read by %s at hop %d, %s (%s)", origin, len(hops), blockedReply(o), o.Block.Reason)
	case o.Blocked() && !plain.Read():
		return Judgement{Verdict: NotApplicable, Reason: origin.String() + " can read neither with nor without the redirect, so that the redirect is not what is wrong."}
	case o.Blocked():
		return violates(Low, "Chrome kept %s from following the redirect to %s: hop %d, %s, has %s (%s)",
			origin, quote(to), len(hops), blockedReply(o), grantText(lastReply(o)), o.Block.Reason).binding(redirectLevel(declared))
	}
	if !declared {
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("Nobody declared this redirect of %s to %s, and what follows is not known: %s.", origin, quote(to), o.Inconclusive())}
	}
	return cannotTell("%s was redirected to %s, and then: %s", origin, quote(to), o.Inconclusive()).until(LacksAnswer)
}
