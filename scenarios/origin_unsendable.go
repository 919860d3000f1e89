package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// unsendable are Origin lines that hold a trusted origin in a form that no
// browser sends. Other clients have no victim's credential to send along, so that
// these show a loose comparison and no attack.
func unsendable(o cors.Origin) []cors.Headers {
	line := func(value string) cors.Header { return cors.Header{Name: cors.HeaderOrigin, Value: value} }
	trusted, evil := o.String(), "https://"+bad
	return []cors.Headers{
		{line(o.Scheme() + "://" + strings.ToUpper(strings.TrimPrefix(trusted, o.Scheme()+"://")))},
		{line(o.Scheme() + "://crossexam@" + strings.TrimPrefix(trusted, o.Scheme()+"://"))},
		{line(trusted + "/")},
		{line(trusted + ", " + evil)},
		{line(evil + " " + trusted)},
		{line(trusted), line(evil)},
		{line(evil), line(trusted)},
	}
}

func planUnsendable(t Target) ([]Case, string) {
	all, why := prizes(t)
	if why != "" {
		return nil, why
	}
	var cases []Case
	for _, p := range all {
		for _, o := range t.Trusted {
			if !o.IsOpaque() {
				cases = append(cases, unsendableCase(t, p, o))
			}
		}
	}
	return planned(cases, noTrusted)
}

func unsendableCase(t Target, p prize, o cors.Origin) Case {
	var probes []Attempt
	for _, lines := range unsendable(o) {
		if lines[0] != originHeader(o) || len(lines) > 1 { // an address has no upper case
			probes = append(probes, probe(t, o, p.endpoint, p.cred, lines...))
		}
	}
	other := attack(t, p.cred).read(p.endpoint)
	return Case{
		Subject:  Subject{Endpoint: p.endpoint.String(), Origin: o.String(), Credential: p.cred},
		Attempts: append(slices.Clone(probes), other),
		Judge:    func(obs Observations) Judgement { return judgeUnsendable(obs.each(probes), obs.Of(other)) },
	}
}

// judgeUnsendable takes the probes, and then the read of the arbitrary origin's
// page. A grant to the trusted origin itself, whatever was sent, does no harm.
func judgeUnsendable(probes []Observation, other Observation) Judgement {
	for _, o := range probes {
		r := answer(o)
		if r == nil || !echoesUnsendable(o.Attempt.Headers, r) {
			continue
		}
		j := violates(Low, "the %d reply to Origin %s has %s, which no browser sends", r.Status, originLines(o.Attempt.Headers), grantText(r)).withProof(o)
		return j.ifEchoed(other, Anonymous)
	}
	if doubt := silence(probes...); doubt != nil {
		return inDoubt(doubt)
	}
	return conforms("none of %d spellings that no browser sends is granted", len(probes))
}

// echoesUnsendable reports whether a line of the grant is the spelling that was
// sent, or the attacker's part of it.
func echoesUnsendable(asked cors.Headers, r *cors.Response) bool {
	for _, granted := range r.Headers.Values(cors.HeaderAllowOrigin) {
		if len(asked) == 1 && granted == asked[0].Value || strings.Contains(granted, bad) {
			return true
		}
	}
	return false
}

func originLines(lines cors.Headers) string {
	var quoted []string
	for _, value := range lines.Values(cors.HeaderOrigin) {
		quoted = append(quoted, quote(value))
	}
	return strings.Join(quoted, " and ")
}
