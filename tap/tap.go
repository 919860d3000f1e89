// Package tap is the recording proxy between a browser and the target. It
// forwards what only reads, withholds writes, limits what both sides may take,
// keeps every exchange, and sends requests of Crossexam's own by the same way.
//
// It knows addresses, methods and paths, and nothing of configuration files,
// documents such as OpenAPI, scenarios or browsers: what may be written is a
// function that it is given, and what an exchange means others say.
package tap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"

	"golang.org/x/net/http/httpguts"

	"github.com/crossexam/crossexam/cors"
)

const (
	// ExchangeHeader is the response header by which the tap tells the browser,
	// and so Crossexam, which exchange a response belongs to. See [Tap.Exchange].
	ExchangeHeader = "Crossexam-Exchange"
	// RunHeader is the request header that names the run in the target's logs.
	RunHeader = "Crossexam-Run"
)

// Upstream is where the tap forwards to.
type Upstream struct {
	// URL is the target's base URL as the browser sees it, http or https.
	URL *url.URL
	// Address is the host:port to dial instead of the URL's own; empty is the
	// URL's. Fixtures live on loopback under a public-looking name.
	Address string
	// TLSEndsBefore says that the address speaks plain HTTP although the URL is https: the
	// tap stands where the proxy does that ends TLS in front of it, and says so to it as
	// that does, with X-Forwarded-Proto.
	TLSEndsBefore bool
	// Roots are the certificate authorities to trust; nil is the system's.
	Roots *x509.CertPool
	// ResolvesToLoopback says that the name in the address stands for this machine
	// and nothing else. Whoever looked it up sets it; an IP address says so itself.
	ResolvesToLoopback bool
	// InsecureSkipVerify accepts any certificate.
	InsecureSkipVerify bool
}

// address is the host:port that the tap dials.
func (u Upstream) address() string {
	if u.Address != "" {
		return u.Address
	}
	return cors.OriginOf(u.URL).HostPort()
}

// isLoopback reports whether the tap dials this machine. A name that goes to a proxy
// stands for what the proxy takes it for.
func (u Upstream) isLoopback() bool {
	if u.ResolvesToLoopback {
		p, err := u.proxy()
		return p == nil && err == nil
	}
	return u.namesLoopback()
}

// namesLoopback reports whether the address is one of this machine by its spelling.
func (u Upstream) namesLoopback() bool {
	host, _, err := net.SplitHostPort(u.address())
	return err == nil && cors.NewOrigin("http", host, "").IsLoopback()
}

func (u Upstream) check() error {
	switch {
	case u.URL == nil:
		return errors.New("the target has no URL")
	case u.URL.Scheme != "http" && u.URL.Scheme != "https" || u.URL.Hostname() == "":
		return fmt.Errorf("%q cannot be a target: write https://host or http://host", u.URL.Redacted())
	case u.URL.User != nil:
		return fmt.Errorf("%q cannot be a target: leave out the user information and declare a basic credential", u.URL.Redacted())
	}
	if _, _, err := net.SplitHostPort(u.address()); err != nil {
		return fmt.Errorf("%q is not an address to dial: write host:port", u.address())
	}
	return nil
}

// Options say what a [Tap] forwards to and how.
type Options struct {
	Upstream
	Limits
	// Run is the value of [RunHeader] in each request to the target; with an
	// empty one the header is left out.
	Run string
	// AllowWrite names the requests other than GET, HEAD and OPTIONS that the tap
	// passes on; nil allows none. The URL is as the client wrote it. It is called
	// concurrently.
	AllowWrite func(method, url string) bool
	// Messages gives what the target is told on the WebSocket of a URL, in the place of
	// what a page would send there: the first one as soon as it is open, and each other
	// once the target has answered the one before or is silent. None and nil are
	// nothing. It is called concurrently.
	Messages func(url string) []string
	// Conceal takes out of a URL what nobody is to see of it: the record has what it gives,
	// and so have the other functions here. The target gets the URL as it is. Nil takes
	// out nothing. It is called concurrently.
	Conceal func(url string) string
	// Browser are the header lines by which the browser's requests are known. A probe
	// has those that it does not name itself; see [Tap.Probe].
	Browser cors.Headers
	// Expected names the error statuses that a request is meant to be answered with,
	// which are no news of a rate limit or of trouble then; nil for none. It is called
	// concurrently.
	Expected func(method, url string, status int) bool
	// ForgetBodies says that nobody wants the bodies of responses from the record, which is
	// then without them, and that they may be large: those that are on their way to the
	// browser are bounded all together, and what asks for many more at once than a browser
	// does of one host gets less of each than [Limits] let through. No evidence may be
	// taken from such a tap.
	ForgetBodies bool
	// Prompts says that whoever drives the browser answers its login prompts. Otherwise
	// what asks for a login ([AsksForLogin]) reaches it without its WWW-Authenticate
	// lines: a browser that nobody sits at would wait for its prompt, and get in the end
	// what it gets at once now, the refusal.
	Prompts bool
	// ClientCertificate is the victim's; nil for none. A request that came over a
	// connection on which the browser presented it, and a probe that says so, goes
	// to the target over one with the certificate, every other over one without.
	ClientCertificate *tls.Certificate
}

