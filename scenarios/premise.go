package scenarios

import (
	"slices"

	"github.com/crossexam/crossexam/cors"
)

// A Premise is what was found out about one endpoint and one credential before any
// verdict: what a stranger gets there, what the victim gets, and the witness that
// tells the two replies apart. Only where it holds is the endpoint private.
type Premise struct {
	Endpoint   string     `json:"endpoint"` // "GET /api/notebooks"
	Credential Credential `json:"credential,omitempty"`
	Finding    Finding    `json:"finding"`
	// Stranger and Victim are the replies without and with the credential; Status is
	// 0 where there was none.
	Stranger Reply   `json:"stranger"`
	Victim   Reply   `json:"victim"`
	Witness  Witness `json:"witness"`
	// NoCookie says that the victim's login set no cookie.
	NoCookie bool `json:"no_cookie,omitempty"`
	// NoCookieHere says that the victim has cookies, and that none is for this URL, by
	// Path or Domain, so that a browser sends none there; Expired that their time is over.
	NoCookieHere bool `json:"no_cookie_here,omitempty"`
	Expired      bool `json:"cookies_expired,omitempty"`
	// CookiesRefused are those of the victim's cookies that no browser keeps, each with
	// the reason, such as "`session` (SameSite=None without Secure)".
	CookiesRefused []string `json:"cookies_refused,omitempty"`
	// Origin is that of a front end with which the replies were asked for, because the
	// target refuses requests without one; empty where none was needed.
	Origin string `json:"origin,omitempty"`
	// From is the path that was to be examined, from which the target redirects the victim
	// to that of the endpoint; empty where it is the endpoint's own.
	From string `json:"from,omitempty"`
}

// Finding is what the replies to the stranger and to the victim come to.
type Finding string

// A premise holds where the finding is Private or PrivateByNetwork.
const (
	// Private says that the victim's credential opens what a stranger does not get.
	Private Finding = "private"
	// PrivateByNetwork says that the reply is data, that no login is asked for, and
	// that a place in the victim's network is all it takes to get it.
	PrivateByNetwork Finding = "private-by-network"
	// Open says that a stranger gets the same.
	Open Finding = "open"
	// CredentialRefused says that the credential opens nothing: the victim gets the refusal that
	// a stranger gets, or another.
	CredentialRefused Finding = "refused"
	// LoginNeeded says that the target asks for a login, and that no credential was given.
	LoginNeeded Finding = "login-needed"
	// Ended says that the credential was good once and no more: the session ended, or
	// each reply sets another.
	Ended Finding = "session-ended"
	// Redirected says that the victim is sent elsewhere, as to a login.
	Redirected Finding = "redirected"
	// Missing says that there is nothing at this path for the victim.
	Missing Finding = "missing"
	// Failing says that the target answers the victim with an error of its own.
	Failing Finding = "failing"
	// Unsteady says that replies differ from each other by themselves, so that no
	// difference between victim and stranger can be shown.
	Unsteady Finding = "unsteady"
	// NoData says that the reply is a page or a word on the service's health, and no
	// data.
	NoData Finding = "no-data"
	// Alike says that the reply is the one to every path, known or not.
	Alike Finding = "answers-alike"
	// SecretInURL says that a credential in the URL opens the endpoint, which no page of an
	// attacker knows, so that none can ask for it.
	SecretInURL Finding = "secret-in-url"
	// Silent says that the target did not answer.
	Silent Finding = "silent"
	// Limited says that a limiter answered in the target's place.
	Limited Finding = "rate-limited"
)

// Holds reports whether the endpoint is private to this credential.
func (p Premise) Holds() bool { return p.Finding == Private || p.Finding == PrivateByNetwork }

// Premise returns what was found out about an endpoint and a credential; false where
// nobody asked.
func (t Target) Premise(e Endpoint, c Credential) (Premise, bool) {
	i := slices.IndexFunc(t.Premises, func(p Premise) bool { return p.Endpoint == e.String() && p.Credential == c })
	if i < 0 {
		return Premise{}, false
	}
	return t.Premises[i], true
}

// AtStake returns the premise of the private endpoint that an attempt asks for as the
// victim; false where it asks for something else, as a stranger, or where no premise
// holds.
func (t Target) AtStake(a Attempt) (Endpoint, Premise, bool) {
	c := Together(without(a.Identity.Kinds(), AnyCookie)...)
	if c == Anonymous && a.Omit {
		c = Network
	}
	e, ok := t.EndpointOf(a.Method, a.URL, a.Body, a.Headers)
	if !ok {
		e, ok = t.namedIn(a)
	}
	if !ok || !e.Private {
		return Endpoint{}, Premise{}, false
	}
	p, ok := t.Premise(e, c)
	return e, p, ok && p.Holds()
}

