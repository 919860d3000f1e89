package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// planTrustedHeaders reads with each header that the policy declares. What is
// asked for is consent: the answer to the read itself is TRU-001's matter.
func planTrustedHeaders(t Target) ([]Case, string) {
	e := firstRead(t)
	var cases []Case
	for _, o := range t.Trusted {
		v := frontEnd(t, o, used(t)[0])
		var asked []headerAttempt
		var attempts []Attempt
		for _, name := range without(t.Policy.Headers, "*") {
			a := v.with(e, cors.Header{Name: name, Value: "crossexam"})
			switch {
			case hasFold(t.setByFrontEnd(v.cred), name):
				a = v.read(e) // it has the front end's own
			case strings.EqualFold(name, "Content-Type"):
				a.Headers[0].Value = "application/json"
			case strings.EqualFold(name, "Authorization"):
				a.Headers[0].Value = "Bearer crossexam"
			}
			asked, attempts = append(asked, headerAttempt{name, a}), append(attempts, a)
		}
		if len(attempts) > 0 {
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: attempts,
				Judge:    func(obs Observations) Judgement { return judgeTrustedHeaders(asked, obs) },
			})
		}
	}
	if len(t.Trusted) == 0 {
		return nil, noTrusted
	}
	return planned(cases, "The target declares no request header.")
}

// A headerAttempt is a request with the header of this name.
type headerAttempt struct {
	name string
	Attempt
}

// judgeTrustedHeaders takes the requests of one page, with a header each.
func judgeTrustedHeaders(asked []headerAttempt, obs Observations) Judgement {
	var js []Judgement
	var names []string
	var origin cors.Origin
	for _, a := range asked {
		o := obs.Of(a.Attempt)
		js = append(js, judgeTrustedHeader(a.name, o).withProof(o))
		names, origin = append(names, a.name), o.Attempt.Origin()
	}
	if j := worst(js...); j.Verdict != Conforms {
		return j
	}
	return conforms("the requests of %s with %s left the browser", origin, strings.Join(names, ", "))
}

func judgeTrustedHeader(name string, o Observation) Judgement {
	origin, x := o.Attempt.Origin(), o.Request()
	switch {
	case o.Fault != "":
		return inDoubt(o.Doubt())
	case o.Blocked() && o.Block.Reason.IsPreflight():
		return violates(Low, "Chrome kept %s from sending %s: it took %s for a refusal (%s; %s)",
			origin, name, blockedReply(o), o.Block.Reason, headerText(lastReply(o), cors.HeaderAllowHeaders)).ifAtLogin(o)
	case x == nil || preflightReply(o) == nil && x.Response == nil:
		return inDoubt(whyUnknown(o, "the request"))
	case !x.Request.Headers.Has(name):
		return cannotTell("the request of %s went without %s, which browsers let no page set", origin, name).until(LacksHeader)
	}
	return conforms("the request of %s with %s left the browser", origin, name)
}

// headerText shows the lines of a header as they came.
func headerText(r *cors.Response, name string) string {
	if r != nil && r.Headers.Has(name) {
		return name + ": " + quote(strings.Join(r.Headers.Values(name), ", "))
	}
	return "no " + name
}

func planExposedHeaders(t Target) ([]Case, string) {
	switch {
	case len(t.Trusted) == 0:
		return nil, noTrusted
	case len(t.Policy.Exposed) == 0:
		return nil, "The target declares no response header that its front end reads."
	}
	var cases []Case
	for _, o := range t.Trusted {
		v := frontEnd(t, o, used(t)[0])
		var attempts []Attempt
		for _, e := range t.Reads() {
			attempts = append(attempts, v.read(e))
		}
		if len(attempts) > 0 {
			cases = append(cases, Case{
				Subject:  Subject{Endpoint: "every GET", Origin: o.String(), Credential: v.cred},
				Attempts: attempts,
				Judge:    func(obs Observations) Judgement { return judgeExposedHeaders(o, t.Policy.Exposed, obs.All()) },
			})
		}
	}
	return planned(cases, noReads)
}

