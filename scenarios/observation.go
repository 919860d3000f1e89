package scenarios

import "github.com/crossexam/crossexam/cors"

// An Observation is everything known of one attempt: what the page got, what
// Chrome said of it, and what crossed the wire.
type Observation struct {
	Attempt Attempt `json:"attempt"`
	// Page is what the page got; nil for a probe, and where the page never ran.
	Page  *PageView `json:"page,omitempty"`
	Block Block     `json:"block,omitzero"`
	// Exchanges are those of this attempt in wire order, preflights included.
	Exchanges  []cors.Exchange `json:"exchanges"`
	Credential CredentialUse   `json:"credential,omitzero"`
	// Cookies are those the victim's browser keeps for the target, where the
	// attempt's identity is a cookie.
	Cookies []CookieAttributes `json:"cookies,omitempty"`
	// Loot is what the attacker's collector received; nil where nothing came.
	Loot *Loot `json:"loot,omitempty"`
	// Stake is what the reply was worth to an attacker, by the endpoint's premise; empty
	// where no premise speaks of this attempt.
	Stake Stake `json:"stake,omitempty"`
	// Unsteady says that the target answers this request now so and now otherwise, so that
	// what the observation shows is one of several answers.
	Unsteady bool `json:"unsteady,omitempty"`
	// Fault says why the attempt proves nothing: the page could not be opened,
	// evidence was lost. It is empty otherwise.
	Fault string `json:"fault,omitempty"`
	// Unavailable says what this machine lacks to make the attempt; a scenario that
	// needs it does not apply here. It is empty otherwise.
	Unavailable string `json:"unavailable,omitempty"`
}

// CookieAttributes are a cookie's of the victim, without its value.
type CookieAttributes struct {
	Name     string `json:"name"`
	SameSite string `json:"same_site,omitempty"` // "Strict", "Lax", "None", or empty, which is treated as Lax
	Secure   bool   `json:"secure"`
	HTTPOnly bool   `json:"http_only"`
}

// PageView is what JavaScript in the page saw.
type PageView struct {
	// Readable says that the promise was fulfilled with a response that is not
	// opaque, so that the page could read status and body.
	Readable bool         `json:"readable"`
	Status   int          `json:"status,omitempty"`
	Headers  cors.Headers `json:"headers,omitempty"` // those visible to the page
	Body     string       `json:"body,omitempty"`    // capped
	Error    string       `json:"error,omitempty"`   // all that JavaScript is told
}

// Block is why the browser refused, in Chrome's own words.
type Block struct {
	Reason    cors.Reason `json:"reason,omitempty"`
	Parameter string      `json:"parameter,omitempty"` // what Chrome found at fault
	// Network is the net error, such as "net::ERR_FAILED".
	Network string `json:"network,omitempty"`
}

// CredentialUse says what became of the victim's credential in this attempt.
type CredentialUse struct {
	Sent bool `json:"sent,omitempty"`
	// HeldBack are Chrome's reasons for keeping cookies home, such as
	// "SameSiteLax".
	HeldBack []string `json:"held_back,omitempty"`
	// Cookies are what became of each cookie.
	Cookies []CookieFate `json:"cookies,omitempty"`
}

// CookieFate is what Chrome did with one cookie of the target.
type CookieFate struct {
	Name string `json:"name"`
	// HeldBack are the reasons for keeping it home; empty where it was sent.
	HeldBack []string `json:"held_back,omitempty"`
}

// Loot is what arrived at the attacker's collector.
type Loot struct {
	Bytes   int    `json:"bytes"`
	SHA256  string `json:"sha256"`
	Excerpt string `json:"excerpt"`
}

// Stake is what a reply to a request for a private endpoint was worth.
type Stake string

// A reply of neither kind proves nothing: its observation has a Fault.
const (
	// PrivateReply says that the reply carries the premise's witness.
	PrivateReply Stake = "private-reply"
	// Refusal says that the reply was another, and that the victim's own read, without an
	// Origin, was asked for right after it and still got the private one: it was this
	// request that the target refused.
	Refusal Stake = "refusal"
)

// Preflight is the first preflight exchange, or nil.
func (o Observation) Preflight() *cors.Exchange {
	for i := range o.Exchanges {
		if o.Exchanges[i].Request.IsPreflight() {
			return &o.Exchanges[i]
		}
	}
	return nil
}

// Request is the last exchange that is not a preflight, or nil where none left
// the browser.
func (o Observation) Request() *cors.Exchange {
	for i := len(o.Exchanges) - 1; i >= 0; i-- {
		if !o.Exchanges[i].Request.IsPreflight() {
			return &o.Exchanges[i]
		}
	}
	return nil
}

// Response is the target's own answer to the request, or nil.
func (o Observation) Response() *cors.Response {
	if x := o.Request(); x != nil {
		return x.Response
	}
	return nil
}

// Stolen reports whether private bytes reached the attacker's collector: those of a
// reply that carries the premise's witness, or of the reply to a write that had the
// victim's credential with it.
func (o Observation) Stolen() bool {
	if o.Fault != "" || o.Attempt.Trusted || o.Loot == nil || o.Loot.Bytes == 0 || !o.Read() {
		return false
	}
	return o.Stake == PrivateReply || !cors.IsSafeMethod(o.Attempt.Method) && o.Credential.Sent && isSuccess(o.Response())
}

// Read reports whether the page could read the response.
func (o Observation) Read() bool { return o.Page != nil && o.Page.Readable }

// Blocked reports whether the browser refused the read and named a reason of the
// CORS protocol, on the evidence of an answer of the target.
func (o Observation) Blocked() bool {
	if !o.Block.Reason.IsPolicy() {
		return false
	}
	x := o.Request()
	if o.Block.Reason.IsPreflight() {
		x = o.Preflight()
	}
	return x != nil && x.Response != nil
}
