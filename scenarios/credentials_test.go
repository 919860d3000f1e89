package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// answers are a read and the same with a preflight, as judges of headers take
// them.
func answers(v visit, read, preflighted *cors.Response) []Observation {
	a, asked := v.read(privateRead), v.preflighted(privateRead)
	return []Observation{
		blockedFrom(a, cors.MissingAllowOriginHeader, read),
		refusedTo(asked, cors.PreflightMissingAllowOriginHeader, preflighted),
	}
}

func TestJudgeNoAllowCredentials(t *testing.T) {
	v := attack(oneEndpoint(Bearer), Anonymous)
	plain := reply(200, "")
	rule(t, byKey(func(obs Observations) Judgement { return judgeNoAllowCredentials(nil, obs) }), []ruling{
		{name: "absent", obs: answers(v, plain, plain), verdict: Conforms, reason: "https://evil.test seen: 2"},
		{name: "alone", obs: answers(v, reply(200, "", withCredentials), plain), verdict: Violates, severity: Low, level: Should, reason: "200 reply to GET"},
		{name: "beside an echo", obs: answers(v, reply(200, "", echoed...), plain), verdict: Violates, severity: Low, level: "none", reason: "200 reply to GET"},
		{name: "in the preflight", obs: answers(v, plain, reply(204, "", withCredentials)), verdict: Violates, severity: Low, proof: 1, reason: "204 reply to OPTIONS"},
		{name: "one silent", obs: []Observation{answers(v, plain, plain)[0], broken(v.preflighted(privateRead))}, verdict: CannotTell},
	})
}

func TestJudgeCredentialsSyntax(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	good := reply(200, "", withCredentials)
	rule(t, byKey(judgeCredentialsSyntax), []ruling{
		{name: "true or absent", obs: answers(v, good, reply(200, "")), verdict: Conforms},
		{name: "upper case", obs: answers(v, reply(200, "", cors.HeaderAllowCredentials+": True"), good), verdict: Violates, severity: Low, level: Should, reason: `"True"`},
		{name: "false", obs: answers(v, good, reply(200, "", cors.HeaderAllowCredentials+": false")), verdict: Violates, severity: Low, proof: 1},
		{name: "two lines", obs: answers(v, reply(200, "", withCredentials, withCredentials), good), verdict: Violates, severity: Low, reason: "2 lines"},
		{name: "no answer", obs: []Observation{localNetworkBlock(v.read(privateRead))}, verdict: CannotTell},
	})
}

func TestJudgeUntrustedCredentials(t *testing.T) {
	v := attack(oneEndpoint(Cookie), Cookie)
	blocked := func(r *cors.Response) func(Attempt) Observation {
		return func(a Attempt) Observation { return blockedFrom(a, cors.MissingAllowOriginHeader, r) }
	}
	judge := func(obs []Observation) Judgement {
		return judgeUntrustedCredentials(onReads(Cookie, High, obs)[0], v.target.Trusted)
	}
	rule(t, judge, []ruling{
		{name: "none", obs: stolen(v, blocked(reply(200, privateBody)), denied, denied, denied), verdict: Conforms},
		{name: "alone", obs: stolen(v, blocked(reply(200, privateBody, withCredentials)), denied, denied, denied),
			verdict: Violates, severity: Low, reason: "does no harm"},
		{name: "with the wildcard", obs: stolen(v, blocked(reply(200, privateBody, allowOrigin("*"), withCredentials)), denied, denied, denied),
			verdict: Violates, severity: Low, reason: "does no harm"},
		{name: "null for nobody", obs: stolen(v, blocked(reply(200, privateBody, allowOrigin("null"), withCredentials)), denied, denied, denied),
			verdict: Violates, severity: Low, reason: "a grant to the pages of origin null (see NUL-001)"},
		{name: "stolen", obs: stolen(v, func(a Attempt) Observation { return readBy(a, private) }, denied, denied, private), verdict: Violates, severity: High},
		{name: "only SameSite", obs: stolen(v, func(a Attempt) Observation {
			return keeping("SameSiteLax", readBy(a, reply(401, deniedBody, echoed...)))
		}, denied, denied, private), verdict: Violates, severity: Medium, reason: `Allow-Origin "https://evil.test" and Allow-Credentials "true"`},
		{name: "nothing private", obs: stolen(v, func(a Attempt) Observation { return readBy(a, private) }, private, private, private), verdict: Violates, severity: Low},
		{name: "no answer", obs: stolen(v, localNetworkBlock, denied, denied, denied), verdict: CannotTell},
		{name: "only a preflight", obs: stolen(v, func(a Attempt) Observation {
			return refusedTo(a, cors.PreflightMissingAllowOriginHeader, denied)
		}, denied, denied, denied), verdict: CannotTell},
		{name: "only a preflight, and refused by hand for the Origin", obs: stolen(v, func(a Attempt) Observation {
			return refusedTo(a, cors.PreflightMissingAllowOriginHeader, denied)
		}, denied, denied, reply(403, "Invalid Origin")), verdict: Conforms, reason: "the 403 reply"},
		{name: "only a preflight, and limited by hand", obs: stolen(v, func(a Attempt) Observation {
			return refusedTo(a, cors.PreflightMissingAllowOriginHeader, denied)
		}, denied, denied, reply(429, "")), verdict: CannotTell},
	})
	// What grants nobody anything is advice; anything else binds.
	for _, tt := range []struct {
		lines []string
		want  Level
	}{
		{[]string{withCredentials}, Should},
		{[]string{allowOrigin(trustedOrigin), withCredentials}, Should},
		{[]string{allowOrigin("https?://.*"), withCredentials}, Should},
		{[]string{allowOrigin("*"), withCredentials}, Should}, // which browsers refuse, and WLD-004 is about
		{[]string{allowOrigin("https://other.test"), withCredentials}, ""},
		{[]string{allowOrigin(trustedOrigin), allowOrigin("https://other.test"), withCredentials}, Should},
		{[]string{allowOrigin("https://other.test"), allowOrigin("https://third.test"), withCredentials}, Should},
		{[]string{allowOrigin(trustedOrigin + ", https://other.test"), withCredentials}, Should},
		{[]string{allowOrigin(trustedOrigin + "/"), withCredentials}, Should},
		{echoed, ""},
	} {
		obs := stolen(v, blocked(reply(200, privateBody, tt.lines...)), denied, denied, denied)
		if j := judge(obs); j.Verdict != Violates || j.Level != tt.want {
			t.Errorf("%q: %+v", tt.lines, j)
		}
	}
}

// A declaration that no credentials are needed makes CRD-003 binding for a victim
// who has some all the same.
func TestDeclaredWithoutCredentials(t *testing.T) {
	target := Target{
		URL:         "https://api.example.com",
		Credentials: []Credential{Cookie},
		Endpoints:   []Endpoint{{Method: "GET", Path: "/a", Private: true}},
	}
	if cases, _ := planBearerOnly(target); len(cases) != 0 {
		t.Errorf("%d cases without a declaration", len(cases))
	}
	target.Policy.Credentials = NoCredentials
	if cases, why := planBearerOnly(target); len(cases) == 0 {
		t.Errorf("no cases: %s", why)
	}
}
