package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A visit is a page of one origin, open in the browser of a victim with one
// credential. All attempts are made by visits or by [probe], so that scenarios
// that need the same request ask for the same attempt.
type visit struct {
	target  Target
	page    cors.Origin
	cred    Credential
	trusted bool
}

// attack is a visit to a page of the arbitrary origin.
func attack(t Target, c Credential) visit { return visit{target: t, page: arbitrary(t), cred: c} }

// frontEnd is a visit to the trusted front end.
func frontEnd(t Target, page cors.Origin, c Credential) visit {
	return visit{target: t, page: page, cred: c, trusted: true}
}

func (v visit) subject(e Endpoint) Subject {
	e.Path = v.target.steady(e.Path)
	return Subject{Endpoint: e.String(), Origin: v.page.String(), Credential: v.cred}
}

// request is the attempt without headers and body. A token travels in a header,
// whatever the credentials mode: mode "include" would ask the target for
// Access-Control-Allow-Credentials, which a front end that has nothing else does not
// need.
func (v visit) request(method, path string) Attempt {
	a := Attempt{Page: v.page, Vector: Fetch, Method: method, URL: v.target.At(path), Trusted: v.trusted}
	a.Identity, a.Omit = v.cred.OfBrowser(), !v.cred.Ambient()
	if v.trusted && v.target.Policy.Credentials == NoCredentials {
		a.Omit = true // a certificate goes along all the same, see [used]
	}
	if v.trusted && v.cred.OfFrontEnd() {
		a.Identity, a.KeyHeaders = v.cred, v.target.setByFrontEnd(v.cred)
	}
	return a
}

// read is the endpoint's own request.
func (v visit) read(e Endpoint) Attempt {
	a := v.request(e.Method, e.Path)
	a.Headers, a.Body = e.Headers, e.Body
	return a
}

// StrangersRead is the attempt of a page of an origin that nobody trusts to read an
// endpoint as the victim, one of the target's or another. The opaque origin is that of a
// sandboxed frame.
func StrangersRead(t Target, e Endpoint, page cors.Origin, c Credential) Attempt {
	v, vector := visit{target: t, page: page, cred: c}, Fetch
	if page.IsOpaque() {
		v.page, vector = arbitrary(t), SandboxedFrame
	}
	a := v.read(e)
	a.Vector = vector
	return a
}

// asks reports whether the browser asks the target before it reads.
func (v visit) asks(e Endpoint) bool {
	return v.trusted && v.cred.inHeader() || cors.NeedsPreflight(e.Method, e.Headers)
}

// unasking is a read by a request for which the browser does not ask: without the
// headers that need consent, and with a body of a type that needs none. ok is false
// where the endpoint's own request is one, or its method needs consent.
func (v visit) unasking(e Endpoint) (a Attempt, ok bool) {
	if cors.NeedsPreflight(e.Method, nil) || !cors.NeedsPreflight(e.Method, e.Headers) {
		return a, false
	}
	a = v.read(e)
	a.Headers = slices.DeleteFunc(slices.Clone(e.Headers), func(h cors.Header) bool { return len(cors.UnsafeHeaders(cors.Headers{h})) > 0 })
	if e.Body != "" && !a.Headers.Has("Content-Type") {
		a.Headers = append(a.Headers, cors.Header{Name: "Content-Type", Value: "text/plain"})
	}
	return a, true
}

// preflighted is a read that the browser asks the target for first, or the plain one
// where the front end, by its policy, sets no header for which it would. Nothing is
// changed by it, so that the tap lets preflight and request through.
func (v visit) preflighted(e Endpoint) Attempt {
	if h, _ := v.consentHeader(); h.Name != "" && !v.asks(e) {
		return v.with(e, h)
	}
	return v.read(e)
}

// with is a read with a header of the page's, which stands first.
func (v visit) with(e Endpoint, h cors.Header) Attempt {
	a := v.read(e)
	a.Headers = append(cors.Headers{h}, slices.DeleteFunc(slices.Clone(e.Headers), func(own cors.Header) bool { return strings.EqualFold(own.Name, h.Name) })...)
	return a
}

