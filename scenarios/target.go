package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// Target is what scenarios know of the API under test. It holds no secret.
type Target struct {
	// URL is the base URL as the browser sees it, without a trailing slash.
	URL string `json:"url"`
	// Trusted are the origins the operator wants to read the API.
	Trusted []cors.Origin `json:"trusted_origins"`
	// Patterns are those that the operator trusts; [MemberOf] each of them is among
	// Trusted.
	Patterns []cors.Pattern `json:"trusted_patterns,omitempty"`
	// Assumed says that nobody said which these are. Trusted then are origins that the
	// target was seen to grant, and whether the operator wants that is not known.
	Assumed bool `json:"assumed,omitempty"`
	// Questioned are further origins that the target was seen to grant one by one, where
	// nobody said which are trusted: an owner may mean them, and no page of theirs is played.
	Questioned []cors.Origin `json:"questioned_origins,omitempty"`
	// OtherTrusted are trusted origins of other schemes, such as chrome-extension://ID:
	// no page of theirs can be played, so that they are asked for by header alone.
	OtherTrusted []string `json:"other_trusted_origins,omitempty"`
	// Credentials are those the victim has, any of which opens the target; Bearer,
	// Header and Query among them are the trusted front end's.
	Credentials []Credential `json:"credentials"`
	// CredentialHeaders are the names of the headers that carry the credential
	// Header.
	CredentialHeaders []string `json:"credential_headers,omitempty"`
	// Login is the path to which the victim's login is a POST; empty for none.
	Login string `json:"login,omitempty"`
	// Local says that the target's address is loopback or private.
	Local     bool       `json:"local,omitempty"`
	Endpoints []Endpoint `json:"endpoints"`
	// WebSockets and EventStreams are paths where the victim gets private data by
	// these means.
	WebSockets   []Socket `json:"websockets,omitempty"`
	EventStreams []string `json:"event_streams,omitempty"`
	// Errors are ways to provoke error responses of the application.
	Errors []ErrorRecipe `json:"errors,omitempty"`
	// CrossSiteCookies says that a front end of another site needs the cookies, so
	// that they have to be SameSite=None.
	CrossSiteCookies bool `json:"cross_site_cookies,omitempty"`
	// BareCookies are the names of those cookies of the victim that were given without
	// attributes, so that what the server sets is not known. A browser takes them for
	// SameSite=Lax.
	BareCookies []string `json:"bare_cookies,omitempty"`
	// Redirects are paths that the target answers with a redirect.
	Redirects []string `json:"redirects,omitempty"`
	Policy    Policy   `json:"policy"`
	// StartupLog is what the target said at its start; nil where nobody knows.
	StartupLog *StartupLog `json:"startup_log,omitempty"`
	// Launches are programs of the target that run for this examination alone.
	Launches []Launch `json:"launches,omitempty"`
	// Premises are what was found out about the private endpoints, one for each
	// endpoint and credential; none before the target was asked.
	Premises []Premise `json:"premises,omitempty"`
	// LoginRefused says in a sentence that the victim's login was refused; empty otherwise.
	LoginRefused string `json:"login_refused,omitempty"`
	// Label is a random DNS label of this run, for paths and hosts that nothing
	// on the target knows.
	Label string `json:"label"`
}

// Endpoint is an operation of the target.
type Endpoint struct {
	Method string `json:"method"`
	Path   string `json:"path"` // begins with a slash
	// Private says that the reply depends on the victim's credential or network
	// position.
	Private bool `json:"private"`
	// Headers are those that the endpoint wants of every request, such as X-CSRF: 1.
	// None is a secret: an attacker's page sets them as well as the front end.
	Headers cors.Headers `json:"headers,omitempty"`
	Body    string       `json:"body,omitempty"`
	// Reads says that the request only reads, whatever its method: a GraphQL query, for
	// one. It is safe to send then.
	Reads bool `json:"reads,omitempty"`
	// SafeToWrite says that the operator lets Crossexam send this request, whatever
	// its method.
	SafeToWrite bool `json:"safe_to_write,omitempty"`
	// Discovered says that the API's own document names the endpoint and the
	// operator does not: an attacker can use it, and whether the front end does is
	// not known.
	Discovered bool `json:"discovered,omitempty"`
	// Parameters are the names of those that the API's own document declares for the query,
	// that the path does not have, and that may say whom the target grants: see [NamesOrigin].
	Parameters []string `json:"parameters,omitempty"`
	// Name tells it from other requests of its method and path, such as another query to
	// /graphql; empty where there is no other.
	Name string `json:"name,omitempty"`
}

