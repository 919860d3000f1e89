package scenarios

import (
	"slices"
	"strings"
)

// Place says from where in a victim's browser a vector makes its requests.
type Place string

// The places. InPage is the page that is open; OwnPage takes its place; InFrame and
// InWorker are made by it.
const (
	InPage   Place = "page"
	OwnPage  Place = "own-page"
	InFrame  Place = "frame"
	InWorker Place = "worker"
)

// vectorTraits are what a vector can do. All that differs between vectors is said
// here once.
type vectorTraits struct {
	place Place
	// null says that requests carry "Origin: null".
	null bool
	// fetch says that the page calls fetch for the target's URL itself, and learns all
	// that fetch tells.
	fetch bool
	// redirect is the status by which another origin leads to the target's URL.
	redirect int
	// alone says that two requests at once could not be told apart.
	alone bool
	// victimOpens says that the victim has to open the page by hand.
	victimOpens bool
	// who names the attacker in a sentence, where that is not the origin of its page.
	who string
}

// The traits of a [Probe], which no page makes, are none.
var vectorTable = map[Vector]vectorTraits{
	Probe:              {},
	Fetch:              {place: InPage, fetch: true},
	UntypedFetch:       {place: InPage, fetch: true},
	SandboxedFrame:     {place: InFrame, fetch: true, null: true, who: "a frame of origin null"},
	SandboxedPageFrame: {place: InFrame, fetch: true, null: true, who: "a frame of origin null"},
	DataFrame:          {place: InFrame, fetch: true, null: true, who: "a frame of origin null"},
	SandboxedPage:      {place: OwnPage, fetch: true, null: true, who: "a sandboxed page of origin null"},
	FilePage:           {place: OwnPage, fetch: true, null: true, who: "a file's page of origin null", victimOpens: true},
	DataWorker:         {place: InWorker, fetch: true, null: true, who: "a data: worker of origin null"},
	Redirect302:        {place: InPage, null: true, redirect: 302, who: "a redirected request of origin null"},
	Redirect307:        {place: InPage, null: true, redirect: 307, who: "a redirected request of origin null"},
	EventSource:        {place: InPage, alone: true}, // Chrome tells streams by their order
	WebSocket:          {place: InPage},
	Script:             {place: InFrame, alone: true}, // the replies share a callback
}

// SendsNullOrigin reports whether requests of this vector carry "Origin: null".
func (v Vector) SendsNullOrigin() bool { return vectorTable[v].null }

// IsFetch reports whether a page that uses the vector calls fetch for the target's
// URL itself, and learns all that fetch tells.
func (v Vector) IsFetch() bool { return vectorTable[v].fetch }

// Place is from where the requests are made; empty for a probe.
func (v Vector) Place() Place { return vectorTable[v].place }

// Redirect is the status of the redirect by which another origin leads to the
// target's URL; 0 for none.
func (v Vector) Redirect() int { return vectorTable[v].redirect }

// OneAtATime reports whether two requests of this vector at once could not be told
// apart.
func (v Vector) OneAtATime() bool { return vectorTable[v].alone }

// who names an attacker's page in a sentence.
func who(a Attempt) string {
	if named := vectorTable[a.Vector].who; named != "" {
		return named
	}
	return a.Origin().String()
}

// credentialTraits are what the browser does with a credential, and its words.
type credentialTraits struct {
	// ambient says that the browser sends it by itself with mode "include".
	ambient bool
	// place says that it is the victim's place in the network, and nothing to send.
	place bool
	// uninvited says that Chrome presents it with mode "omit" too.
	uninvited bool
	// sameSite says that SameSite can keep it home.
	sameSite bool
	// header is the request header in which it travels; empty for none.
	header string
	noun   string // "the victim's cookie"
	// ofVisitor is how a headline says what the attacker's page used.
	ofVisitor string
}

var credentialTable = map[Credential]credentialTraits{
	Anonymous:  {noun: "no credential"},
	Cookie:     {noun: "cookie", ambient: true, sameSite: true, header: "Cookie", ofVisitor: "with a visitor's session"},
	Basic:      {noun: "HTTP authentication", ambient: true, header: "Authorization", ofVisitor: "with a visitor's password"},
	ClientCert: {noun: "client certificate", ambient: true, uninvited: true, ofVisitor: "with a visitor's certificate"},
	Network:    {noun: "place in the network", place: true, ofVisitor: "from a visitor's network"},
	Bearer:     {noun: "bearer token", header: "Authorization"},
	Header:     {noun: "key in a header"}, // of a name that the target has
	Query:      {noun: "key in the query"},
	AnyCookie:  {noun: "any cookie", ambient: true, header: "Cookie", ofVisitor: "with a visitor's cookies"},
}

// has reports whether one of the kinds of a credential has a trait.
func (c Credential) has(trait func(credentialTraits) bool) bool {
	return slices.ContainsFunc(c.Kinds(), func(kind Credential) bool { return trait(credentialTable[kind]) })
}

// Ambient reports whether the browser sends this credential, or a part of it, by
// itself when a request is made with credentials mode "include".
func (c Credential) Ambient() bool {
	return c.has(func(t credentialTraits) bool { return t.ambient })
}

// Uninvited reports whether Chrome presents it, or a part of it, to whoever asks, also
// where the page says that no credentials shall go along (mode "omit").
func (c Credential) Uninvited() bool {
	return c.has(func(t credentialTraits) bool { return t.uninvited })
}

// OfVisitor says in a headline what an attacker's page used: "with a visitor's
// session". It is empty for what no such page has.
func (c Credential) OfVisitor() string {
	if used := c.OfBrowser(); len(used.Kinds()) > 1 {
		return "with a visitor's credentials"
	}
	return credentialTable[c].ofVisitor
}

// noun names the credential in a sentence: "the victim's cookie".
func (c Credential) noun() string {
	if c == Anonymous {
		return credentialTable[c].noun
	}
	var nouns []string
	for _, kind := range c.Kinds() {
		nouns = append(nouns, credentialTable[kind].noun)
	}
	return strings.Join(nouns, " and ")
}

// ofPlace reports whether it is the victim's place in the network, which is in play
// without being sent.
func (c Credential) ofPlace() bool { return credentialTable[c].place }

// sends reports whether a request carries it: a header, or the TLS handshake.
func (c Credential) sends() bool { return c.Ambient() || c.OfFrontEnd() }

// isHeldBySameSite reports whether SameSite can keep it home, or a part of it.
func (c Credential) isHeldBySameSite() bool {
	return c.has(func(t credentialTraits) bool { return t.sameSite })
}

// travelsIn reports whether it, or a part of it, is in this request header.
func (c Credential) travelsIn(header string) bool {
	return c.has(func(t credentialTraits) bool { return t.header == header })
}
