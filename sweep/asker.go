package sweep

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// An Asker asks one target for the replies that premises rest on.
type Asker struct {
	ctx        context.Context
	tap        *tap.Tap
	deployment target.Deployment
	jar        *cookiejar.Jar // nil before it is asked for
	unknown    *cors.Response // to a path that nothing knows; nil before it is asked for
	login      int            // the status of the victim's login; 0 before it is made
	given      bool           // a cookie was, or the login set one
	lasting    bool           // one of these has not expired
	refused    []string       // cookies of these that no browser keeps, each with the reason
	// originless are the credentials for which an Origin makes no difference; needed is
	// the one without which the target refuses requests, empty for none.
	originless []scenarios.Credential
	needed     string
}

// NewAsker returns the asker of a deployment, by a tap that leads to it. ctx bounds all
// that it asks; it is for one goroutine.
func NewAsker(ctx context.Context, t *tap.Tap, d target.Deployment) *Asker {
	return &Asker{ctx: ctx, tap: t, deployment: d}
}

func (a *Asker) ask(e scenarios.Endpoint, c scenarios.Credential) scenarios.Asked {
	asked := scenarios.Asked{Named: !e.Discovered, Declared: a.deployment.NetworkDeclared}
	if c.Includes(scenarios.Cookie) {
		none := a.cookies(a.deployment.Facts.At(e.Path)) == ""
		asked.CookiesRefused = a.refused
		asked.NoCookie = none && len(a.refused) == 0 && !a.given
		asked.NoCookieHere = none && len(a.refused) == 0 && a.given
		asked.Expired = asked.NoCookieHere && !a.lasting
	}
	first := a.send(e, c, cors.OriginLine(a.needed)...)
	if r := a.withOrigin(e, c, first.Response); r != nil {
		first.Response, a.needed = r, a.origin()
	}
	asked.Victim, asked.Origin = first.Response, a.needed
	if asked.Victim == nil {
		return asked
	}
	lines := cors.OriginLine(a.needed)
	if c != scenarios.Network && c != scenarios.Anonymous {
		stranger := a.send(e, scenarios.Anonymous, lines...)
		asked.Stranger, asked.Shut = stranger.Response, stranger.CertificateRequired
	}
	if path, names, _ := e.WithoutSecrets(); asked.Victim.Status < 300 && len(names) > 0 {
		bare := e
		bare.Path = path
		asked.Bare = a.send(bare, c, lines...).Response
	}
	if asked.Victim.Status < 300 {
		asked.Again = a.send(e, c, lines...).Response
	}
	if asked.Victim.Status < 300 && (asked.Stranger == nil || asked.Stranger.Status < 300) {
		asked.Unknown = a.unknownPath()
	}
	return asked
}

// withOrigin is the reply to a request that was refused, made again with the Origin of a
// front end: some APIs answer no request without one. It is nil where that makes no
// difference, which is found out once for each credential.
func (a *Asker) withOrigin(e scenarios.Endpoint, c scenarios.Credential, refused *cors.Response) *cors.Response {
	switch {
	case refused == nil || a.needed != "" || slices.Contains(a.originless, c):
		return nil
	case refused.Status < 400 || refused.Status == 404 || refused.Status == 429 || refused.Status == 503: // which are about something else
		return nil
	}
	r := a.send(e, c, cors.OriginLine(a.origin())...).Response
	if r == nil || r.Status >= 300 {
		a.originless = append(a.originless, c)
		return nil
	}
	return r
}

// origin is that of a page which may ask for private data: of the trusted front end, or
// the target's own.
func (a *Asker) origin() string {
	t := a.deployment.Facts
	if len(t.Trusted) > 0 {
		return t.Trusted[0].String()
	}
	return t.Origin().String()
}

// send asks for an endpoint with one credential, without an Origin unless there is
// one among the lines; request is what it sends.
func (a *Asker) send(e scenarios.Endpoint, c scenarios.Credential, lines ...cors.Header) cors.Exchange {
	return a.tap.Probe(a.ctx, a.request(e, c, lines...))
}

