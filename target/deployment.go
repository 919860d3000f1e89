package target

import (
	"cmp"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// A Deployment is a target that can be examined: what the scenarios know of it,
// how to reach it, and how a victim gets the credentials.
type Deployment struct {
	Facts       scenarios.Target
	Upstream    tap.Upstream
	Limits      tap.Limits
	Credentials Credentials
	// Notes are sentences for the report on how the deployment was found out.
	Notes []string
	// NetworkDeclared says that the operator declared the victim's place in the network
	// to be enough; otherwise it is a guess by the address, which replies can refute.
	NetworkDeclared bool
	// Preset knows the application; the empty one does not.
	Preset Preset
	// Discovery is what was found out; nil where nothing was asked.
	Discovery *Discovery
	// Beyond are reads that are no endpoints of the Facts, because there is no room for
	// them: they are only swept, and become endpoints where they stand for a policy class.
	Beyond []scenarios.Endpoint
	// examine is how many private endpoints are examined in whole, and how many open ones
	// that were named; 0 is for 8.
	examine int
	// Direct has the browser talk to the target by itself, under the same rules.
	Direct bool
	// PublicKey is the one that the browser is to trust then, besides those of its
	// own authorities: the base64 of the SHA-256 of its SubjectPublicKeyInfo. Empty
	// for none.
	PublicKey string

	exclude       []string // patterns of what is left alone
	launchSecrets []string // what the target is started with
}

// LeavesAlone reports whether a path that nobody named is not to be asked for: by its name a
// GET may have an effect, or it was excluded.
func (d Deployment) LeavesAlone(path string) bool { return leaveAlone(path, "", d.exclude) }

// Secrets are the strings that must not appear in any output: the credentials, those in
// URLs too, what the target is started with, and the password of a proxy.
func (d Deployment) Secrets() []string {
	all := slices.Concat(d.Credentials.secrets(), d.launchSecrets, d.Upstream.Secrets())
	for _, e := range slices.Concat(d.Facts.Endpoints, d.Beyond) {
		_, _, values := e.WithoutSecrets()
		all = append(all, values...)
	}
	return all
}

// SetAside returns the deployment with the reads for which there is no room among those
// that are examined in whole moved to Beyond: of the private and of the open ones, all but
// the first Examine and those that keep says are wanted. What a read of another method than
// GET means is known to the operator alone, and stays.
func (d Deployment) SetAside(keep func(scenarios.Endpoint) bool) Deployment {
	var kept, beyond []scenarios.Endpoint
	count := map[bool]int{}
	for _, e := range d.Facts.Endpoints {
		if e.Method == http.MethodGet {
			count[e.Private]++
			if count[e.Private] > cmp.Or(d.examine, privateReads) && !keep(e) {
				beyond = append(beyond, e)
				continue
			}
		}
		kept = append(kept, e)
	}
	d.Facts.Endpoints, d.Beyond = kept, slices.Concat(beyond, d.Beyond)
	return d
}

// Credentials are the victim's secrets and the trusted front end's. Secrets lists
// what must not appear in any output.
type Credentials struct {
	// Cookies are Set-Cookie header values, attributes included, as the target
	// would set them at a login.
	Cookies []string
	// Login is run in the victim's browser, so that the target's own Set-Cookie
	// counts; nil for none.
	Login *Login
	// Basic is what the victim typed into the browser's HTTP authentication
	// prompt; nil for none.
	Basic *BasicLogin
	// Bearer is the token the trusted front end adds as "Authorization: Bearer".
	Bearer string
	// Headers are what it adds besides, such as X-API-Key.
	Headers cors.Headers
	// query are what it adds to the query of its URLs, such as api_key.
	query []queryKey
	// ClientCertificate is the victim's; nil for none.
	ClientCertificate *ClientCertificate
	// Wanted are headers that the API wants of every request, and no secret.
	Wanted cors.Headers
}

// A Login is a POST that the target's own page makes.
type Login struct {
	Path        string // begins with a slash
	ContentType string
	Body        string
	// secrets are the strings in Body that must not appear in any output.
	secrets []string
}

// BasicLogin is a user name and password for HTTP authentication.
type BasicLogin struct {
	Username string
	Password string
}

// Header is the value of the Authorization header.
func (b BasicLogin) Header() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(b.Username+":"+b.Password))
}

// FrontEnd are the header lines in which the trusted front end sends what it has of
// this credential.
func (c Credentials) FrontEnd(identity scenarios.Credential) cors.Headers {
	var lines cors.Headers
	if identity.Includes(scenarios.Bearer) {
		lines = append(lines, cors.Header{Name: "Authorization", Value: "Bearer " + c.Bearer})
	}
	if identity.Includes(scenarios.Header) {
		lines = append(lines, c.Headers...)
	}
	return lines
}

// Certificate is the client certificate as the browser takes it, or nil.
func (c Credentials) Certificate() *tls.Certificate {
	if c.ClientCertificate == nil {
		return nil
	}
	return &c.ClientCertificate.TLS
}

// secrets are the strings that must not appear in any output.
func (c Credentials) secrets() []string {
	var secrets []string
	for _, line := range c.Cookies {
		if cookie, err := ParseSetCookie(line); err == nil {
			// Without the quotes it is found with them too.
			if value := strings.Trim(cookie.Value, `"`); value != "" {
				secrets = append(secrets, value)
			}
		}
	}
	if c.Basic != nil {
		_, encoded, _ := strings.Cut(c.Basic.Header(), " ")
		secrets = append(secrets, c.Basic.Password, c.Basic.Username+":"+c.Basic.Password, encoded)
	}
	if c.Bearer != "" {
		secrets = append(secrets, c.Bearer)
	}
	for _, h := range c.Headers {
		secrets = append(secrets, h.Value)
		scheme, key, ok := strings.Cut(h.Value, " ")
		if key = strings.TrimSpace(key); ok { // a scheme, such as Token, before it
			secrets = append(secrets, key)
		}
		if pair, err := base64.StdEncoding.DecodeString(key); err == nil && strings.EqualFold(scheme, "Basic") {
			_, password, _ := strings.Cut(string(pair), ":")
			secrets = append(secrets, string(pair), password)
		}
	}
	for _, k := range c.query {
		secrets = append(secrets, k.Value)
	}
	if c.Login != nil {
		secrets = append(append(secrets, c.Login.Body), c.Login.secrets...)
	}
	if c.ClientCertificate != nil && c.ClientCertificate.password != "" {
		secrets = append(secrets, c.ClientCertificate.password)
	}
	return secrets
}
