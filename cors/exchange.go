package cors

// Names of the CORS protocol's headers (Fetch standard, #http-responses and
// #http-requests).
const (
	HeaderOrigin           = "Origin"
	HeaderRequestMethod    = "Access-Control-Request-Method"
	HeaderRequestHeaders   = "Access-Control-Request-Headers"
	HeaderAllowOrigin      = "Access-Control-Allow-Origin"
	HeaderAllowCredentials = "Access-Control-Allow-Credentials"
	HeaderAllowMethods     = "Access-Control-Allow-Methods"
	HeaderAllowHeaders     = "Access-Control-Allow-Headers"
	HeaderMaxAge           = "Access-Control-Max-Age"
	HeaderExposeHeaders    = "Access-Control-Expose-Headers"
)

// Request is a request as it crossed the wire.
type Request struct {
	Method  string  `json:"method"`
	URL     string  `json:"url"` // absolute, as the browser sees it
	Headers Headers `json:"headers"`
	// HeadersLeftOut is how many more lines there were than the recorder kept, or longer
	// ones.
	HeadersLeftOut int    `json:"headers_left_out,omitempty"`
	Body           string `json:"body,omitempty"` // capped by the recorder
	// ClientCertificate says that the client had proved itself with a TLS client
	// certificate when it made the connection.
	ClientCertificate bool `json:"client_certificate,omitempty"`
}

// Origin returns the value of the Origin header, and "" when there is none.
func (r Request) Origin() string {
	v, _ := r.Headers.Get(HeaderOrigin)
	return v
}

// IsPreflight reports whether this is a CORS-preflight request (Fetch standard,
// #cors-preflight-request).
func (r Request) IsPreflight() bool {
	return r.Method == "OPTIONS" && r.Headers.Has(HeaderOrigin) && r.Headers.Has(HeaderRequestMethod)
}

// Response is a response as it crossed the wire.
type Response struct {
	Status  int     `json:"status"`
	Headers Headers `json:"headers"`
	// HeadersLeftOut is how many more lines there were than the recorder kept, or longer
	// ones. Those that decide, see [Decides], are kept before others.
	HeadersLeftOut int    `json:"headers_left_out,omitempty"`
	Body           string `json:"body,omitempty"` // capped by the recorder
	// Truncated says that the body is not whole.
	Truncated bool `json:"truncated,omitempty"`
	// Broken says that the server ended the body before its end, so that a browser
	// gives it to no page as a whole. Such a body is truncated too.
	Broken bool `json:"broken,omitempty"`
	// Unended says that the server did not end the body within the recorder's time, though
	// its media type is none of a stream. Such a body is truncated too.
	Unended bool `json:"unended,omitempty"`
}

// IsLimited reports whether the server says that it does not answer now, and what its answer
// would be nobody knows: by the status, see [Limited], or by a refusal that will end (403
// with Retry-After, as some limiters have it).
func (r Response) IsLimited() bool {
	return r.Status == 429 || r.Status == 503 || r.Status == 403 && r.Headers.Has("Retry-After")
}

// Exchange is one request and what came back for it.
type Exchange struct {
	Request Request `json:"request"`
	// Response is nil when the server gave none.
	Response *Response `json:"response,omitempty"`
	// Withheld says that the request left the browser and was not passed on to
	// the server, because it could have changed something there.
	Withheld bool `json:"withheld,omitempty"`
	// Fault says in one sentence why there is no response, or why the request
	// was not passed on; it is empty otherwise.
	Fault string `json:"fault,omitempty"`
	// Limited says that the response is no answer to the request: the server said that
	// it does not answer now, and could not be waited for. It is zero otherwise.
	Limited Limited `json:"limited,omitzero"`
	// CertificateRequired says that there is no response because the server breaks
	// off TLS with whoever has no client certificate.
	CertificateRequired bool `json:"certificate_required,omitempty"`
	// Closed says that there is no response because the server closed or reset the
	// connection before it had sent the head of one.
	Closed bool `json:"closed,omitempty"`
	// Unreachable says that there is no response because nothing accepted a connection
	// at the server's address.
	Unreachable bool `json:"unreachable,omitempty"`
}

// Failed reports whether the server, or a gateway before it, failed to answer: with a
// status of the class 5xx, or by refusing or breaking off the connection.
func (x Exchange) Failed() bool {
	return x.Closed || x.Unreachable || x.Response != nil && x.Response.Status >= 500
}

// Limited says which request a server did not answer for now: with 429 (Too Many
// Requests, RFC 6585, section 4) or 503 (Service Unavailable, RFC 9110, section
// 15.6.4).
type Limited struct {
	// Request is the number of the request among those that the run made to the
	// server, from 1.
	Request int `json:"request"`
}
