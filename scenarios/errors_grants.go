package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

func planModestErrors(t Target) ([]Case, string) {
	var cases []Case
	of := answeredAsErrors(anyError)
	for _, p := range provocations(t, of) {
		for _, v := range everyone(t) {
			failed := v.provoke(p.ErrorRecipe)
			read, byHand := v.successes()
			cases = append(cases, Case{
				Subject:  p.subject(v),
				Attempts: []Attempt{failed, read, byHand},
				Judge: func(obs Observations) Judgement {
					return judgeModestError(p.ErrorRecipe, obs.Of(failed), obs.Of(read), obs.Of(byHand))
				},
			})
		}
	}
	return planned(cases, noProvocations(t, of, "an error"))
}

// successes are reads, one of which should succeed: in the browser, and by hand
// with the credential that the page's own request lacks (a token, or a cookie that
// SameSite keeps home).
func (v visit) successes() (read, byHand Attempt) {
	e, c := firstRead(v.target), v.cred
	if i := slices.IndexFunc(v.target.Credentials, Credential.OfFrontEnd); c == Anonymous && i >= 0 {
		c = v.target.Credentials[i]
	}
	return v.read(e), probe(v.target, v.page, e, c, originHeader(v.page))
}

// judgeModestError takes the error, and the reads.
func judgeModestError(r ErrorRecipe, failed, read, byHand Observation) Judgement {
	if r.Unhandled && isClosed(failed) {
		return noReply
	}
	succeeded := read
	if !isSuccess(answer(read)) && isSuccess(answer(byHand)) {
		succeeded = byHand
	}
	if doubt := silence(failed); doubt != nil {
		return inDoubt(doubt)
	}
	origin, e, s := failed.Attempt.Origin(), answer(failed), answer(succeeded)
	if failed.Block.Reason.IsPreflight() && !failed.Attempt.Trusted {
		return conforms("the preflight of %s was refused, so that no error was provoked (%s)", origin, failed.Block.Reason)
	}
	if e == nil || e.Status < 400 || failed.Attempt.Trusted && e.Status != r.Status {
		return unmet(r, unprovoked(r.Status, failed))
	}
	if len(grantsBeyond(origin, e, &cors.Response{})) == 0 && len(listsBeyond(e, &cors.Response{})) == 0 {
		return conforms("the %d reply to %s grants nothing", e.Status, origin)
	}
	if !isSuccess(s) {
		return unmet(r, fmt.Sprintf("the %d reply to %s has %s, and there is no success to compare it with: %s", e.Status, origin, grantText(e), whyNoSuccess(succeeded)))
	}
	if failed.Attempt.Trusted && grantTo(origin, e) > nothing && grantTo(origin, s) == nothing {
		return conforms("the %d reply has %s for %s, which should have it; it is the success that has not (%s)", e.Status, grantText(e), origin, grantText(s))
	}
	if extra := grantsBeyond(origin, e, s); len(extra) > 0 {
		return violates(Low, "the %d reply to %s has %s, which a success has not (%s)", e.Status, origin, strings.Join(extra, ", "), grantText(s))
	}
	if extra := listsBeyond(e, s); len(extra) > 0 {
		return violates(Low, "the %d reply to %s has %s, which a success has not; but it is no preflight's, so that browsers do not look at it",
			e.Status, origin, strings.Join(extra, ", ")).binding(Info)
	}
	return conforms("the %d reply to %s grants no more (%s) than the %d does (%s)", e.Status, origin, grantText(e), s.Status, grantText(s))
}

// beyond lists what the answer e to a preflight grants to the origin and s does not.
func beyond(origin cors.Origin, e, s *cors.Response) []string {
	return append(grantsBeyond(origin, e, s), listsBeyond(e, s)...)
}

// grantsBeyond lists what e lets the origin read and s does not. A success that says it
// twice, which voids it, means to grant all the same.
func grantsBeyond(origin cors.Origin, e, s *cors.Response) []string {
	s = &cors.Response{Headers: once(s.Headers)}
	switch {
	case grantTo(origin, e) > grantTo(origin, s):
		return []string{grantText(e)}
	case hasLine(e, cors.HeaderAllowCredentials, "true") && !hasLine(s, cors.HeaderAllowCredentials, "true"):
		return []string{"Access-Control-Allow-Credentials: true"}
	}
	return nil
}

// listsBeyond are the lists that allow everything in e and not in s. They mean something
// in the answer to a preflight alone.
func listsBeyond(e, s *cors.Response) []string {
	var extra []string
	for _, name := range []string{cors.HeaderAllowMethods, cors.HeaderAllowHeaders} {
		if e.Headers.ListHas(name, "*") && !s.Headers.ListHas(name, "*") {
			extra = append(extra, name+": *")
		}
	}
	return extra
}

// once leaves out lines that repeat an earlier one; the case of names does not matter.
func once(h cors.Headers) cors.Headers {
	var kept cors.Headers
	for _, l := range h {
		if !slices.ContainsFunc(kept, func(k cors.Header) bool { return strings.EqualFold(k.Name, l.Name) && k.Value == l.Value }) {
			kept = append(kept, l)
		}
	}
	return kept
}

func whyNoSuccess(o Observation) string {
	if r := o.Response(); r != nil {
		return "it was answered " + statusText(r)
	}
	if why := o.Inconclusive(); why != "" {
		return why
	}
	return "it was refused (" + string(o.Block.Reason) + ")"
}
