package report

import (
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// Proof is the observation that shows a verdict best. It is empty where nothing
// was observed.
type Proof struct {
	// LootExcerpt is the beginning of what the attacker's collector received.
	LootExcerpt string `json:"loot_excerpt" redact:"body"`
	LootSHA256  string `json:"loot_sha256" redact:"-"` // of all of it
	LootBytes   int    `json:"loot_bytes"`
	// Status is that of the target's answer, and 0 where there was none.
	Status int `json:"status"`
	// Block is Chrome's reason for refusing the read, and empty where it allowed it.
	Block          string `json:"block" redact:"-"`
	BlockParameter string `json:"block_parameter" redact:"wire"`
	NetworkError   string `json:"network_error" redact:"words"`
	PageError      string `json:"page_error" redact:"wire"` // all that the page was told
	// Readable says that the page could read the answer.
	Readable bool `json:"readable"`
	// CredentialSent says that the victim's credential crossed the wire.
	CredentialSent bool `json:"credential_sent"`
	// CookiesHeldBack are Chrome's reasons for keeping cookies home.
	CookiesHeldBack []string `json:"cookies_held_back"`
	// Attempt is what the page did, or nil where nothing was attempted.
	Attempt   *Attempt   `json:"attempt"`
	Exchanges []Exchange `json:"exchanges"` // in wire order, preflights included
	// ExchangesLeftOut says how many more there were, between the first and the last.
	ExchangesLeftOut int `json:"exchanges_left_out"`
}

// Attempt is a cross-origin request as a page makes it.
type Attempt struct {
	Page        string           `json:"page"` // the origin of the page
	Trusted     bool             `json:"trusted"`
	Vector      scenarios.Vector `json:"vector" redact:"-"`
	Method      string           `json:"method"`
	URL         string           `json:"url" redact:"url"`
	Credentials string           `json:"credentials" redact:"-"` // the mode: "include" or "omit"
	Headers     []Header         `json:"headers"`
	Body        string           `json:"body" redact:"body"`
	// Protocols, Message and Then are of a WebSocket: the subprotocols that the page offers,
	// what it sends first, and what after that.
	Protocols []string `json:"protocols"`
	Message   string   `json:"message" redact:"body"`
	Then      []string `json:"then" redact:"body"`
	// Reads says that the operator declared the request to read only, whatever its method.
	Reads bool `json:"reads"`
}

// declaredRead reports whether an attempt is the read of an endpoint that was declared as
// one.
func declaredRead(t scenarios.Target, a Attempt) bool {
	e, ok := t.EndpointOf(a.Method, a.URL, a.Body, wireHeaders(a.Headers))
	return ok && e.Reads
}

// Exchange is one request and what came back for it.
type Exchange struct {
	Preflight bool    `json:"preflight"`
	Request   Request `json:"request"`
	// Response is nil where the target gave none.
	Response *Response `json:"response"`
	// Withheld says that the request left the browser and was not passed on.
	Withheld bool   `json:"withheld"`
	Fault    string `json:"fault" redact:"words"`
}

// Request is a request as it crossed the wire.
type Request struct {
	Method  string   `json:"method"`
	URL     string   `json:"url" redact:"wire-url"`
	Headers []Header `json:"headers" redact:"wire"`
	// HeadersLeftOut says how many more lines there were.
	HeadersLeftOut int    `json:"headers_left_out"`
	Body           string `json:"body" redact:"body"` // capped
	// ClientCertificate says that the request came over a connection on which the
	// victim's client certificate had been presented.
	ClientCertificate bool `json:"client_certificate"`
}

// Response is a response as it crossed the wire.
type Response struct {
	Status  int      `json:"status"`
	Headers []Header `json:"headers" redact:"wire"`
	// HeadersLeftOut says how many more lines there were.
	HeadersLeftOut int    `json:"headers_left_out"`
	Body           string `json:"body" redact:"body"` // capped
	Truncated      bool   `json:"truncated"`
}

// Header is one header line. Lines keep their order, and duplicates stay.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func newProof(o *scenarios.Observation) Proof {
	p := Proof{CookiesHeldBack: []string{}, Exchanges: []Exchange{}}
	if o == nil {
		return p
	}
	if o.Loot != nil {
		p.LootExcerpt, p.LootSHA256, p.LootBytes = o.Loot.Excerpt, o.Loot.SHA256, o.Loot.Bytes
	}
	if response := o.Response(); response != nil {
		p.Status = response.Status
	}
	p.Block = string(o.Block.Reason)
	p.BlockParameter = o.Block.Parameter
	p.NetworkError = o.Block.Network
	p.Readable = o.Read()
	if o.Page != nil {
		p.PageError = o.Page.Error
	}
	p.CredentialSent = o.Credential.Sent
	p.CookiesHeldBack = append(p.CookiesHeldBack, o.Credential.HeldBack...)
	p.Attempt = newAttempt(o.Attempt)
	p.Exchanges, p.ExchangesLeftOut = newExchanges(o.Exchanges)
	return p
}

func newAttempt(a scenarios.Attempt) *Attempt {
	mode := "include"
	if a.Omit {
		mode = "omit"
	}
	headers, _ := newHeaders(a.Headers)
	return &Attempt{
		Page: a.Page.String(), Trusted: a.Trusted, Vector: a.Vector, Method: a.Method, URL: a.URL,
		Credentials: mode, Headers: headers, Body: a.Body,
		Protocols: append([]string{}, a.Protocols...), Message: a.Message, Then: append([]string{}, a.Then...),
	}
}

func newExchange(x cors.Exchange) Exchange {
	out := Exchange{
		Preflight: x.Request.IsPreflight(),
		Request: Request{
			Method: x.Request.Method, URL: x.Request.URL,
			Body:              x.Request.Body,
			ClientCertificate: x.Request.ClientCertificate,
		},
		Withheld: x.Withheld,
		Fault:    x.Fault,
	}
	out.Request.Headers, out.Request.HeadersLeftOut = newHeaders(x.Request.Headers)
	out.Request.HeadersLeftOut += x.Request.HeadersLeftOut
	if a := x.Response; a != nil {
		out.Response = &Response{
			Status: a.Status, Body: a.Body,
			Truncated: a.Truncated || len(a.Body) > bodyLimit,
		}
		out.Response.Headers, out.Response.HeadersLeftOut = newHeaders(a.Headers)
		out.Response.HeadersLeftOut += a.HeadersLeftOut
	}
	return out
}

// decides reports whether a header line bears on what the browser allows.
func (h Header) decides() bool { return cors.Decides(h.Name) }

// deciding are the lines that bear on what the browser allows.
func deciding(lines []Header) []Header {
	var list []Header
	for _, h := range lines {
		if h.decides() {
			list = append(list, h)
		}
	}
	return list
}

// grants reports whether a response's line gives other origins something.
func (h Header) grants() bool {
	return strings.HasPrefix(strings.ToLower(h.Name), "access-control-allow-")
}

// deciding is the exchange that shows best why the browser decided as it did: the
// preflight where that was refused, else the last that is none.
func (p Proof) deciding() *Exchange {
	for i := len(p.Exchanges) - 1; i >= 0; i-- {
		if !p.Exchanges[i].Preflight {
			return &p.Exchanges[i]
		}
	}
	if len(p.Exchanges) > 0 {
		return &p.Exchanges[len(p.Exchanges)-1]
	}
	return nil
}
