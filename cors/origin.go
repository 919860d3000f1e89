package cors

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Origin is a web origin in the sense of the HTML standard, section "Origin": a
// scheme, a host and a port, or an opaque origin. The zero value is the opaque
// origin, which serialises to "null". Origins compare with ==.
type Origin struct {
	scheme string
	host   string // lower case; an IPv6 literal stands in brackets
	port   string // empty when it is the default port of the scheme
}

// Opaque is the origin of sandboxed frames, data: documents and other places
// that have no tuple origin. Browsers send it as "Origin: null".
var Opaque = Origin{}

// ParseOrigin reads a serialised http or https origin such as
// "https://app.example:3000", exactly as browsers write it: lower case, no
// default port, no path, not even a slash, nothing else (Fetch standard,
// #origin-header). Anything more or less is an error that says what to write,
// because a server that compares strings never matches it. "null" is
// [Opaque].
func ParseOrigin(s string) (Origin, error) {
	if s == "null" {
		return Opaque, nil
	}
	u, err := parseWebURL(s)
	switch {
	case strings.Contains(s, "*"):
		err = errors.New("it stands for many; write each by its name")
	case !strings.Contains(s, "://"):
		err = errors.New("it must begin with https:// or http://")
	case err != nil:
	case u.origin.IsOpaque():
		err = errors.New("its scheme must be https or http")
	case strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f }):
		err = errors.New("write the host in its ASCII form, which begins with xn--")
	case u.origin.port == "0":
		err = errors.New("no browser loads port 0")
	case u.origin.String() != s:
		err = fmt.Errorf("write %q", u.origin)
	default:
		return u.origin, nil
	}
	return Origin{}, fmt.Errorf("%q is not an origin: %w", s, err)
}

// MustParseOrigin is [ParseOrigin] for constants; it panics on an error.
func MustParseOrigin(s string) Origin {
	o, err := ParseOrigin(s)
	if err != nil {
		panic(err)
	}
	return o
}

// OriginOf returns the origin of an http, https, ws or wss URL (the latter two as
// their http counterparts), and [Opaque] for any other scheme, and for one without a host,
// which is no URL of these (URL standard, #host-state).
func OriginOf(u *url.URL) Origin {
	if u.Hostname() == "" {
		return Opaque
	}
	scheme := strings.ToLower(u.Scheme)
	switch scheme {
	case "ws":
		scheme = "http"
	case "wss":
		scheme = "https"
	}
	return NewOrigin(scheme, u.Hostname(), u.Port())
}

// OriginOfURL returns the origin of a URL that is not parsed yet, as [OriginOf] does, and
// [Opaque] for what is none.
func OriginOfURL(raw string) Origin {
	u, err := url.Parse(raw)
	if err != nil {
		return Opaque
	}
	return OriginOf(u)
}

// NewOrigin builds an origin from its parts; host is a name or an IP literal
// without brackets, port is empty or decimal. The host is written as browsers do
// ("127.1" becomes "127.0.0.1"); one that no browser loads is kept as it is. It is
// [Opaque] for any scheme but http and https.
func NewOrigin(scheme, host, port string) Origin {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if h, ok := canonicalHost(host); ok {
		host = h
	}
	return tupleOrigin(strings.ToLower(scheme), host, port)
}

