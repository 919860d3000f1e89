package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A NearMiss is an origin that a server may take for a trusted one: it resembles
// one, or it is often trusted by mistake.
type NearMiss struct {
	Origin cors.Origin
	// Of is the trusted origin that it resembles, or the target's own; opaque where
	// there is none.
	Of cors.Origin
	// with is the other trusted origin that it is made of; opaque where there is none.
	with cors.Origin
	// How it is made, in a few words, such as "the trusted host and letters".
	How      string
	sendable sendability
	// Registrable says that anyone can get the origin: its domain is another than
	// those of the trusted origins and of the target, under a public suffix.
	Registrable bool
	// dot is the place of the dot, from 1, for which another character stands; 0 for
	// none.
	dot int
}

// sendability says where a page of an origin can exist.
type sendability string

// A name with characters or with a top-level domain that the DNS does not have
// can only be played, by a browser whose hosts are mapped: it shows the server's
// rule, and no attack. Never is an origin that browsers change before they send
// anything; only Crossexam itself can put it into a header.
const (
	realDNS    sendability = "real-dns"
	mappedOnly sendability = "mapped-only"
	never      sendability = "never"
)

// nearMiss weighs an origin. It fails for one that no browser takes as it is
// written, and for one that is the target's own or trusted.
func nearMiss(t Target, of cors.Origin, how, scheme, host, port string) (m NearMiss, ok bool) {
	own := t.Origin()
	if !own.IsPotentiallyTrustworthy() {
		scheme = "http" // no https page can fetch from this target (mixed content)
	}
	// Browsers rewrite some spellings, "127.1" for one: those are other origins.
	o := cors.NewOrigin(scheme, host, port)
	if _, err := cors.ParseOrigin(o.String()); err != nil || o.Host() != host {
		return m, false
	}
	if o.HasBlockedPort() || o == own || t.Trusts(o) || hasEmptyLabel(host) {
		return m, false
	}
	m = NearMiss{Origin: o, Of: of, How: how, sendable: sendable(o, of)}
	m.Registrable = m.sendable == realDNS && isForeign(o, own, t.Trusted) && isPublic(o)
	return m, true
}

func hasEmptyLabel(host string) bool {
	return strings.HasPrefix(host, ".") || strings.Contains(host, "..")
}

func sendable(o, of cors.Origin) sendability {
	switch _, isIP := o.IP(); {
	case o.Scheme() == "http" && o.IsHTTPSOnly():
		return never
	case isIP || o.IsLoopback():
		return realDNS
	case !isHostname(o.Host()):
		return mappedOnly
	case isPublic(o) || topLevel(o) == topLevel(of):
		return realDNS
	}
	return mappedOnly
}

// isHostname reports whether the DNS can have the name: letters, digits, "-" and
// "_" in labels of at most 63 characters (RFC 1035, section 2.3.4).
func isHostname(host string) bool {
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return len(host) <= 253
}

func topLevel(o cors.Origin) string {
	host := strings.TrimSuffix(o.Host(), ".")
	return host[strings.LastIndexByte(host, '.')+1:]
}

// isPublic reports whether there is a registry for the domain. The reserved names
// "test" and "example" stand for real ones here as they do everywhere.
func isPublic(o cors.Origin) bool {
	suffix, in := o.PublicSuffix()
	return o.RegistrableDomain() != "" && (in != cors.Unlisted || suffix == "test" || suffix == "example")
}

// isForeign reports whether the origin is neither on the target's own domain nor on that
// of an origin which the operator trusts.
func isForeign(o, own cors.Origin, trusted []cors.Origin) bool {
	site := func(o cors.Origin) string { return strings.TrimSuffix(o.RegistrableDomain(), ".") }
	theirs := site(o)
	return theirs != site(own) && !slices.ContainsFunc(trusted, func(ours cors.Origin) bool { return theirs == site(ours) })
}

// reach is how grave a proved attack from this origin is.
func (m NearMiss) reach(t Target) Severity {
	switch {
	case m.sendable != realDNS:
		return Low
	case !m.Registrable:
		return Medium
	}
	return reach(t, m.Origin)
}

// Takes says in a clause what an attacker needs for a page of this origin.
func (m NearMiss) Takes() string {
	switch domain := m.Origin.RegistrableDomain(); {
	case m.sendable == mappedOnly:
		return "no name of the public DNS can be like this"
	case m.Registrable:
		return "anyone can register such a name"
	case strings.Contains(m.Origin.Host(), "xn--") && domain != m.Of.RegistrableDomain():
		return "it takes a registry that sells names of mixed scripts"
	case m.Origin.IsLocal():
		return "it takes a server on the victim's machine or network"
	case m.Origin.Scheme() == "http" && m.Of.Scheme() == "https":
		return "it takes a place on the victim's network path"
	case domain != "" && domain == m.Of.RegistrableDomain() && m.Origin.Host() != m.Of.Host():
		return fmt.Sprintf("it takes a page on some host under %s", domain)
	}
	return "it takes a page on a host that attackers cannot register"
}

// unplayable says why there is no page of this origin, so that Crossexam itself
// has to ask in its name. It is empty where there can be one.
func (m NearMiss) unplayable() string {
	switch {
	case m.sendable == never:
		return "no browser sends it, because http:// pages of this top-level domain cannot be opened (HSTS preloading)"
	case m.Origin.Scheme() == "https" && strings.HasSuffix(m.Origin.Host(), "."):
		// Go's TLS server refuses such a name, which Chrome sends as it is.
		return "this was asked by hand, because Crossexam can play no https page on a name with a trailing dot"
	}
	return ""
}