// Asked are the replies on which a premise rests: the victim's, then the stranger's,
// then the victim's again. A reply is nil where the target gave none.
type Asked struct {
	Victim, Stranger, Again *cors.Response
	// Unknown is the reply to a path that nothing on the target knows, asked for as the
	// victim; nil where that was not asked, because the victim's reply was no success or
	// is not a stranger's too.
	Unknown *cors.Response
	// Bare is the reply to the victim without the credentials that stand in the URL; nil
	// where there are none.
	Bare *cors.Response
	// Shut says that the target breaks off TLS without the client certificate, so that
	// a stranger gets no reply at all.
	Shut bool
	// Named says that the operator named the endpoint, whose reply then is taken for
	// data unless it is a page; Declared that the operator said too that a place in the
	// network opens it, so that a page counts as well.
	Named, Declared bool
	// These are those of the [Premise].
	NoCookie, NoCookieHere, Expired bool
	CookiesRefused                  []string
	Origin                          string
}

// NewPremise compares the replies of one endpoint. The credential Anonymous says that
// the victim has none and that a place in the network is not enough either.
func NewPremise(e Endpoint, c Credential, asked Asked) Premise {
	p := Premise{
		Endpoint: e.String(), Credential: c,
		Victim: replyOf(asked.Victim), Stranger: replyOf(asked.Stranger),
		NoCookie: asked.NoCookie, NoCookieHere: asked.NoCookieHere, Expired: asked.Expired, CookiesRefused: asked.CookiesRefused, Origin: asked.Origin,
	}
	p.Finding, p.Witness = compare(c, asked)
	if p.Finding == Open || p.Finding == NoData {
		if asked.Unknown != nil && alike(asked.Unknown, asked.Victim, asked.Again) {
			p.Finding = Alike
		}
	}
	return p
}

// compare finds out what the replies say of the endpoint, and what tells a private one
// from others.
func compare(c Credential, asked Asked) (Finding, Witness) {
	if why := noPrivateReply(c, asked); why != "" {
		return why, Witness{}
	}
	switch c {
	case Network:
		return withoutLogin(asked)
	case Anonymous:
		return Open, Witness{}
	}
	return againstStranger(asked)
}

// noPrivateReply is the finding where the victim got none that could be private, twice;
// empty where it did.
func noPrivateReply(c Credential, asked Asked) Finding {
	victim, again := asked.Victim, asked.Again
	switch {
	case victim == nil:
		return Silent
	case victim.IsLimited():
		return Limited
	case victim.Status >= 500:
		return Failing
	case victim.Status >= 300 && victim.Status <= 399:
		return Redirected
	case victim.Status == 401 || victim.Status == 403 || victim.Status == 407:
		if c == Network || c == Anonymous {
			return LoginNeeded
		}
		return CredentialRefused
	case victim.Status >= 400:
		return Missing
	case again == nil:
		return Silent
	case again.IsLimited():
		return Limited
	case again.Status >= 500:
		return Failing
	case again.Status/100 != victim.Status/100:
		return Ended
	case asked.Bare != nil && asked.Bare.Status/100 != victim.Status/100:
		return SecretInURL
	}
	return ""
}

// withoutLogin is what compare finds where a place in the network is all that a victim
// has.
func withoutLogin(asked Asked) (Finding, Witness) {
	victim, again := asked.Victim, asked.Again
	if !asked.data() || !asked.Named && asked.Unknown != nil && alike(asked.Unknown, victim, again) {
		return NoData, Witness{}
	}
	w := Witness{Status: victim.Status, Parts: marks(victim, again, nil)}
	if len(w.Parts) == 0 {
		return Unsteady, Witness{}
	}
	return PrivateByNetwork, w
}

// againstStranger is what compare finds by what a stranger gets, who has no credential.
func againstStranger(asked Asked) (Finding, Witness) {
	victim, stranger, again := asked.Victim, asked.Stranger, asked.Again
	switch {
	case stranger == nil && asked.Shut:
		return Private, Witness{Status: victim.Status, Parts: marks(victim, again, nil)}
	case stranger == nil:
		return Silent, Witness{}
	case stranger.IsLimited():
		return Limited, Witness{}
	case stranger.Status == 502 || stranger.Status == 504: // a gateway's word on its target
		return Failing, Witness{}
	}
	w := Witness{Status: victim.Status, Parts: marks(victim, again, stranger)}
	switch {
	case isLogin(victim):
		return CredentialRefused, Witness{}
	case stranger.Status/100 != victim.Status/100: // the status alone tells them apart
		return Private, w
	case victim.Body == stranger.Body:
		return Open, Witness{}
	case isPage(victim):
		return NoData, Witness{} // pages differ by tokens and greetings
	case len(w.Parts) == 0 && alike(stranger, victim, again):
		return Open, Witness{}
	case len(w.Parts) == 0:
		return Unsteady, Witness{}
	}
	return Private, w
}

// data reports whether the reply to the victim is worth an attacker's while where no
// login protects it.
func (a Asked) data() bool {
	switch {
	case a.Declared:
		return a.Victim.Body != ""
	case a.Named:
		return a.Victim.Body != "" && !isPage(a.Victim)
	}
	return isData(a.Victim)
}