// judgeExposedHeaders takes the reads of the front end of this origin: not every
// reply has every header.
func judgeExposedHeaders(origin cors.Origin, names []string, obs []Observation) Judgement {
	for _, o := range obs {
		if doubt := o.Doubt(); doubt != nil {
			return inDoubt(doubt)
		}
		if o.Blocked() {
			return cannotTell("%s could not read the reply at all (%s)", origin, o.Block.Reason).until(LacksFrontEnd)
		}
	}
	var js []Judgement
	for _, name := range names {
		js = append(js, judgeExposedHeader(origin, name, obs))
	}
	if j := worst(js...); j.Verdict != Conforms {
		return j
	}
	return conforms("%s sees %s", origin, strings.Join(names, ", "))
}

func judgeExposedHeader(origin cors.Origin, name string, obs []Observation) Judgement {
	seen, listed := false, false
	for _, o := range obs {
		r := o.Response()
		switch {
		case r == nil:
		case r.Headers.Has(name) && !o.Page.Headers.Has(name):
			return violates(Low, "the %d reply has %s, and the page of %s does not see it (%s)",
				r.Status, name, origin, headerText(r, cors.HeaderExposeHeaders)).withProof(o)
		case r.Headers.Has(name):
			seen = true
		case r.Headers.ListHas(cors.HeaderExposeHeaders, name):
			listed = true
		}
	}
	switch {
	case seen:
		return conforms("the page of %s sees %s", origin, name)
	case listed:
		return conforms("no reply had %s, and Access-Control-Expose-Headers lists it", name)
	}
	return cannotTell("no reply had %s, and none lists it in Access-Control-Expose-Headers", name).until(LacksHeader)
}

func planTrustedToken(t Target) ([]Case, string) {
	switch {
	case !t.Has(Bearer) && !t.Has(Header):
		return nil, noToken
	case len(t.Trusted) == 0:
		return nil, noTrusted
	}
	var cases []Case
	for _, e := range t.Reads() {
		for _, o := range t.Trusted {
			for _, c := range slices.DeleteFunc(slices.Clone(t.Credentials), func(c Credential) bool { return !c.inHeader() }) {
				v := frontEnd(t, o, c)
				read, bare := v.read(e), bare(t, e)
				cases = append(cases, Case{
					Subject:  v.subject(e),
					Attempts: []Attempt{read, bare},
					Judge: func(obs Observations) Judgement {
						return judgeTrustedToken(c, t.setByFrontEnd(c), obs.Of(read), obs.Of(bare))
					},
				})
			}
		}
	}
	return planned(cases, noReads)
}

const noToken = "The front end has no token or key to send in a header."

// judgeTrustedToken takes the front end's read with its token, which is in the headers
// of these names, and one without credential and without Origin.
func judgeTrustedToken(c Credential, names []string, read, bare Observation) Judgement {
	origin, asked, x := read.Attempt.Origin(), preflightReply(read), read.Request()
	if doubt := read.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	switch {
	case read.Blocked() && read.Block.Reason.IsPreflight():
		return violates(Low, "the preflight of %s for its token was answered %s, which Chrome took for a refusal (%s; %s)",
			origin, statusText(asked), read.Block.Reason, headerText(asked, cors.HeaderAllowHeaders)).ifAtLogin(read)
	case read.Blocked():
		return violates(Low, "the preflight of %s for its token was approved, and Chrome blocked %s (%s; it has %s)",
			origin, blockedReply(read), read.Block.Reason, grantText(lastReply(read)))
	case asked == nil:
		return cannotTell("the request of %s with its token left the browser without a preflight", origin).until(LacksEvidence)
	case slices.ContainsFunc(names, func(name string) bool { return !x.Request.Headers.Has(name) }):
		return cannotTell("the request of %s went without its token", origin).until(LacksEvidence)
	case sameFailure(read, bare):
		return cannotTell("%s", notAccepted(c, read)).until(LacksCredential)
	case !isSuccess(read.Response()):
		return cannotTell("%s could read the reply, but it was an error (%d)", origin, read.Page.Status).until(LacksSuccess)
	}
	return conforms("the preflight of %s for its token was approved, and it read the %d reply", origin, read.Page.Status)
}
