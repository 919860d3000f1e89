package scenarios

import (
	"fmt"
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
			cases = append(cases, Case{
				Subject:  v.subject(e),
				Attempts: []Attempt{trusted, evil, none},
				Judge: func(obs Observations) Judgement {
					return judgeVary(obs.Of(trusted), obs.Of(evil), obs.Of(none))
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

// judgeVary takes the replies to the trusted origin, to the attacker's and to none.
// Preflights are not stored (RFC 9110, section 9.3.7), and in no shared cache either is
// a reply that says so itself, or a refusal whose status caches do not store.
func judgeVary(trusted, evil, none Observation) Judgement {
	if doubt := silence(trusted, evil, none); doubt != nil {
		return inDoubt(doubt)
	}
	ours, theirs := trusted.Attempt.Origin(), evil.Attempt.Origin()
	if r := trusted.Response(); !r.Headers.Has(cors.HeaderAllowOrigin) {
		return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("%s was answered %d without a grant, so that nothing depends on the origin here.", ours, r.Status)}
	}
	toUs, toThem := grantText(trusted.Response()), grantText(evil.Response())
	if toUs == toThem {
		return conforms("the grant is the same for %s (%s) and %s", ours, toUs, theirs)
	}
	var missing []string
	var proof Observation
	for _, v := range []variant{
		{none, "the reply without an Origin", none.Response()},
		{evil, "the reply to " + theirs.String(), evil.Response()},
		{trusted, "the reply to " + ours.String(), trusted.Response()},
	} {
		if !varies(v.reply) && !keptFromSharedCaches(v.reply) && !storedByNobody(v.reply) {
			missing, proof = append(missing, v.name), v.from
		}
	}
	if len(missing) > 0 {
		return violates(Low, "the grant depends on the Origin (%s gets %s, %s gets %s), but Vary: Origin is missing on %s",
			ours, toUs, theirs, toThem, strings.Join(missing, " and ")).withProof(proof)
	}
	return conforms("each reply whose grant depends on the Origin says so in Vary, or is kept from shared caches, for %s (%s) and %s (%s)", ours, toUs, theirs, toThem)
}

func varies(r *cors.Response) bool {
	return slices.ContainsFunc(r.Headers.List("Vary"), func(name string) bool { return name == "*" || strings.EqualFold(name, cors.HeaderOrigin) })
}