func (a *Asker) request(e scenarios.Endpoint, c scenarios.Credential, lines ...cors.Header) cors.Request {
	at := a.deployment.Facts.At(e.Path)
	q := cors.Request{Method: e.Method, URL: a.deployment.Credentials.At(at, c), Headers: slices.Concat(lines, e.Headers), Body: e.Body, ClientCertificate: c.Includes(scenarios.ClientCert)}
	creds := a.deployment.Credentials
	q.Headers = append(q.Headers, creds.FrontEnd(c)...)
	if c.Includes(scenarios.Cookie) {
		if line := a.cookies(at); line != "" {
			q.Headers = append(q.Headers, cors.Header{Name: "Cookie", Value: line})
		}
	}
	if c.Includes(scenarios.Basic) {
		q.Headers = append(q.Headers, cors.Header{Name: "Authorization", Value: creds.Basic.Header()})
	}
	return q
}

// preflight is the request that asks a URL for consent (Fetch standard, #cors-preflight-fetch).
func preflight(at string, p cors.PreflightRequest) cors.Request {
	h := append(cors.OriginLine(p.Origin), cors.Header{Name: cors.HeaderRequestMethod, Value: p.Method})
	if len(p.UnsafeHeaders) > 0 {
		h = append(h, cors.Header{Name: cors.HeaderRequestHeaders, Value: strings.Join(p.UnsafeHeaders, ",")})
	}
	return cors.Request{Method: http.MethodOptions, URL: at, Headers: h}
}

// unknownPath is the reply to the victim for a path that nothing on the target knows.
func (a *Asker) unknownPath() *cors.Response {
	if a.unknown == nil {
		t := a.deployment.Facts
		a.unknown = a.send(scenarios.Endpoint{Method: http.MethodGet, Path: t.UnknownPath(), Headers: a.deployment.Credentials.Wanted}, claimed(t)[0], cors.OriginLine(a.needed)...).Response
	}
	return a.unknown
}

// cookies is the Cookie line for a URL: of the cookies that were given, and of those
// that the victim's login sets, which is made the first time.
func (a *Asker) cookies(at string) string {
	if a.jar == nil {
		a.jar, _ = cookiejar.New(nil) // which has no error without a list of suffixes
		a.keep(a.deployment.Credentials.Cookies)
		if login := a.deployment.Credentials.Login; login != nil {
			t := a.deployment.Facts
			h := cors.Headers{{Name: "Content-Type", Value: login.ContentType}, {Name: cors.HeaderOrigin, Value: t.Origin().String()}}
			if line := a.line(t.At(login.Path)); line != "" {
				h = append(h, cors.Header{Name: "Cookie", Value: line})
			}
			x := a.tap.Probe(a.ctx, cors.Request{Method: http.MethodPost, URL: t.At(login.Path), Headers: h, Body: login.Body})
			if x.Response != nil {
				a.keep(x.Response.Headers.Values("Set-Cookie"))
				a.login = x.Response.Status
			}
		}
	}
	return a.line(at)
}

// keep puts cookies into the jar, as the target's origin would set them, but for those
// that no browser would keep.
func (a *Asker) keep(lines []string) {
	var list []*http.Cookie
	now := time.Now()
	for _, line := range lines {
		if c, err := target.ParseSetCookie(line); err == nil {
			if why := target.WhyRefused(c, a.deployment.Facts.Origin()); why != "" {
				a.refused = append(a.refused, fmt.Sprintf("`%s` (%s)", c.Name, why))
				continue
			}
			list, a.given = append(list, c), true
			a.lasting = a.lasting || c.MaxAge > 0 || c.MaxAge == 0 && (c.Expires.IsZero() || c.Expires.After(now))
		}
	}
	a.jar.SetCookies(secure(a.deployment.Facts.URL), list)
}

func (a *Asker) line(at string) string {
	var pairs []string
	for _, c := range a.jar.Cookies(secure(at)) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// secure is the URL with https: whether a browser keeps a Secure cookie of an http://
// target depends on its address, and shows when the victim logs in there.
func secure(at string) *url.URL {
	u, err := url.Parse(at)
	if err != nil {
		return &url.URL{}
	}
	u.Scheme = "https"
	return u
}