// consentHeader is the header for which the browser asks, and whether the
// operator declared that it is allowed. It is empty where the front end's token or
// key does it, and where the policy has none. Without a declaration it is Content-Type, which most servers allow.
func (v visit) consentHeader() (h cors.Header, declared bool) {
	json := cors.Header{Name: "Content-Type", Value: "application/json"}
	allowed := v.target.Policy.Headers
	switch {
	case v.trusted && v.cred.inHeader():
		return cors.Header{}, true
	case v.trusted && allowed != nil && len(allowed) == 0:
		return cors.Header{}, true
	case hasFold(allowed, json.Name):
		return json, true
	}
	for _, name := range allowed {
		switch strings.ToLower(name) {
		case "*", "accept", "accept-language", "content-language", "range":
		case "authorization":
			if !v.trusted {
				return cors.Header{Name: name, Value: "Bearer crossexam"}, true
			}
		default:
			return cors.Header{Name: name, Value: "crossexam"}, true
		}
	}
	return json, false
}

// write is a request that changes something. The attacker's asks for no more
// consent than the method needs, except that a POST, which needs none, has a JSON
// body; the front end's is as the endpoint wants it.
func (v visit) write(e Endpoint) Attempt {
	a := v.request(e.Method, e.Path)
	a.Headers = e.Headers
	if e.Method == "POST" || v.trusted && e.Body != "" {
		none := v.trusted && v.target.Policy.Headers != nil && len(v.target.Policy.Headers) == 0
		if !none && !a.Headers.Has("Content-Type") {
			a.Headers = append(slices.Clone(a.Headers), cors.Header{Name: "Content-Type", Value: "application/json"})
		}
		a.Body = e.Body
		if a.Body == "" {
			a.Body = "{}"
		}
	}
	return a
}

// provoke makes the target answer with an error. A front end that needs ambient
// credentials asks for them to be sent (mode "include") when there are none, too.
func (v visit) provoke(r ErrorRecipe) Attempt {
	includes := v.trusted && !v.request(r.Method, r.Path).Omit
	if r.Anonymous {
		v.cred = Anonymous
	}
	a := v.request(r.Method, r.Path)
	if includes {
		a.Omit = false
	}
	a.Headers, a.Body, a.Fill = r.Headers, r.Body, r.BodyBytes
	return a
}

// alone is the same request from the same page, without the credential.
func alone(a Attempt) Attempt {
	a.Vector, a.Identity, a.KeyHeaders, a.Omit = Fetch, Anonymous, nil, true
	return a
}

// probe is a read by Crossexam itself with these header lines, and with the
// victim's credential.
func probe(t Target, page cors.Origin, e Endpoint, c Credential, headers ...cors.Header) Attempt {
	return byHand(Attempt{Page: page, Method: e.Method, URL: t.At(e.Path), Headers: e.Headers, Body: e.Body}, c, headers...)
}

// byHand is the request of an attempt, sent by Crossexam itself with more header
// lines, and with the victim's credential.
func byHand(a Attempt, c Credential, more ...cors.Header) Attempt {
	p := Attempt{Page: a.Page, Vector: Probe, Method: a.Method, URL: a.URL, Headers: slices.Concat(more, a.Headers), Body: a.Body}
	if c.sends() {
		p.Identity = c
	} else {
		p.Omit = true
	}
	return p
}

// bare is a read without credential and without Origin.
func bare(t Target, e Endpoint) Attempt { return probe(t, cors.Opaque, e, Anonymous) }

// bareOf is the request of an attempt without credential and without Origin.
func bareOf(a Attempt) Attempt {
	a.Page = cors.Opaque
	return byHand(a, Anonymous)
}

func originHeader(o cors.Origin) cors.Header {
	return cors.Header{Name: cors.HeaderOrigin, Value: o.String()}
}
