package scenarios

import "testing"

func TestJudgeSessionCookies(t *testing.T) {
	a := attack(oneEndpoint(Cookie), Cookie).read(privateRead)
	keeps := func(cs ...CookieAttributes) []Observation {
		o := readBy(a, reply(200, ""))
		o.Cookies = cs
		return []Observation{o}
	}
	good := CookieAttributes{Name: "session", SameSite: "Lax", Secure: true, HTTPOnly: true}
	none := CookieAttributes{Name: "session", SameSite: "None", Secure: true, HTTPOnly: true}
	rule(t, ofOne(func(o Observation) Judgement { return judgeSessionCookies(false, nil, o) }), []ruling{
		{name: "good", obs: keeps(good), verdict: Conforms, reason: `"session", Secure, HttpOnly, SameSite=Lax`},
		{name: "unset", obs: keeps(CookieAttributes{Name: "session", Secure: true, HTTPOnly: true}), verdict: Conforms, reason: "takes for Lax"},
		{name: "a token for scripts", obs: keeps(good, CookieAttributes{Name: "XSRF-TOKEN", SameSite: "Lax", Secure: true}), verdict: Conforms},
		{name: "not Secure", obs: keeps(good, CookieAttributes{Name: "lang", SameSite: "Lax", HTTPOnly: true}), verdict: Violates, severity: Low, reason: `"lang" is not Secure`},
		{name: "not HttpOnly", obs: keeps(CookieAttributes{Name: "session", Secure: true}), verdict: Violates, severity: Low, reason: "not HttpOnly"},
		{name: "across sites", obs: keeps(none), verdict: Violates, severity: Low, reason: "SameSite=None"},
		{name: "no cookie", obs: keeps(), verdict: CannotTell},
		{name: "no page", obs: []Observation{broken(a)}, verdict: CannotTell, reason: "could not be opened"},
	})
	if j := judgeSessionCookies(true, nil, keeps(none)[0]); j.Verdict != Conforms {
		t.Errorf("declared to travel across sites: %+v", j)
	}
}
