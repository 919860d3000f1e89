package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

func planScripts(t Target) ([]Case, string) {
	creds := exposed(t)
	switch {
	case creds[0] == Anonymous:
		return nil, nothingExposed
	case len(t.PrivateReads()) == 0:
		return nil, "The target declares no private endpoint to read."
	}
	var cases []Case
	bare := slices.DeleteFunc(t.PrivateReads(), func(e Endpoint) bool { return !e.isBare() })
	for _, e := range bare {
		for _, c := range opening(t, e, creds) {
			v := attack(t, c)
			plain, called := scriptAttempts(v, e), scriptAttempts(v, withCallback(e))
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: append(plain.all(), called.all()...),
				Judge: func(obs Observations) Judgement {
					return judgeScripts(plain.of(c, reach(t, v.page), obs), called.of(c, reach(t, v.page), obs))
				},
			})
		}
	}
	if len(bare) > 0 {
		return planned(cases, nothingOpens)
	}
	return planned(cases, "No private endpoint is read by a GET without headers of its own, and a script element makes no other request.")
}

// callbackNames are the parameters by which APIs take the name of a JSONP callback.
var callbackNames = []string{"callback", "jsonp", "cb", "jsoncallback", "jsonpcallback"}

// withCallback is the endpoint with a callback of the attacker's: under the parameter that
// its query has for one, else under the usual one.
func withCallback(e Endpoint) Endpoint {
	path, query, asked := strings.Cut(e.Path, "?")
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(callbackNames, strings.ToLower(strings.Trim(name, "_"))) {
			pairs[i] = name + "=" + ScriptCallback
			e.Path = path + "?" + strings.Join(pairs, "&")
			return e
		}
	}
	e.Path += map[bool]string{true: "&", false: "?"}[asked] + "callback=" + ScriptCallback
	return e
}

// scripted are a script, and the reads that show whether the reply is private.
type scripted struct{ script, alone, bare Attempt }

func scriptAttempts(v visit, e Endpoint) scripted {
	return scripted{v.unasked(e, Script), alone(v.read(e)), bare(v.target, e)}
}

func (s scripted) all() []Attempt { return []Attempt{s.script, s.alone, s.bare} }

func (s scripted) of(c Credential, reach Severity, obs Observations) evidence {
	return evidence{cred: c, reach: reach, read: obs.Of(s.script), alone: obs.Of(s.alone), bare: obs.Of(s.bare)}
}

// judgeScripts takes the evidence on the endpoint as it is, and with a callback.
func judgeScripts(plain, called evidence) Judgement {
	return worst(judgeScript(plain, true), judgeScript(called, false).withProof(called.read))
}

// judgeScript judges one script. mustSucceed says that an error in its place is a
// doubt: that the endpoint does not know a parameter is none.
func judgeScript(ev evidence, mustSucceed bool) Judgement {
	o, r := ev.read, ev.read.Response()
	origin, home, absent := o.Attempt.Origin(), sameSiteReasons(ev.read), notInPlay(ev.cred, ev.read)
	switch {
	case o.Fault != "":
		return inDoubt(o.Doubt())
	case r == nil || o.Page == nil:
		return inDoubt(whyNoAnswer(o))
	case o.Read():
		if why := ev.unproved(); why != "" {
			return violates(Low, "the %s reply ran as a script in a page of %s and handed its data over, but nothing private was proved to leave: %s", kindOf(r), origin, why).binding(Should)
		}
		j := violates(ev.reach, "the %s reply ran as a script in a page of %s, and %d bytes that it handed over reached the attacker's collector", kindOf(r), origin, o.Loot.Bytes)
		j.Exfiltrated = true
		return j
	case o.Page.Error == "":
		return violates(Low, "Chrome ran the %s reply as a script in a page of %s, though it handed nothing over", kindOf(r), origin).binding(Should)
	case o.Page.Error == "timeout":
		return cannotTell("the script neither ran nor failed in time").until(LacksEvidence)
	case home != "":
		return conforms("the %s reply did not run as a script, and %s kept the cookie home (%s)", kindOf(r), keeper(home), home)
	case absent != "":
		return cannotTell("the %s reply did not run as a script, but %s", kindOf(r), absent).until(LacksPrivacy)
	case o.Stake == Refusal:
		return conforms("the target refused the script itself (%s), while the victim's own read still got the private reply", statusText(r))
	case mustSucceed && sameFailure(o, ev.bare):
		return cannotTell("the target answered %d as it does without the victim's %s, so nothing private was at stake", r.Status, ev.cred.noun()).until(LacksPrivacy)
	}
	return conforms("Chrome did not run the %s reply as a script (%s)", kindOf(r), quote(o.Block.Network))
}

// kindOf names a reply by what decides whether it is a script.
func kindOf(r *cors.Response) string {
	kind, _ := r.Headers.Get("Content-Type")
	text := statusText(r) + " " + quote(kind)
	if r.Headers.ListHas("X-Content-Type-Options", "nosniff") {
		text += " nosniff"
	}
	return text
}
