package scenarios

import (
	"net/url"

	"github.com/crossexam/crossexam/cors"
)

// rebound is the origin of a page whose name came to lead to the target after the
// page was loaded. Scheme and port are the target's: to the browser, the target is
// that origin then.
func rebound(t Target) cors.Origin {
	own := t.Origin()
	return cors.NewOrigin(own.Scheme(), "rebind."+evilHost, own.Port())
}

func planRebinding(t Target) ([]Case, string) {
	switch {
	case !t.Has(Network):
		return nil, notNetwork
	case t.Origin().Scheme() == "https":
		return nil, "The target speaks https with a certificate for none of the attacker's names, so that no browser connects to it under one."
	}
	var cases []Case
	for _, e := range t.PrivateReads() {
		read, own := attack(t, Network).read(e), bare(t, e)
		foreign := read
		foreign.Page = rebound(t)
		foreign.URL = foreign.Page.String() + pathOf(read.URL)
		known, _ := t.Premise(e, Network)
		cases = append(cases, Case{
			Subject:  Subject{Endpoint: e.String(), Origin: foreign.Page.String(), Credential: Network},
			Attempts: []Attempt{foreign, own, read},
			Judge: func(obs Observations) Judgement {
				return judgeRebinding(known.Witness, obs.Of(foreign), obs.Of(own), obs.Of(read))
			},
		})
	}
	return planned(cases, "The target declares no private endpoint to read.")
}

func pathOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "/"
	}
	return u.RequestURI()
}

// judgeRebinding takes the read under the attacker's host name, which is of the
// page's own origin, so that CORS has no say in it, and two reads under the
// target's own name, which tell whether its reply is the same each time. Where it is not,
// the witness of the private reply tells whether it was read.
func judgeRebinding(w Witness, foreign, asked, askedAgain Observation) Judgement {
	own, again := answer(asked), answer(askedAgain)
	if doubt := silence(asked); doubt != nil {
		return inDoubt(doubt)
	}
	if doubt := foreign.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	host, first := foreign.Attempt.Page.Host(), replies(foreign)[0]
	steady := again != nil && again.Body == own.Body
	same := func(r *cors.Response) bool { return r.Body == own.Body }
	if !steady && len(w.Parts) > 0 && w.CarriedBy(own) && w.CarriedBy(again) {
		steady, same = true, w.CarriedBy
	}
	switch {
	case !isSuccess(own) || own.Body == "":
		return cannotTell("under its own name too the target gives nothing away without a login (%d)", own.Status).until(LacksPrivacy).withProof(asked)
	case foreign.Read() && isSuccess(foreign.Response()) && same(foreign.Response()):
		j := violates(Medium, "a page of %s read the same %d reply that the target gives under its own name: Host is not checked", foreign.Attempt.Page, foreign.Page.Status)
		j.Exfiltrated = foreign.Loot != nil
		return j
	case !isSuccess(first):
		return conforms("the target answered %d to a request with the Host %s", first.Status, host)
	case !steady:
		return cannotTell("the target answered %d to a request with the Host %s, but two replies under its own name differ as well, so that nothing can be compared", first.Status, host).until(LacksStability)
	}
	return conforms("the target has another reply (%d) to a request with the Host %s than to one with its own", first.Status, host)
}
