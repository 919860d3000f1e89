package scenarios

import (
	"fmt"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// trustedFrontEnd is the family TRU: what the trusted front end must still do.
func trustedFrontEnd() []Scenario {
	return []Scenario{
		{
			ID:       "TRU-001",
			Title:    "A trusted origin reads every endpoint with its credential",
			Level:    Must,
			Topic:    FrontEnd,
			Guidance: []Guidance{hardeningStep("step 1"), hardeningStep("section on placement"), fetchStandard("cors-check")},
			Fix: "Add the front end's exact origin (scheme, host and port, no trailing slash) to the list of allowed ones, and allow credentials only if it uses cookies or HTTP authentication. " +
				"A cookie for a front end on another site needs SameSite=None; Secure.",
			Plan: planTrustedReads,
		},
		{
			ID:       "TRU-002",
			Title:    "A trusted origin's requests pass with every method it uses",
			Level:    Must,
			Topic:    FrontEnd,
			Guidance: []Guidance{hardeningStep("step 3"), fetchStandard("cors-preflight-fetch"), fetchStandard("methods")},
			Fix: "List the front end's methods and headers, and let OPTIONS through without a login, " +
				"in the proxy as well as in the application.",
			Plan: ofIntention(planTrustedWrites),
		},
		{
			ID:       "TRU-003",
			Title:    "A trusted origin's requests pass with every header that the policy declares",
			Level:    Must,
			Topic:    FrontEnd,
			Guidance: []Guidance{hardeningStep("step 3"), fetchStandard("cors-preflight-fetch")},
			Fix: "List the header by name in Access-Control-Allow-Headers: with credentials \"*\" is a name like any other, and covers none. " +
				"Where nginx answers OPTIONS itself, its list counts.",
			Plan: ofIntention(planTrustedHeaders),
		},
		{
			ID:       "TRU-004",
			Title:    "A trusted origin sees every response header that the policy declares as exposed",
			Level:    Should,
			Topic:    FrontEnd,
			Guidance: []Guidance{fetchStandard("http-new-header-syntax"), hardeningStep("step 3")},
			Fix:      "List the header by name in Access-Control-Expose-Headers of the reply itself, not of the preflight; with credentials \"*\" exposes nothing.",
			Plan:     ofIntention(planExposedHeaders),
		},
		{
			ID:       "TRU-005",
			Title:    "A trusted origin gets through with the token or key that it sends in a header",
			Level:    Must,
			Topic:    FrontEnd,
			Guidance: []Guidance{hardeningStep("step 2"), hardeningStep("step 3"), hardeningStep("section on placement"), fetchStandard("cors-preflight-fetch")},
			Fix:      "Allow the header by name (Authorization, X-API-Key and the like), and answer OPTIONS before the login: the preflight that asks for the token does not carry it.",
			Plan:     ofIntention(planTrustedToken),
		},
	}
}

func planTrustedReads(t Target) ([]Case, string) {
	if t.Assumed {
		return planAssumedReads(t)
	}
	if len(t.Trusted)+len(t.OtherTrusted) == 0 {
		return nil, noTrusted
	}
	var cases []Case
	for _, e := range t.Reads() {
		for _, o := range t.OtherTrusted {
			for _, c := range used(t) {
				cases = append(cases, otherTrustedRead(t, e, o, c))
			}
		}
		for _, o := range t.Trusted {
			for _, c := range used(t) {
				v := frontEnd(t, o, c)
				read, bare := v.read(e), bare(t, e)
				attempts := []Attempt{read, bare}
				uncredentialed := alone(read)
				open := !e.Private && c.Ambient() && !read.Omit
				if open {
					attempts = append(attempts, uncredentialed)
				}
				cases = append(cases, Case{
					Subject:  v.subject(e),
					Attempts: attempts,
					Judge: func(obs Observations) Judgement {
						if open {
							return judgeOpenRead(c, obs.Of(read), obs.Of(bare), obs.Of(uncredentialed))
						}
						if r := answer(obs.Of(read)); c == Anonymous && e.Private && t.Policy.Credentials == NoCredentials && r != nil && sameFailure(obs.Of(read), obs.Of(bare)) {
							return Judgement{Verdict: NotApplicable, Reason: fmt.Sprintf("The policy says that the front end sends no credential, and this endpoint is for those who do (%d).", r.Status)}
						}
						if seen := obs.Of(read); e.Private && t.homeByDefault(seen) && seen.Doubt() == nil && !seen.Blocked() &&
							(!seen.Credential.Sent || sameFailure(seen, obs.Of(bare))) {
							return cannotTell(bareCookie, o).until(LacksCookie)
						}
						j := judgeTrustedRead(e.Private, c, obs.Of(read), obs.Of(bare))
						if strings.HasPrefix(j.Fix, fixCookieStays) && o.IsLoopback() && t.Origin().IsLoopback() {
							return j.mendedBy(fmt.Sprintf(fixTwoLoopbacks, t.Origin().Host(), o.Host(), o.Host()))
						}
						return j
					},
				})
			}
		}
	}
	return planned(cases, noReads)
}

// judgeTrustedRead takes the front end's read, and one without credential and
// without Origin. private says that the endpoint's reply depends on the credential.
func judgeTrustedRead(private bool, c Credential, read, bare Observation) Judgement {
	if r := downgrade(read); r != nil && !read.Read() {
		j := violates(Low, "%s is answered %s, from https to http://, which browsers do not follow", read.Attempt.Origin(), statusText(r))
		j.Fix = fixForwardedProto
		return j
	}
	if doubt := read.Doubt(); doubt != nil {
		return inDoubt(doubt)
	}
	origin := read.Attempt.Origin()
	home := sameSiteReasons(read)
	stays := private && home != "" && (!read.Credential.Sent || sameFailure(read, bare))
	switch {
	case read.Blocked() && stays:
		return violates(Low, "Chrome kept %s from reading %s (%s), and the cookie stays home (%s): %s cannot use it",
			origin, blockedReply(read), read.Block.Reason, home, origin).mendedBy(fixCookieStays + " Then look whether the origin is on the list: this reply has no grant that counts.")
	case private && read.Stake == Refusal:
		return violates(Low, "the target answered %s with %s, while the victim's own read without an Origin still got the private reply",
			origin, statusText(read.Response())).mendedBy(fixRefusal(origin, c, read.Response()))
	case sameFailure(read, bare):
		if stays {
			return violates(Low, cookieStays, home, origin, read.Response().Status).mendedBy(fixCookieStays)
		}
		return cannotTell("%s", notAccepted(c, read)).until(LacksCredential)
	case read.Blocked():
		return violates(Low, "Chrome kept %s from reading: it blocked %s (%s; it has %s)",
			origin, blockedReply(read), read.Block.Reason, grantText(lastReply(read))).mendedBy(fixGrant(origin, read))
	case stays:
		return violates(Low, cookieStays, home, origin, read.Page.Status).mendedBy(fixCookieStays)
	case private && notInPlay(c, read) != "":
		return cannotTell("%s read the %d reply, but %s", origin, read.Page.Status, notInPlay(c, read)).until(LacksCredential)
	case !isSuccess(read.Response()):
		return cannotTell("%s could read the reply, but it was an error (%d)", origin, read.Page.Status).until(LacksSuccess)
	case read.Page.Error != "" && read.Page.Body == "" && read.Response().Body != "":
		// As where the body is not in the Content-Encoding that the reply names.
		return cannotTell("%s was granted the %d reply, but the browser could give it no body (%s)", origin, read.Page.Status, read.Page.Error).until(LacksSuccess)
	}
	return conforms("%s read the %d reply, %d bytes of body", origin, read.Page.Status, len(read.Page.Body))
}

// judgeOpenRead takes besides the read without credentials: what everybody gets can be
// asked for without any, so that a grant to every origin (*) will do.
func judgeOpenRead(c Credential, read, bare, uncredentialed Observation) Judgement {
	j := judgeTrustedRead(false, c, read, bare)
	if r := uncredentialed.Response(); j.Verdict == Violates && uncredentialed.Read() && isSuccess(r) {
		return conforms("%s read the %d reply, which is for everybody, without credentials, %d bytes of body; with them Chrome blocks it (%s)",
			read.Attempt.Origin(), r.Status, len(uncredentialed.Page.Body), read.Block.Reason).withProof(uncredentialed)
	}
	return j
}

// fixTwoLoopbacks is for a front end and an API on one machine that go by two names.
const fixTwoLoopbacks = "To a browser %s and %s are two sites, though one machine. Have the front end call the API by its own name, and examine it so (a URL with %s). " + fixCookieStays

// fixCookieStays is for a cookie that SameSite keeps home from the trusted front end.
const fixCookieStays = "Set the cookie with SameSite=None; Secure, or serve the front end from the API's own site. " +
	"Where the server does that already, give the cookie with the attributes with which the server sets it (`credentials.cookies`): a value alone is SameSite=Lax to a browser."

const cookieStays = "the cookie stays home (%s): %s cannot use it and reads what anyone without it gets (%d); " +
	"set it with SameSite=None; Secure, or serve the front end from the API's own site"

func notAccepted(c Credential, read Observation) string {
	status := read.Response().Status
	if !c.sends() || status != 401 && status != 403 {
		return fmt.Sprintf("the target answered %d, with and without an Origin", status)
	}
	return fmt.Sprintf("the victim's %s was not accepted: the target answered %d, as it does without it", c.noun(), status)
}

// otherTrustedRead asks by header for what a page of another scheme would get.
func otherTrustedRead(t Target, e Endpoint, origin string, c Credential) Case {
	read := probe(t, cors.Opaque, e, c, cors.Header{Name: cors.HeaderOrigin, Value: origin})
	return single(Subject{Endpoint: e.String(), Origin: origin, Credential: c}, read, func(o Observation) Judgement {
		if doubt := silence(o); doubt != nil {
			return inDoubt(doubt)
		}
		byHeader := byHeaderAlone(origin)
		r := answer(o)
		switch reason := cors.Check(origin, c.Ambient(), r.Headers); {
		case reason != cors.Allowed:
			return violates(Low, "the %d reply to Origin %s has %s, which a browser blocks (%s; %s)", r.Status, origin, grantText(r), reason, byHeader)
		case !isSuccess(r):
			return cannotTell("the reply to Origin %s has %s, but it was an error (%d)", origin, grantText(r), r.Status).until(LacksSuccess)
		}
		return conforms("the %d reply to Origin %s has %s (%s)", r.Status, origin, grantText(r), byHeader)
	})
}