// String names the endpoint in reports: "GET /api/notebooks", and with a name in the place
// of the fragment, which is never sent, "POST /graphql#me".
func (e Endpoint) String() string {
	if e.Name != "" {
		return e.Method + " " + e.Path + "#" + e.Name
	}
	return e.Method + " " + e.Path
}

// Safe reports whether the method only reads (RFC 9110, section 9.2.1).
func (e Endpoint) Safe() bool { return cors.IsSafeMethod(e.Method) }

// Writes reports whether a request to the endpoint may change something.
func (e Endpoint) Writes() bool { return !e.Safe() && !e.Reads }

// isBare reports whether the endpoint is read by a GET that anything on the web can
// make: a link, a script element, a cache.
func (e Endpoint) isBare() bool { return e.Method == "GET" && len(e.Headers) == 0 }

// ErrorRecipe is a request that the target does not answer with a success: with an error
// status, or with a redirect (to a login) in the place of one.
type ErrorRecipe struct {
	Status  int          `json:"status"`
	Method  string       `json:"method"`
	Path    string       `json:"path"`
	Headers cors.Headers `json:"headers,omitempty"`
	Body    string       `json:"body,omitempty"`
	// BodyBytes is the size of a body of filler, where the size is all that
	// matters. The request then has no Body.
	BodyBytes int `json:"body_bytes,omitempty"`
	// Anonymous says that the request goes without the victim's credential.
	Anonymous bool `json:"anonymous,omitempty"`
	// Guessed says that nobody declared the recipe: it is one that fits most targets, and
	// its status becomes the one with which this target answers it.
	Guessed bool `json:"guessed,omitempty"`
	// Discovered says that the API's own document, or a request to it, led to the recipe,
	// and not the operator.
	Discovered bool `json:"discovered,omitempty"`
	// Unhandled marks a 500 that no exception handler of the application made.
	Unhandled bool `json:"unhandled,omitempty"`
	// Proxy marks an error that the reverse proxy makes, not the application.
	Proxy bool `json:"proxy,omitempty"`
	// SafeToWrite says that the operator lets requests with this method reach the
	// target at this path, though the method may change something: an upload, for
	// one, that the proxy finds too large. Without it only GET, HEAD and OPTIONS
	// are tried.
	SafeToWrite bool `json:"safe_to_write,omitempty"`
}

// Policy is what the operator declared about the intended CORS policy. A list that is
// nil was not declared; an empty one says that the front end needs none.
type Policy struct {
	Methods []string `json:"methods,omitzero"`
	Headers []string `json:"headers,omitzero"`
	// Exposed are the response headers that the front end reads.
	Exposed []string `json:"exposed,omitempty"`
	// Credentials says whether the front end's requests need what the browser adds
	// by itself; empty means that nothing was declared.
	Credentials CredentialsPolicy `json:"credentials,omitempty"`
	// MaxAge is how long browsers may keep the answer to a preflight, in seconds;
	// nil where nothing was declared.
	MaxAge *int `json:"max_age,omitempty"`
}

// CredentialsPolicy is whether a front end needs ambient credentials.
type CredentialsPolicy string

// A front end that sends a token, or nothing, needs NoCredentials.
const (
	IncludeCredentials CredentialsPolicy = "include"
	NoCredentials      CredentialsPolicy = "none"
)

