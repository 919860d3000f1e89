package scenarios

import "github.com/crossexam/crossexam/cors"

// A byReferer asks whether it is the Referer that a grant follows, which browsers send with
// the page's origin in it, and not the Origin header.
type byReferer struct{ without, with Attempt }

// byReferer are the two requests by hand that show it for a read by this page.
func (v visit) byReferer(e Endpoint) byReferer {
	line := cors.Header{Name: "Referer", Value: v.page.String() + "/"}
	return byReferer{
		without: probe(v.target, v.page, e, v.cred, originHeader(v.page)),
		with:    probe(v.target, v.page, e, v.cred, originHeader(v.page), line),
	}
}

// more are both where one of the reads was granted.
func (b byReferer) more(reads []Attempt, obs Observations) []Attempt {
	for _, read := range reads {
		if obs.Of(read).Read() {
			return []Attempt{b.without, b.with}
		}
	}
	return nil
}

// judge adds to a violation that the grant follows the Referer, where it does.
func (b byReferer) judge(j Judgement, v visit, obs Observations) Judgement {
	if j.Verdict != Violates || !obs.has(b.without) || !obs.has(b.with) {
		return j
	}
	without, with := answer(obs.Of(b.without)), answer(obs.Of(b.with))
	if without == nil || Grants(v.page, v.cred, without) || !Grants(v.page, v.cred, with) {
		return j
	}
	j = j.withRule(Rule{Kind: EchoRule, referer: true})
	return j.mendedBy("Take the Referer header out of what decides who is granted: it names whichever page asks. Compare the whole Origin header with a list of the front end's origins, and answer with the origin of that list.")
}
