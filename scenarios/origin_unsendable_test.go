package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeUnsendable(t *testing.T) {
	target := trusting("https://api.notebook.test", "https://notebook.example.com")
	cases, _ := planUnsendable(target)
	as := cases[0].Attempts
	// answers returns the reply for the probe with this index, and no grant to others.
	answers := func(which int, r *cors.Response, other func(Attempt) Observation) []Observation {
		var obs []Observation
		for i, a := range as[:len(as)-1] {
			if i == which {
				obs = append(obs, answeredTo(a, r))
			} else {
				obs = append(obs, answeredTo(a, reply(200, privateBody)))
			}
		}
		return append(obs, other(as[len(as)-1]))
	}
	blocks := func(a Attempt) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, denied) }
	trusted := reply(200, "", allowOrigin("https://notebook.example.com"), withCredentials)
	silent := answers(-1, nil, blocks)
	silent[3] = broken(as[3])
	rule(t, byKey(cases[0].Judge), []ruling{
		{name: "none", obs: answers(-1, nil, blocks), verdict: Conforms, reason: "none of 7"},
		{name: "the trusted origin itself", obs: answers(5, trusted, blocks), verdict: Conforms},
		{name: "upper case", obs: answers(0, reply(200, "", allowOrigin("https://NOTEBOOK.EXAMPLE.COM")), blocks), verdict: Violates, severity: Low,
			reason: `Origin "https://NOTEBOOK.EXAMPLE.COM"`},
		{name: "a list", obs: answers(3, reply(200, "", allowOrigin("https://notebook.example.com, https://evil.test")), blocks), verdict: Violates, severity: Low, proof: 3},
		{name: "the second line", obs: answers(5, reply(200, "", allowOrigin("https://evil.test")), blocks), verdict: Violates, severity: Low, proof: 5,
			reason: `"https://notebook.example.com" and "https://evil.test"`},
		{name: "everything", obs: answers(0, reply(200, "", allowOrigin("https://NOTEBOOK.EXAMPLE.COM")), func(a Attempt) Observation { return readBy(a, private) }),
			verdict: Violates, severity: Low, reason: "echoes every origin (see WLD-001"},
		{name: "one unanswered", obs: silent, verdict: CannotTell},
	})
}
