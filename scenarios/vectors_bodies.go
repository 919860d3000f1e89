package scenarios

import (
	"net/http"

	"github.com/crossexam/crossexam/cors"
)

// simpleTypes are the types of a body that a page may send without asking, and
// how a body of none is sent (Fetch standard, #cors-preflight-fetch).
var simpleTypes = []struct {
	name   string
	vector Vector
	header cors.Headers
}{
	{"as text/plain", Fetch, cors.Headers{{Name: "Content-Type", Value: "text/plain"}}},
	{"as a form", Fetch, cors.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}},
	{"without a type", UntypedFetch, nil},
}

// planBodyTypes covers the writes that the operator lets through: what became of
// one that the tap withheld, nobody knows.
func planBodyTypes(t Target) ([]Case, string) {
	creds := exposed(t)
	if creds[0] == Anonymous {
		return nil, nothingExposed
	}
	var cases []Case
	for _, e := range t.SafeWrites() {
		if e.Method != http.MethodPost || e.Body == "" {
			continue
		}
		for _, c := range creds {
			v := attack(t, c)
			sent := bodyAttempts(v, e)
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: sent.all(),
				Judge:    func(obs Observations) Judgement { return judgeBodies(c, reach(t, v.page), sent, obs) },
			})
		}
	}
	return planned(cases, "No POST endpoint with a JSON body is declared safe to write to, and Crossexam withholds other writes: "+
		"declare one that does no harm, with a body, as safe_to_write.")
}

// bodies are the attempts on one endpoint: the attacker's writes, one for each of
// the simple types, and the front end's, which shows that the body is good. There is
// none without a trusted origin.
type bodies struct {
	simple []bodyAttempt
	good   *Attempt
}

// A bodyAttempt sends a body, in the way that how says.
type bodyAttempt struct {
	how string
	Attempt
}

func bodyAttempts(v visit, e Endpoint) bodies {
	var sent bodies
	for _, kind := range simpleTypes {
		a := v.request(e.Method, e.Path)
		a.Vector, a.Headers, a.Body = kind.vector, kind.header, e.Body
		sent.simple = append(sent.simple, bodyAttempt{kind.name, a})
	}
	t := v.target
	good := frontEnd(t, frontEnds(t)[0], used(t)[0]).write(e)
	if len(t.Trusted) == 0 { // the target's own page, which only Crossexam itself can play
		good = byHand(good, used(t)[0], originHeader(t.Origin()))
	}
	sent.good = &good
	return sent
}

func (b bodies) all() []Attempt {
	var all []Attempt
	for _, a := range b.simple {
		all = append(all, a.Attempt)
	}
	if b.good != nil {
		all = append(all, *b.good)
	}
	return all
}

func judgeBodies(c Credential, reach Severity, sent bodies, obs Observations) Judgement {
	var good *cors.Response
	if sent.good != nil {
		good = answerToWrite(obs.Of(*sent.good))
	}
	var js []Judgement
	for _, a := range sent.simple {
		o := obs.Of(a.Attempt)
		js = append(js, judgeBody(c, reach, a.how, o, good).withProof(o))
	}
	return worst(js...)
}

// judgeBody takes the answer to a good body of type JSON too, or nil.
func judgeBody(c Credential, reach Severity, kind string, o Observation, good *cors.Response) Judgement {
	origin, r := o.Attempt.Origin(), answerToWrite(o)
	switch {
	case o.Fault != "":
		return inDoubt(o.Doubt())
	case r == nil && o.Request() != nil && o.Request().Withheld:
		return cannotTell("the request was withheld from the target, so that its answer is not known").until(LacksWrite)
	case r == nil:
		return inDoubt(whyNoAnswer(o))
	case isSuccess(r):
		severity, circumstances := writeGravity(c, reach, o)
		return violates(severity, "the target took the JSON body that %s sent %s, for which the browser does not ask (%d): %s", origin, kind, r.Status, circumstances)
	case r.Status < 400 || r.Status > 499:
		return cannotTell("the target neither took nor refused the body that %s sent %s: it answered %s", origin, kind, statusText(r)).until(LacksBody)
	case r.Status == http.StatusUnsupportedMediaType:
		return conforms("the target refused the body that %s sent %s (%d)", origin, kind, r.Status)
	}
	home, absent := sameSiteReasons(o), notInPlay(c, o)
	switch {
	case home != "":
		return conforms("the target refused the body that %s sent %s (%d), and %s kept the cookie home (%s)", origin, kind, r.Status, keeper(home), home)
	case absent != "":
		return cannotTell("the target refused the body that %s sent %s (%d), but %s", origin, kind, r.Status, absent).until(LacksPrivacy)
	case !isSuccess(good):
		return cannotTell("the target refused the body that %s sent %s (%d), but nothing shows that it takes it as JSON from a trusted origin", origin, kind, r.Status).until(LacksBody)
	}
	return conforms("the target refused the body that %s sent %s (%d), and took it as JSON from the front end (%d)", origin, kind, r.Status, good.Status)
}

// answerToWrite is the target's own answer to the write, not to what the browser
// may have been redirected to.
func answerToWrite(o Observation) *cors.Response {
	for _, x := range o.Exchanges {
		if x.Request.Method == o.Attempt.Method {
			return x.Response
		}
	}
	return nil
}

func whyNoAnswer(o Observation) *Doubt {
	return o.Doubt().or(o, "the target did not answer the request itself")
}
