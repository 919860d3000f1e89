package scenarios

import (
	"testing"

	"github.com/crossexam/crossexam/cors"
)

func TestJudgeTrustedRead(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a, without := v.read(privateRead), bare(v.target, privateRead)
	granted := func(status int) *cors.Response {
		return reply(status, privateBody, allowOrigin(trustedOrigin), withCredentials)
	}
	obs := func(read Observation, bare *cors.Response) []Observation {
		return []Observation{read, answeredTo(without, bare)}
	}
	judge := func(private bool, c Credential, obs []Observation) Judgement {
		return judgeTrustedRead(private, c, obs[0], obs[1])
	}
	rule(t, func(obs []Observation) Judgement { return judge(true, Cookie, obs) }, []ruling{
		{name: "read", obs: obs(readBy(a, granted(200)), denied), verdict: Conforms, reason: "https://app.example.org read the 200 reply, 18 bytes"},
		{name: "blocked", obs: obs(blockedFrom(a, cors.MissingAllowOriginHeader, reply(200, privateBody)), denied),
			verdict: Violates, severity: Low, reason: "it blocked the 200 reply (MissingAllowOriginHeader; it has no grant)"},
		{name: "origin refused", obs: obs(blockedFrom(a, cors.MissingAllowOriginHeader, reply(403, "")), denied), verdict: Violates, severity: Low, reason: "403"},
		{name: "preflight refused", obs: obs(refusedTo(a, cors.PreflightMissingAllowOriginHeader, reply(400, "")), denied),
			verdict: Violates, severity: Low, reason: "the preflight's 400"},
		{name: "cookie at home, blocked", obs: obs(keeping("SameSiteLax", blockedFrom(a, cors.MissingAllowOriginHeader, denied)), denied),
			verdict: Violates, severity: Low, reason: "the cookie stays home (SameSiteLax): https://app.example.org cannot use it"},
		{name: "cookie at home, refused", obs: obs(keeping("SameSiteLax", readBy(a, granted(401))), denied),
			verdict: Violates, severity: Low, reason: "SameSite=None; Secure"},
		{name: "cookie at home, anonymous", obs: obs(keeping("SameSiteLax", readBy(a, granted(200))), reply(200, "hello")),
			verdict: Violates, severity: Low, reason: "reads what anyone without it gets (200)"},
		{name: "not accepted", obs: obs(readBy(a, granted(401)), denied), verdict: CannotTell, reason: "the victim's cookie was not accepted: the target answered 401"},
		{name: "not accepted, blocked", obs: obs(blockedFrom(a, cors.MissingAllowOriginHeader, denied), denied), verdict: CannotTell, reason: "was not accepted"},
		{name: "no such endpoint", obs: obs(readBy(a, granted(404)), reply(404, "")), verdict: CannotTell, reason: "answered 404"},
		{name: "another error", obs: obs(readBy(a, granted(500)), denied), verdict: CannotTell, reason: "an error (500)"},
		{name: "not in play", obs: obs(lacking(readBy(a, granted(200))), denied), verdict: CannotTell, reason: "not in play"},
		{name: "broken off", obs: obs(readBy(a, brokenOff(granted(200))), denied), verdict: CannotTell, reason: "in the middle of the body"},
		{name: "no end", obs: obs(readBy(a, unended(granted(200))), denied), verdict: CannotTell, reason: "did not end"},
		{name: "no body", obs: obs(bodiless(readBy(a, granted(200))), denied), verdict: CannotTell, reason: "no body (TypeError: network error)"},
		{name: "fault", obs: obs(broken(a), denied), verdict: CannotTell},
	})
	for name, j := range map[string]Judgement{
		"an open endpoint needs no cookie": judge(false, Cookie, obs(keeping("SameSiteLax", readBy(a, granted(200))), granted(200))),
		"another cookie stays home":        judge(true, Cookie, obs(parting(readBy(a, granted(200))), denied)),
		"a token is no ambient credential": judge(true, Bearer, obs(readBy(frontEnd(v.target, v.page, Bearer).read(privateRead), granted(200)), denied)),
		"no credential is needed":          judge(true, Network, obs(readBy(a, granted(200)), granted(200))),
	} {
		if j.Verdict != Conforms {
			t.Errorf("%s: %+v", name, j)
		}
	}
}

