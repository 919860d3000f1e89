package tap

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/proxy"

	"github.com/crossexam/crossexam/cors"
)

// A dialer connects to the target, through a proxy where the environment names
// one for it (HTTPS_PROXY and its like). It does so itself, and not with
// http.Transport, because the tap records what goes over the connection inside
// of TLS and proxy.
type dialer struct {
	address string      // host:port
	proxy   *url.URL    // nil for none
	tls     *tls.Config // nil for an http target
	// certificate is what the dialer proves itself with where the target asks; nil
	// for nothing.
	certificate *tls.Certificate
	ask         *certificateAsk // what the target said; never nil
	alpn        *alpn           // never nil
}

// A certificateAsk is whether a server asked for a client certificate, and what it
// said of ours.
type certificateAsk struct {
	mu      sync.Mutex
	asks    bool
	refused string
}

func (a *certificateAsk) answer() (asks bool, refused string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asks, a.refused
}

// hear takes notice of a server that asks.
func (a *certificateAsk) hear(refused string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asks, a.refused = true, refused
}

// with gives a dialer that offers the certificate to a target that asks for one of
// its issuer. Like a browser it offers none to a target that names others.
func (d dialer) with(c tls.Certificate) dialer {
	d.certificate, d.ask = &c, &certificateAsk{}
	d.tls = d.tls.Clone()
	d.tls.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if err := r.SupportsCertificate(&c); err != nil {
			d.ask.hear("the target asks for certificates of other authorities, so that no browser offers it this one")
			return &tls.Certificate{}, nil
		}
		d.ask.hear("")
		return &c, nil
	}
	return d
}

func newDialer(u Upstream) (dialer, error) {
	d := dialer{address: u.address(), ask: &certificateAsk{}, alpn: &alpn{}}
	if u.URL.Scheme == "https" && !u.TLSEndsBefore {
		ask := d.ask
		d.tls = &tls.Config{
			ServerName:         cors.OriginOf(u.URL).Host(),
			RootCAs:            u.Roots,
			InsecureSkipVerify: u.InsecureSkipVerify, // the operator asked for it
			NextProtos:         []string{"http/1.1"}, // see alpn
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				ask.hear("")
				return &tls.Certificate{}, nil
			},
		}
	}
	var err error
	d.proxy, err = u.proxy()
	return d, err
}

// absolute is what goes before the path in a request line: a proxy that reads
// requests wants to be told the server.
func (d *dialer) absolute() string {
	if d.viaPlainProxy() {
		return "http://" + d.address
	}
	return ""
}

func (d *dialer) viaPlainProxy() bool {
	return d.tls == nil && d.proxy != nil && strings.HasPrefix(d.proxy.Scheme, "http")
}

// authorization is the Proxy-Authorization that the proxy's URL asks for, or "".
func (d *dialer) authorization() string {
	if d.proxy == nil || d.proxy.User == nil {
		return ""
	}
	password, _ := d.proxy.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(d.proxy.User.Username()+":"+password))
}

// dial opens a connection. Its errors are whole sentences.
func (d *dialer) dial(ctx context.Context, within time.Duration) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	left := remaining(ctx)
	explain := func(err error) error {
		var late timeoutError
		if errors.As(err, &late) && round(left) == round(within) {
			return timeoutError{text: err.Error(), limit: connectLimit, now: within}
		}
		return err
	}
	raw, err := d.tunnel(ctx, left)
	if err != nil {
		return nil, explain(err)
	}
	c := &conn{Conn: raw, raw: raw}
	if d.tls != nil {
		secure, err := d.secure(ctx, raw)
		if err != nil {
			raw.Close()
			return nil, explain(d.explainTLS(err, left))
		}
		c.Conn = secure
		if secure.ConnectionState().NegotiatedProtocol == "h2" {
			if err := c.overHTTP2(ctx); err != nil {
				raw.Close()
				return nil, explain(fmt.Errorf("HTTP/2 with %s did not begin: %w", d.address, err))
			}
			return c, nil
		}
	}
	c.reader = bufio.NewReader(c.Conn)
	return c, nil
}

// tunnel connects to where the target's TLS or HTTP begins.
func (d *dialer) tunnel(ctx context.Context, within time.Duration) (net.Conn, error) {
	if d.proxy == nil {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", localhost(d.address))
		if err != nil {
			return nil, explainDial(err, d.address, within)
		}
		return c, nil
	}
	address := d.proxy.Host
	if d.proxy.Port() == "" {
		port := map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[d.proxy.Scheme]
		if port == "" {
			port = "80"
		}
		address = net.JoinHostPort(d.proxy.Hostname(), port)
	}
	c, err := d.throughProxy(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("the proxy of the environment: %w", explainDial(err, address, within))
	}
	return c, nil
}

// localhost has an address of a name below localhost, such as tenant.localhost, lead to
// this machine, as browsers do without asking DNS, which often does not know it
// (RFC 6761, section 6.3).
func localhost(address string) string {
	host, port, err := net.SplitHostPort(address)
	if o := cors.NewOrigin("http", host, ""); err != nil || !o.IsLoopback() || net.ParseIP(o.Host()) != nil {
		return address
	}
	return net.JoinHostPort("localhost", port)
}