// A Tap is the recording proxy between the browser and the target. As an
// http.Handler it forwards what the browser sends; each response it gives carries
// the [ExchangeHeader]. GET, HEAD and OPTIONS go through; any other request is
// recorded and withheld unless the options allow it.
//
// An exchange is recorded before the browser gets the first byte of its response:
// the body is read first, up to its limits. So an endless response reaches the
// page when the time or the size is used up, as a body that ends there; an event
// stream's time is one second. Of a WebSocket the page gets the handshake and the
// first message that the target sends within a second, then the tap closes it; the
// target gets no message, or those of [Options.Messages], and then all that it
// sends until a second after the last one is one message.
//
// A target that answers that requests are too many (429, 503) gets none for as long as
// it says, then fewer, and is asked again before the browser sees any answer, within
// the patience of the limits. A safe request that a gateway or a broken connection
// answers is made once more. Where the target lets the same request time out again and
// again it is not asked any more.
//
// A Tap is safe for concurrent use. It must be closed.
type Tap struct {
	base       *url.URL
	origin     cors.Origin
	limits     Limits
	run        string
	endsTLS    bool // see [Upstream.TLSEndsBefore]
	browser    cors.Headers
	messages   func(url string) []string
	conceal    func(url string) string
	allowWrite func(method, url string) bool
	prompts    bool

	expected func(method, url string, status int) bool

	manners *manners
	askers  askers
	silence silence
	repeats repeats
	turns   chan struct{} // as many as may be under way; nil for no limit
	record  record
	transit *transit
	// plain is the way to the target for everyone, certified the one with the
	// victim's client certificate; it is nil where there is none.
	plain, certified *way

	ctx   context.Context // ends with Close
	close context.CancelFunc
}

// New makes a tap. It contacts nothing; see [Tap.Reach].
func New(o Options) (*Tap, error) {
	if err := o.Upstream.check(); err != nil {
		return nil, err
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits(o.Upstream)
	}
	if err := o.Limits.Check(); err != nil {
		return nil, err
	}
	if !httpguts.ValidHeaderFieldValue(o.Run) {
		return nil, fmt.Errorf("the name of the run %q cannot be the value of a header", o.Run)
	}
	d, err := newDialer(o.Upstream)
	if err != nil {
		return nil, err
	}
	t := &Tap{
		base:       o.URL,
		origin:     cors.OriginOf(o.URL),
		limits:     o.Limits,
		run:        o.Run,
		endsTLS:    o.TLSEndsBefore && o.URL.Scheme == "https",
		browser:    o.Browser,
		messages:   o.Messages,
		conceal:    o.Conceal,
		allowWrite: o.AllowWrite,
		prompts:    o.Prompts,
		expected:   o.Expected,
		manners:    newManners(o.Limits),
		askers:     newAskers(),
		silence:    newSilence(),
		repeats:    repeats{broken: map[place]bool{}},
		plain:      newWay(d, o.Limits),
		record:     newRecord(),
	}
	if o.Concurrency > 0 {
		t.turns = make(chan struct{}, o.Concurrency)
	}
	if d.proxy != nil {
		t.record.note(fmt.Sprintf("The requests went through the proxy %s of the environment: what it changes or answers by itself is judged as the target's.", d.proxyName()))
	}
	if o.ClientCertificate != nil {
		if d.tls == nil {
			return nil, errors.New("a client certificate goes with TLS, and the target is an http:// one")
		}
		t.certified = newWay(d.with(*o.ClientCertificate), o.Limits)
	}
	if o.ForgetBodies {
		t.record.room.noBodies, t.transit = true, newTransit(o.Limits)
	}
	t.ctx, t.close = context.WithCancel(context.Background())
	return t, nil
}

// A way to the target is how to connect to it, with the connections that are kept
// open. What a connection proves, it proves for every request on it.
type way struct {
	dialer      dialer
	pool        pool
	multiplexer *multiplexer
}

func newWay(d dialer, l Limits) *way { return &way{dialer: d, multiplexer: newMultiplexer(d, l)} }

func (w *way) close() {
	w.pool.close()
	w.multiplexer.close()
}

// way gives the one on which a request goes out.
func (t *Tap) way(q cors.Request) (*way, error) {
	switch {
	case !q.ClientCertificate:
		return t.plain, nil
	case t.certified == nil:
		return nil, errors.New("the request asks for a client certificate, and there is none")
	}
	return t.certified, nil
}

// AsksForCertificate reports whether the target asked for a client certificate when
// a connection was made, with the victim's where there is one, and whether it takes
// that one: refused says in a sentence why not. It is valid after [Tap.Reach].
func (t *Tap) AsksForCertificate() (asks bool, refused string) {
	if t.certified == nil {
		return t.plain.dialer.ask.answer()
	}
	return t.certified.dialer.ask.answer()
}

// Close breaks off what is under way, which is recorded with a fault, and closes
// the connections to the target. The record stays readable; later requests are
// not forwarded.
func (t *Tap) Close() {
	t.close()
	t.plain.close()
	if t.certified != nil {
		t.certified.close()
	}
}