// What everybody gets is readable by a grant to everybody, though not with credentials.
func TestReadsOfWhatIsOpen(t *testing.T) {
	target := oneEndpoint(Cookie)
	target.Endpoints[0].Private = false
	cases, _ := planTrustedReads(target)
	if len(cases) != 1 || len(cases[0].Attempts) != 3 || !cases[0].Attempts[2].Omit || !cases[0].Attempts[2].Trusted {
		t.Fatalf("%+v", cases)
	}
	as, star := cases[0].Attempts, reply(200, "brand", allowOrigin("*"))
	judge := func(plain Observation) Verdict {
		with := blockedFrom(as[0], cors.WildcardOriginNotAllowed, star)
		return cases[0].Judge(NewObservations([]Observation{with, answeredTo(as[1], star), plain})).Verdict
	}
	for want, plain := range map[Verdict]Observation{
		Conforms: readBy(as[2], star),
		Violates: blockedFrom(as[2], cors.MissingAllowOriginHeader, reply(200, "brand")),
	} {
		if got := judge(plain); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// A front end that needs no credentials by the policy is asked for no reads with a cookie.
func TestReadsOfAFrontEndWithoutCredentials(t *testing.T) {
	target := oneEndpoint(Cookie, Bearer)
	target.Policy.Credentials = NoCredentials
	cases, _ := planTrustedReads(target)
	if len(cases) != 1 || cases[0].Subject.Credential != Bearer || !cases[0].Attempts[0].Omit {
		t.Errorf("with a token besides: %+v", cases)
	}
	target = oneEndpoint(Cookie)
	target.Policy.Credentials = NoCredentials
	cases, _ = planTrustedReads(target)
	if len(cases) != 1 || cases[0].Subject.Credential != Anonymous || !cases[0].Attempts[0].Omit {
		t.Fatalf("a cookie alone: %+v", cases)
	}
	as := cases[0].Attempts
	judge := func(read Observation, bare *cors.Response) Verdict {
		return cases[0].Judge(NewObservations([]Observation{read, answeredTo(as[1], bare)})).Verdict
	}
	if got := judge(blockedFrom(as[0], cors.MissingAllowOriginHeader, denied), denied); got != NotApplicable {
		t.Errorf("what it cannot have is judged %s", got)
	}
	if got := judge(blockedFrom(as[0], cors.MissingAllowOriginHeader, reply(200, "")), reply(200, "")); got != Violates {
		t.Errorf("what it can have is judged %s", got)
	}
	certified := oneEndpoint(ClientCert)
	certified.Policy.Credentials = NoCredentials
	if a := frontEnd(certified, certified.Trusted[0], used(certified)[0]).read(privateRead); a.Identity != ClientCert || !a.Omit {
		t.Errorf("Chrome presents a certificate uninvited: %+v", a)
	}
}

func TestRedirectsToHTTP(t *testing.T) {
	v := frontEnd(oneEndpoint(Cookie), cors.MustParseOrigin(trustedOrigin), Cookie)
	a := v.read(privateRead)
	for location, want := range map[string]Verdict{
		"http://api.example.com/api/notebooks/":  Violates,
		"https://api.example.com/api/notebooks/": CannotTell,
		"http://login.example.net/":              CannotTell,
	} {
		o := observe(a, sent(a, reply(307, "", "Location: "+location, allowOrigin(trustedOrigin), withCredentials)))
		o.Block.Network = "mixed-content"
		if j := judgeTrustedRead(true, Cookie, o, answeredTo(bare(v.target, privateRead), denied)); j.Verdict != want || (j.Fix == fixForwardedProto) != (want == Violates) {
			t.Errorf("%s: %+v", location, j)
		}
	}
}

// bodiless is a read whose body the browser could not decode.
func bodiless(o Observation) Observation {
	page := *o.Page
	page.Body, page.Error = "", "TypeError: network error"
	o.Page = &page
	return o
}

// unended is a reply whose body did not end in time.
func unended(r *cors.Response) *cors.Response {
	r.Truncated, r.Unended = true, true
	return r
}

// brokenOff is a reply whose body the target ended too early.
func brokenOff(r *cors.Response) *cors.Response {
	r.Truncated, r.Broken = true, true
	return r
}
