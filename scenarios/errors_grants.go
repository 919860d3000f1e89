package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

func planModestErrors(t Target) ([]Case, string) {
	var cases []Case
	for _, p := range provocations(t, anyError) {
		for _, v := range everyone(t) {
			failed := v.provoke(p.ErrorRecipe)
			read, byHand := v.successes()
			cases = append(cases, Case{
				Subject:  p.subject(v),
				Attempts: []Attempt{failed, read, byHand},
				Judge: func(obs Observations) Judgement {
					return judgeModestError(p.Status, obs.Of(failed), obs.Of(read), obs.Of(byHand))
				},
			})
		}
	}
	return planned(cases, noProvocations(t, anyError, "an error"))
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
func judgeModestError(want int, failed, read, byHand Observation) Judgement {
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
	if e == nil || e.Status < 400 || failed.Attempt.Trusted && e.Status != want {
		return cannotTell("%s", unprovoked(want, failed))
	}
	extra := beyond(origin, e, &cors.Response{})
	if len(extra) == 0 {
		return conforms("the %d reply to %s grants nothing", e.Status, origin)
	}
	if !isSuccess(s) {
		return cannotTell("the %d reply to %s has %s, and there is no success to compare it with: %s",
			e.Status, origin, strings.Join(extra, ", "), whyNoSuccess(succeeded))
	}
	if extra = beyond(origin, e, s); len(extra) > 0 {
		return violates(Low, "the %d reply to %s has %s, which a success has not (%s)", e.Status, origin, strings.Join(extra, ", "), grantText(s))
	}
	return conforms("the %d reply to %s grants no more (%s) than the %d does (%s)", e.Status, origin, grantText(e), s.Status, grantText(s))
}

// beyond lists what the error grants to the origin and the success does not. A
// success that says it twice, which voids it, means to grant all the same.
func beyond(origin cors.Origin, e, s *cors.Response) []string {
	s = &cors.Response{Headers: once(s.Headers)}
	var extra []string
	if grantTo(origin, e) > grantTo(origin, s) {
		extra = append(extra, grantText(e))
	} else if hasLine(e, cors.HeaderAllowCredentials, "true") && !hasLine(s, cors.HeaderAllowCredentials, "true") {
		extra = append(extra, "Access-Control-Allow-Credentials: true")
	}
	for _, name := range []string{cors.HeaderAllowMethods, cors.HeaderAllowHeaders} {
		if e.Headers.ListHas(name, "*") && !s.Headers.ListHas(name, "*") {
			extra = append(extra, name+": *")
		}
	}
	return extra
}

// once leaves out lines that repeat an earlier one.
func once(h cors.Headers) cors.Headers {
	var kept cors.Headers
	for _, l := range h {
		if !slices.Contains(kept, l) {
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