func (d *dialer) throughProxy(ctx context.Context, address string) (net.Conn, error) {
	if strings.HasPrefix(d.proxy.Scheme, "socks5") {
		socks, err := proxy.FromURL(&url.URL{Scheme: d.proxy.Scheme, User: d.proxy.User, Host: address}, &net.Dialer{})
		if err != nil {
			return nil, err
		}
		return socks.(proxy.ContextDialer).DialContext(ctx, "tcp", d.address)
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if d.proxy.Scheme == "https" {
		secure := tls.Client(c, &tls.Config{ServerName: d.proxy.Hostname(), NextProtos: []string{"http/1.1"}})
		if err := secure.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, err
		}
		c = secure
	}
	if d.viaPlainProxy() {
		return c, nil
	}
	if err := d.connect(ctx, c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// connect asks an HTTP proxy for a tunnel to the target.
func (d *dialer) connect(ctx context.Context, c net.Conn) error {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	request := "CONNECT " + d.address + " HTTP/1.1\r\nHost: " + d.address + "\r\n"
	if a := d.authorization(); a != "" {
		request += "Proxy-Authorization: " + a + "\r\n"
	}
	if _, err := c.Write([]byte(request + "\r\n")); err != nil {
		return err
	}
	// The target speaks only after we did, so nothing of it is lost in the buffer.
	head, err := readHead(bufio.NewReader(c), 64<<10)
	if err != nil {
		return err
	}
	status, _, err := parseHead(head)
	if err != nil {
		return err
	}
	if status < 200 || status > 299 {
		return fmt.Errorf("it answered CONNECT %s with the status %d", d.address, status)
	}
	return nil
}

// explainDial says in one sentence why there is no connection to the address.
func explainDial(err error, address string, within time.Duration) error {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("the name %s does not resolve: is it spelled right, and does this machine's DNS know it?", dns.Name)
	case errors.As(err, &dns) && !dns.IsTimeout:
		return fmt.Errorf("the name %s could not be resolved: %s", dns.Name, dns.Err)
	case errors.Is(err, context.Canceled):
		return errGivenUp
	case isTimeout(err):
		return timeoutError{text: fmt.Sprintf("there was no connection to %s within %s: is the port right, and does a firewall drop packets?", address, round(within))}
	case errors.Is(err, syscall.ECONNREFUSED):
		return unreachableError(address + " refused the connection: is the target running, and is the port right?")
	}
	return fmt.Errorf("there is no connection to %s: %w", address, err)
}

// An unreachableError says that nothing accepts connections at the address.
type unreachableError string

func (e unreachableError) Error() string { return string(e) }

// meetsTLS reports whether a target that closed a connection in plain text speaks TLS,
// whosever its certificate is: nothing is sent to it after the handshake.
func (d *dialer) meetsTLS(ctx context.Context) bool {
	if d.tls != nil || d.viaPlainProxy() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second) // which is plenty for a server that is there
	defer cancel()
	raw, err := d.tunnel(ctx, remaining(ctx))
	if err != nil {
		return false
	}
	defer raw.Close()
	host, _, _ := net.SplitHostPort(d.address)
	err = tls.Client(raw, &tls.Config{ServerName: host, InsecureSkipVerify: true}).HandshakeContext(ctx)
	return err == nil || isAlert(err)
}

// explainTLS says in one sentence why a connection did not become a secure one.
func (d *dialer) explainTLS(err error, within time.Duration) error {
	var untrusted *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &untrusted):
		return fmt.Errorf("the certificate of %s is not trusted (%w): mend it, or test all the same with `insecure_skip_verify`", d.address, untrusted.Err)
	case errors.As(err, &plain):
		return fmt.Errorf("%s does not speak TLS: does the URL have to begin with http://?", d.address)
	case errors.Is(err, context.Canceled):
		return errGivenUp
	case isTimeout(err):
		return timeoutError{text: fmt.Sprintf("%s accepted the connection and did not finish the TLS handshake within %s", d.address, round(within))}
	case isAlert(err) && d.certificate != nil:
		return fmt.Errorf("%s broke off the TLS handshake (%w): does it take this client certificate?", d.address, err)
	case isClosed(err):
		return fmt.Errorf("%s closed the connection in the TLS handshake: does it speak https on this port?", d.address)
	}
	return fmt.Errorf("the TLS handshake with %s failed: %w", d.address, err)
}

var errGivenUp = errors.New("the request was given up before the target answered")

func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &t) && t.Timeout()
}

// isAlert reports whether the server ended TLS with a reason.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// isClosed reports whether the server closed or reset the connection.
func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// remaining is the time until the deadline of a context that has one.
func remaining(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline()
	return time.Until(deadline)
}

func round(d time.Duration) time.Duration { return max(d, 0).Round(10 * time.Millisecond) }
