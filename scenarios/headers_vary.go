package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// planVary compares what the same request gets with different Origins. The
// credential is the same in all, so it takes probes: browsers would keep a cookie
// home from one page and not from another.
func planVary(t Target) ([]Case, string) {
	var cases []Case
	for _, e := range byGET(t.Reads()) {
		for _, o := range t.Trusted {
			v, a := frontEnd(t, o, used(t)[0]), attack(t, exposed(t)[0])
			trusted := probe(t, o, e, v.cred, originHeader(o))
			evil := probe(t, a.page, e, v.cred, originHeader(a.page))
			none := probe(t, cors.Opaque, e, v.cred)
			trustedAsked, evilAsked := v.preflighted(e), a.preflighted(e)
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: []Attempt{trusted, evil, none, trustedAsked, evilAsked},
				Judge: func(obs Observations) Judgement {
					return judgeVary(obs.Of(trusted), obs.Of(evil), obs.Of(none), obs.Of(trustedAsked), obs.Of(evilAsked))
				},
			})
		}
	}
	if len(t.Trusted) == 0 {
		return nil, noTrusted
	}
	return planned(cases, noCached)
}

// A variant is a reply to the same request with one of the Origins.
type variant struct {
	from  Observation
	name  string
	reply *cors.Response
}

// judgeVary takes the replies to the trusted origin, to the attacker's and to none,
// and the two preflights.
func judgeVary(trusted, evil, none, trustedAsked, evilAsked Observation) Judgement {
	if doubt := silence(trusted, evil, none, trustedAsked, evilAsked); doubt != nil {
		return inDoubt(doubt)
	}
	ours, theirs := trusted.Attempt.Origin(), evil.Attempt.Origin()
	asked := []variant{
		{trustedAsked, "the preflight of " + ours.String(), preflightReply(trustedAsked)},
		{evilAsked, "the preflight of " + theirs.String(), preflightReply(evilAsked)},
	}
	if !trustedAsked.Attempt.needsPreflight() {
		asked = nil
	}
	for _, v := range asked {
		if v.reply == nil {
			return cannotTell("%s was not seen", v.name)
		}
	}
	answered := []variant{
		{trusted, "the reply to " + ours.String(), trusted.Response()},
		{evil, "the reply to " + theirs.String(), evil.Response()},
		{none, "the reply without an Origin", none.Response()},
	}
	if r := trusted.Response(); !r.Headers.Has(cors.HeaderAllowOrigin) {
		return cannotTell("%s was answered %d without a grant, so that nothing depends on the origin here", ours, r.Status)
	}
	same := "the grant is the same for"
	for _, variants := range [][]variant{answered, asked} {
		toUs, toThem := grantText(variants[0].reply), grantText(variants[1].reply)
		if toUs == toThem {
			continue
		}
		same = "each reply whose grant depends on the Origin says so in Vary, for"
		var missing []string
		var proof Observation
		for _, v := range slices.Backward(variants) {
			if !varies(v.reply) {
				missing, proof = append(missing, v.name), v.from
			}
		}
		if len(missing) > 0 {
			return violates(Low, "the grant depends on the Origin (%s gets %s, %s gets %s), but Vary: Origin is missing on %s",
				ours, toUs, theirs, toThem, strings.Join(missing, " and ")).withProof(proof)
		}
	}
	return conforms("%s %s (%s) and %s (%s)", same, ours, grantText(trusted.Response()), theirs, grantText(evil.Response()))
}

func varies(r *cors.Response) bool {
	return slices.ContainsFunc(r.Headers.List("Vary"), func(name string) bool { return name == "*" || strings.EqualFold(name, cors.HeaderOrigin) })
}
