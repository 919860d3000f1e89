package scenarios

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

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
}

// A Reply is what a premise remembers of one.
type Reply struct {
	Status   int    `json:"status"`
	Type     string `json:"type,omitempty"`     // the media type
	Location string `json:"location,omitempty"` // of a redirect
	Says     string `json:"says,omitempty"`     // the beginning of a refusal's text
	Bytes    int    `json:"bytes"`
	Empty    bool   `json:"empty,omitempty"` // JSON in which there is nothing, such as []
}

// A Witness is the mark of the private reply. A reply carries it where its status is
// in the same class and, unless Parts is empty, at least one of the parts is in its
// body.
type Witness struct {
	Status int `json:"status"`
	// Parts stood in both of two replies to the victim, and not in the stranger's,
	// which was asked for between them: a time or an id that changes by itself is in
	// none of them.
	Parts []string `json:"parts,omitempty"`
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

// CarriedBy reports whether a reply is the private one. That of HEAD has no body, so
// that the status has to do.
func (w Witness) CarriedBy(r *cors.Response) bool {
	if r == nil || r.Status/100 != w.Status/100 {
		return false
	}
	return len(w.Parts) == 0 || slices.ContainsFunc(w.Parts, func(part string) bool { return strings.Contains(r.Body, part) })
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

func compare(c Credential, asked Asked) (Finding, Witness) {
	victim, stranger, again := asked.Victim, asked.Stranger, asked.Again
	switch {
	case victim == nil:
		return Silent, Witness{}
	case isLimited(victim):
		return Limited, Witness{}
	case victim.Status >= 500:
		return Failing, Witness{}
	case victim.Status >= 300 && victim.Status <= 399:
		return Redirected, Witness{}
	case victim.Status == 401 || victim.Status == 403 || victim.Status == 407:
		if c == Network || c == Anonymous {
			return LoginNeeded, Witness{}
		}
		return CredentialRefused, Witness{}
	case victim.Status >= 400:
		return Missing, Witness{}
	case again == nil:
		return Silent, Witness{}
	case isLimited(again):
		return Limited, Witness{}
	case again.Status >= 500:
		return Failing, Witness{}
	case again.Status/100 != victim.Status/100:
		return Ended, Witness{}
	}
	if asked.Bare != nil && asked.Bare.Status/100 != victim.Status/100 {
		return SecretInURL, Witness{}
	}
	w := Witness{Status: victim.Status}
	if c == Network {
		if !asked.data() || !asked.Named && asked.Unknown != nil && alike(asked.Unknown, victim, again) {
			return NoData, Witness{}
		}
		if w.Parts = parts(victim, again, nil); len(w.Parts) == 0 {
			return Unsteady, Witness{}
		}
		return PrivateByNetwork, w
	}
	if c == Anonymous {
		return Open, Witness{}
	}
	switch {
	case stranger == nil && asked.Shut:
		w.Parts = parts(victim, again, nil)
		return Private, w
	case stranger == nil:
		return Silent, Witness{}
	case isLimited(stranger):
		return Limited, Witness{}
	case stranger.Status == 502 || stranger.Status == 504: // a gateway's word on its target
		return Failing, Witness{}
	}
	w.Parts = parts(victim, again, stranger)
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

func replyOf(r *cors.Response) Reply {
	if r == nil {
		return Reply{}
	}
	location := ""
	if r.Status >= 300 && r.Status <= 399 {
		location, _ = r.Headers.Get("Location")
	}
	return Reply{Status: r.Status, Type: mediaType(r), Location: location, Says: refusalText(r), Bytes: len(r.Body), Empty: isEmpty(r)}
}

// isEmpty reports whether a reply is JSON in which there is nothing: an empty list or
// object, or one whose values are all empty, null, false or 0.
func isEmpty(r *cors.Response) bool {
	var v any
	if r.Truncated || json.Unmarshal([]byte(r.Body), &v) != nil {
		return false
	}
	return holdsNothing(v)
}

func holdsNothing(v any) bool {
	switch v := v.(type) {
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !holdsNothing(e) })
	case map[string]any:
		return !slices.ContainsFunc(slices.Collect(maps.Values(v)), func(e any) bool { return !holdsNothing(e) })
	}
	return v == nil || v == "" || v == false || v == 0.0
}

// isLimited reports whether a reply is that of a limiter or of a proxy in front of a
// target that is not there, and says nothing about the endpoint.
func isLimited(r *cors.Response) bool {
	return r.Status == 429 || r.Status == 503 || r.Status == 403 && r.Headers.Has("Retry-After")
}

const (
	// mostParts is how many parts a witness has: enough that one of them survives a
	// change of the data during the run.
	mostParts = 8
	// shortPart and longPart bound the length of a part, in bytes. What is shorter
	// stands anywhere by chance.
	shortPart, longPart = 2, 200
)

// parts are what stands in both replies and not in the third, the longest first. A
// reply to be without may be nil.
func parts(one, two, without *cors.Response) []string {
	var found []string
	for _, part := range segments(one) {
		if strings.Contains(two.Body, part) && !(without != nil && strings.Contains(without.Body, part)) && !slices.Contains(found, part) {
			found = append(found, part)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return len(b) - len(a) })
	return found[:min(len(found), mostParts)]
}

// segments takes a body apart where data formats separate one value from the next. A
// body that was cut loses its last segment, which may have been cut too.
func segments(r *cors.Response) []string {
	list := strings.FieldsFunc(r.Body, func(c rune) bool { return strings.ContainsRune(",{}[]<>&;|\r\n\t", c) })
	if r.Truncated && len(list) > 0 {
		list = list[:len(list)-1]
	}
	var kept []string
	for _, s := range list {
		s = strings.TrimSpace(s)
		if len(s) > longPart {
			s = strings.ToValidUTF8(s[:longPart], "")
		}
		if len(s) >= shortPart && strings.ContainsFunc(s, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) {
			kept = append(kept, s)
		}
	}
	return kept
}

// alike reports whether a reply is what the other two are but for what changes by
// itself: there is something that does not change in them, and all of it is in the
// reply.
func alike(r, one, two *cors.Response) bool {
	if r.Status/100 != one.Status/100 {
		return false
	}
	return len(parts(one, two, nil)) > 0 && len(parts(one, two, r)) == 0
}

func mediaType(r *cors.Response) string {
	t, _ := r.Headers.Get("Content-Type")
	t, _, _ = strings.Cut(t, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// isPage reports whether a reply is a page for people.
func isPage(r *cors.Response) bool {
	t := mediaType(r)
	if t == "text/html" || t == "application/xhtml+xml" {
		return true
	}
	start := strings.ToLower(strings.TrimSpace(r.Body[:min(len(r.Body), 100)]))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// passwordField is where a page asks for a password.
var passwordField = regexp.MustCompile(`(?i)<input\b[^>]*\btype\s*=\s*["']?password\b`)

// isLogin reports whether a reply is a page to log in with: it asks for one password.
// One to change a password with asks for more.
func isLogin(r *cors.Response) bool {
	return isPage(r) && len(passwordField.FindAllStringIndex(r.Body, 2)) == 1
}

// isData reports whether a reply without any login is worth an attacker's while: not
// a page, a word on health or version, a greeting, or the API's own document.
func isData(r *cors.Response) bool {
	body := strings.TrimSpace(r.Body)
	if body == "" || isPage(r) {
		return false
	}
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		// Not JSON, or cut. One line of text is a greeting such as "Ollama is running".
		return r.Truncated || strings.Contains(body, "\n") || strings.Contains(mediaType(r), "xml") || strings.Contains(mediaType(r), "csv")
	}
	switch v := v.(type) {
	case map[string]any:
		if v["openapi"] != nil || v["swagger"] != nil {
			return false
		}
		return !isGreeting(v)
	case []any:
		return true // an empty list too: it will not stay empty
	}
	return false
}

// greetings are the keys of objects that tell of the service and not of its data.
var greetings = strings.Fields(`status state health healthy ok alive ready up uptime message msg detail info welcome hello greeting
	name title description service app application api version versions build commit revision release date time timestamp now
	docs documentation docs_url redoc openapi env environment success pong ping error links`)

// isGreeting reports whether an object holds nothing but words about the service.
func isGreeting(object map[string]any) bool {
	for key, value := range object {
		if !slices.Contains(greetings, strings.ToLower(key)) {
			return false
		}
		switch value := value.(type) {
		case []any:
			return false
		case map[string]any:
			if !isGreeting(value) {
				return false
			}
		}
	}
	return true
}