// tupleOrigin is NewOrigin for a host that is written as browsers do.
func tupleOrigin(scheme, host, port string) Origin {
	if scheme != "http" && scheme != "https" {
		return Opaque
	}
	if port == defaultPort(scheme) {
		port = ""
	}
	return Origin{scheme: scheme, host: host, port: port}
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// String serialises the origin as browsers send it (HTML standard,
// "serialization of an origin").
func (o Origin) String() string {
	if o.IsOpaque() {
		return "null"
	}
	if o.port == "" {
		return o.scheme + "://" + o.host
	}
	return o.scheme + "://" + o.host + ":" + o.port
}

// MarshalText serialises the origin, so that it reads as text in JSON.
func (o Origin) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (o *Origin) UnmarshalText(b []byte) error {
	parsed, err := ParseOrigin(string(b))
	*o = parsed
	return err
}

// IsOpaque reports whether the origin serialises to "null".
func (o Origin) IsOpaque() bool { return o.scheme == "" }

// Scheme is "http", "https", or empty for an opaque origin.
func (o Origin) Scheme() string { return o.scheme }

// Host is the host name in lower case, or the IP literal without brackets.
func (o Origin) Host() string { return strings.Trim(o.host, "[]") }

// Port is the port in decimal, the scheme's default port included.
func (o Origin) Port() string {
	if o.port == "" && !o.IsOpaque() {
		return defaultPort(o.scheme)
	}
	return o.port
}

// HasDefaultPort reports whether the port is left out of the serialisation.
func (o Origin) HasDefaultPort() bool { return o.port == "" }

// HostPort joins host and port as a network address, brackets included.
func (o Origin) HostPort() string { return net.JoinHostPort(o.Host(), o.Port()) }

// withHost returns the same origin on another host.
func (o Origin) withHost(host string) Origin { return NewOrigin(o.scheme, host, o.port) }

// WithScheme returns the origin under another scheme, on the same explicit port
// or else on the default port of the new scheme.
func (o Origin) WithScheme(scheme string) Origin { return NewOrigin(scheme, o.Host(), o.port) }

// WithPort returns the same origin on another port.
func (o Origin) WithPort(port string) Origin { return NewOrigin(o.scheme, o.Host(), port) }

// IP returns the address when the host is an IP literal.
func (o Origin) IP() (netip.Addr, bool) {
	if last := len(o.host) - 1; last < 0 || o.host[last] != ']' && !isDigit(o.host[last]) {
		return netip.Addr{}, false // a name, of which there are many
	}
	a, err := netip.ParseAddr(o.Host())
	return a, err == nil
}

// IsLocal reports whether the host is loopback, private or link-local by its
// spelling: an IP literal of such a range, localhost, or a name under .localhost.
// 0.0.0.0 and [::] count, which servers print for "this machine" and which reach
// it.
func (o Origin) IsLocal() bool {
	if a, ok := o.IP(); ok {
		a = a.Unmap()
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified()
	}
	return o.IsLoopback()
}

// IsLoopback reports whether the host can only mean this machine: a loopback IP
// literal, localhost, or a name under .localhost (RFC 6761, section 6.3).
func (o Origin) IsLoopback() bool {
	if a, ok := o.IP(); ok {
		return a.Unmap().IsLoopback()
	}
	h := strings.TrimSuffix(o.Host(), ".")
	return h == "localhost" || strings.HasSuffix(h, ".localhost")
}

// IsPotentiallyTrustworthy follows Secure Contexts, section 3.1: https, or a
// loopback host other than an IPv4 one in IPv6 clothes ("[::ffff:7f00:1]"). A
// page of any other origin is not a secure context, and a secure page may not
// fetch from it (mixed content).
func (o Origin) IsPotentiallyTrustworthy() bool {
	a, _ := o.IP()
	return o.scheme == "https" || (o.scheme == "http" && o.IsLoopback() && !a.Is4In6())
}

// RegistrableDomain is the public suffix of the host and one label more, by the
// public-suffix list, or empty when the host has none (an IP literal, a public
// suffix itself, a single label). A trailing dot stays: "app.example." is not on
// the site of "app.example" (URL standard, #host-registrable-domain).
func (o Origin) RegistrableDomain() string {
	if _, ok := o.IP(); ok || o.IsOpaque() {
		return ""
	}
	host, dot := strings.CutSuffix(o.host, ".")
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	switch {
	case err != nil:
		return ""
	case dot:
		return d + "."
	}
	return d
}

// SameSite reports whether two origins are schemefully same site (HTML standard,
// "same site"): the same scheme, and the same host or registrable domain. What
// SameSite cookies protect against is a request that is not.
func (o Origin) SameSite(p Origin) bool {
	if o.IsOpaque() || p.IsOpaque() || o.scheme != p.scheme {
		return false
	}
	if o.Host() == p.Host() {
		return true
	}
	d := o.RegistrableDomain()
	return d != "" && d == p.RegistrableDomain()
}