// A Socket is a WebSocket of the target's.
type Socket struct {
	Path string `json:"path"`
	// Protocols are the subprotocols that a client has to offer; nil for none.
	Protocols []string `json:"protocols,omitempty"`
	// FirstMessage is what a client says before the target says anything private;
	// empty for nothing.
	FirstMessage string `json:"first_message,omitempty"`
	// Then are what it says after that, each once the target has answered; nil for nothing.
	Then []string `json:"then,omitempty"`
}

// Messages are what a client says on the WebSocket of this URL; nil for nothing.
func (t Target) Messages(rawURL string) []string {
	path, ok := normalPath(rawURL)
	for _, s := range t.WebSockets {
		if declared, known := normalPath(t.At(s.Path)); ok && known && path == declared {
			if s.FirstMessage == "" {
				return nil
			}
			return append([]string{s.FirstMessage}, s.Then...)
		}
	}
	return nil
}

// At returns the absolute URL of a path on the target.
func (t Target) At(path string) string { return t.URL + path }

// EndpointOf returns the endpoint that a request is for; false where it is for none. Of
// several with its method and URL it is the one whose body and headers it has, else a
// private one.
func (t Target) EndpointOf(method, url, body string, headers cors.Headers) (of Endpoint, ok bool) {
	for _, e := range t.Endpoints {
		if e.Method != method || t.At(e.Path) != url {
			continue
		}
		if e.Body == body && !slices.ContainsFunc(e.Headers, func(h cors.Header) bool { return !slices.Contains(headers, h) }) {
			return e, true
		}
		if !ok || e.Private && !of.Private {
			of, ok = e, true
		}
	}
	return of, ok
}

// steady is a path as a subject names it, which is the same in every run: the
// label of this one is left open.
func (t Target) steady(path string) string {
	if t.Label == "" {
		return path
	}
	return strings.ReplaceAll(path, t.Label, "*")
}

// UnknownPath is a path that nothing on the target knows.
func (t Target) UnknownPath() string { return "/crossexam-" + t.Label }

// Origin is the target's own origin.
func (t Target) Origin() cors.Origin { return cors.OriginOfURL(t.URL) }

// Has reports whether the victim has a credential of this kind.
func (t Target) Has(kind Credential) bool {
	return slices.ContainsFunc(t.Credentials, func(c Credential) bool { return c.Includes(kind) })
}

// Given are the credentials that the operator gave: a place in the network is none.
func (t Target) Given() []Credential {
	return slices.DeleteFunc(slices.Clone(t.Credentials), func(c Credential) bool { return c == Network })
}

// Ambient are the victim's credentials as far as the browser adds them by itself.
func (t Target) Ambient() []Credential {
	var cs []Credential
	for _, c := range t.Credentials {
		if b := c.OfBrowser(); b != Anonymous && !slices.Contains(cs, b) {
			cs = append(cs, b)
		}
	}
	return cs
}

// setByFrontEnd are the names of the headers in which the front end sends what it
// has of the credential.
func (t Target) setByFrontEnd(c Credential) []string {
	var names []string
	if c.Includes(Bearer) {
		names = append(names, "Authorization")
	}
	if c.Includes(Header) {
		names = append(names, t.CredentialHeaders...)
	}
	return names
}

// Reads are the endpoints that a page can try to read, private first.
func (t Target) Reads() []Endpoint {
	var private, open []Endpoint
	for _, e := range t.Endpoints {
		switch {
		case e.Method != "GET" && !e.Reads:
		case e.Private:
			private = append(private, e)
		default:
			open = append(open, e)
		}
	}
	return append(private, open...)
}

// PrivateReads are the endpoints whose replies an attacker wants.
func (t Target) PrivateReads() []Endpoint {
	var es []Endpoint
	for _, e := range t.Reads() {
		if e.Private {
			es = append(es, e)
		}
	}
	return es
}
