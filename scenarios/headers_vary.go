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
	for _, e := range t.Reads() {
		for _, o := range t.Trusted {
			v, a := frontEnd(t, o, used(t)[0]), attack(t, exposed(t)[0])
			cases = append(cases, Case{
				Subject: v.subject(e),
				Attempts: []Attempt{
					probe(t, o, e, v.cred, originHeader(o)),
					probe(t, a.page, e, v.cred, originHeader(a.page)),
					probe(t, cors.Opaque, e, v.cred),
					v.preflighted(e),
					a.preflighted(e),
				},
				Judge: judgeVary,
			})
		}
	}
	if len(t.Trusted) == 0 {
		return nil, noTrusted
	}
	return planned(cases, noReads)
}

// judgeVary takes the replies to the trusted origin, to the attacker's and to none,
// and the two preflights.
func judgeVary(obs []Observation) Judgement {
	if why := silence(obs); why != "" {
		return cannotTell("%s", why)
	}
	trusted, evil := obs[0].Attempt.Origin(), obs[1].Attempt.Origin()
	replies := []*cors.Response{obs[0].Response(), obs[1].Response(), obs[2].Response()}
	names := []string{
		"the reply to " + trusted.String(), "the reply to " + evil.String(), "the reply without an Origin",
		"the preflight of " + trusted.String(), "the preflight of " + evil.String(),
	}
	for i, o := range obs[3:] {
		x := o.Preflight()
		if x == nil || x.Response == nil {
			return cannotTell("%s was not seen", names[3+i])
		}
		replies = append(replies, x.Response)
	}
	if !replies[0].Headers.Has(cors.HeaderAllowOrigin) {
		return cannotTell("%s was answered %d without a grant, so that nothing depends on the origin here", trusted, replies[0].Status)
	}
	same := "the grant is the same for"
	for _, g := range [][]int{{0, 1, 2}, {3, 4}} {
		ours, theirs := grantText(replies[g[0]]), grantText(replies[g[1]])
		if ours == theirs {
			continue
		}
		same = "each reply whose grant depends on the Origin says so in Vary, for"
		var missing []string
		proof := 0
		for _, i := range slices.Backward(g) {
			if !varies(replies[i]) {
				missing, proof = append(missing, names[i]), i
			}
		}
		if len(missing) > 0 {
			return violates(Low, "the grant depends on the Origin (%s gets %s, %s gets %s), but Vary: Origin is missing on %s",
				trusted, ours, evil, theirs, strings.Join(missing, " and ")).by(proof)
		}
	}
	return conforms("%s %s (%s) and %s (%s)", same, trusted, grantText(replies[0]), evil, grantText(replies[1]))
}

func varies(r *cors.Response) bool {
	return slices.ContainsFunc(r.Headers.List("Vary"), func(name string) bool { return name == "*" || strings.EqualFold(name, cors.HeaderOrigin) })
}
