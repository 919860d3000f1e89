package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// bad is the domain of the attacker in names that are made of trusted ones.
const bad = evilHost

// spellings collects the near-misses of one trusted origin.
type spellings struct {
	target Target
	of     cors.Origin
	with   cors.Origin // the other one, where they are made of two
	list   []NearMiss
}

// add takes a host with the scheme and port of the trusted origin.
func (s *spellings) add(how, host string) { s.addAt(how, s.of.Scheme(), host, explicitPort(s.of)) }

func (s *spellings) addAt(how, scheme, host, port string) {
	if m, ok := nearMiss(s.target, s.of, how, scheme, host, port); ok {
		m.with = s.with
		s.list = append(s.list, m)
	}
}

func explicitPort(o cors.Origin) string {
	if o.HasDefaultPort() {
		return ""
	}
	return o.Port()
}

// A spelling makes near-misses of one trusted origin.
type spelling func(*spellings)

// ofEach applies a spelling to each trusted origin and to the domains of patterns, or to
// the target's own.
func ofEach(spell spelling) func(Target) []NearMiss {
	return func(t Target) []NearMiss {
		var all []NearMiss
		for _, o := range resembled(t) {
			all = append(all, spelled(t, o, spell)...)
		}
		return distinct(all)
	}
}

// resembled are the origins that near-misses are made of.
func resembled(t Target) []cors.Origin {
	return slices.DeleteFunc(append(frontEnds(t), patternDomains(t)...), cors.Origin.IsOpaque)
}

// spelled are the near-misses of one origin.
func spelled(t Target, of cors.Origin, spell spelling) []NearMiss {
	s := &spellings{target: t, of: of}
	spell(s)
	return s.list
}

// distinct keeps the first of equal origins.
func distinct(all []NearMiss) []NearMiss {
	var kept []NearMiss
	for _, m := range all {
		if !slices.ContainsFunc(kept, func(k NearMiss) bool { return k.Origin == m.Origin }) {
			kept = append(kept, m)
		}
	}
	return kept
}

func dotted(s *spellings) { s.add("the trusted host, a dot and another domain", s.of.Host()+"."+bad) }

func letters(s *spellings) { s.add("the trusted host and letters", s.of.Host()+bad) }

func lettersBefore(s *spellings) {
	host, domain := s.of.Host(), s.of.RegistrableDomain()
	if a, isIP := s.of.IP(); isIP {
		if a.Is4() {
			s.add("a digit before the trusted address", "1"+host)
		}
		return
	}
	s.add("letters before the trusted host", "evil"+host)
	if domain != "" && domain != host {
		s.add("letters before the trusted domain", "evil"+domain)
	}
}

func cut(s *spellings) {
	clipped(s)
	if port := explicitPort(s.of); len(port) > 1 {
		s.addAt("the trusted port without its last digit", s.of.Scheme(), s.of.Host(), port[:len(port)-1])
	}
}

// clipped are those of these that a part of the trusted host is: its end, and what is
// within it.
func clipped(s *spellings) {
	host := s.of.Host()
	if a, isIP := s.of.IP(); !isIP || a.Is4() {
		s.add("the trusted host without its first character", host[1:])
		s.add("the trusted host without its last character", host[:len(host)-1])
	}
}

func dotReplaced(s *spellings) {
	host := s.of.Host()
	for i, c := range host {
		if c == '.' {
			n := 1 + strings.Count(host[:i], ".")
			before := len(s.list)
			s.add(fmt.Sprintf("the trusted host with a letter for its dot %d", n), host[:i]+"x"+host[i+1:])
			for j := range s.list[before:] {
				s.list[before+j].dot = n
			}
		}
	}
}

func insecureSpelling(s *spellings) {
	if s.of.Scheme() == "https" {
		s.addAt("the trusted host over http", "http", s.of.Host(), explicitPort(s.of))
	}
}

func otherPort(s *spellings) {
	for _, port := range []string{"8443", "9443"} {
		if before := len(s.list); s.of.Port() != port {
			s.addAt("the trusted host on another port", s.of.Scheme(), s.of.Host(), port)
			if len(s.list) > before {
				return
			}
		}
	}
}

func longerPort(s *spellings) {
	if s.of.HasDefaultPort() {
		return
	}
	for digit := '0'; digit <= '9' && len(s.list) == 0; digit++ {
		s.addAt("the trusted port and a digit", s.of.Scheme(), s.of.Host(), s.of.Port()+string(digit))
	}
}

func subdomain(s *spellings) {
	s.add("a subdomain of the trusted host", subdomainLabel+"."+s.of.Host())
}

func siblingHost(s *spellings) {
	if domain := s.of.RegistrableDomain(); domain != "" && domain != s.of.Host() {
		s.add("a sibling of the trusted host", siblingLabel+"."+domain)
	}
	if slices.Contains(patternDomains(s.target), s.of) {
		s.add("the domain of the trusted pattern, by itself", s.of.Host())
	}
}

func insecureSubdomain(s *spellings) {
	if s.of.Scheme() == "https" {
		s.addAt("a subdomain of the trusted host over http", "http", subdomainLabel+"."+s.of.Host(), explicitPort(s.of))
	}
}

// punctuated has the two characters that the DNS carries beside letters and
// digits, and three of those that it does not: a rule that takes one of these
// takes the others too.
func punctuated(s *spellings) {
	for _, c := range []string{"-", "_.", "!.", ",.", "~."} {
		s.add(fmt.Sprintf("the trusted host, %q and another domain", c[:1]), s.of.Host()+c+bad)
	}
}

// dashed are those of these that real names have.
func dashed(s *spellings) {
	all := spelled(s.target, s.of, punctuated)
	s.list = append(s.list, all[:min(2, len(all))]...)
}

func trailingDot(s *spellings) {
	if _, isIP := s.of.IP(); !isIP && !strings.HasSuffix(s.of.Host(), ".") {
		s.add("the trusted host with a trailing dot", s.of.Host()+".")
	}
}

func lookAlike(s *spellings) {
	if like, ok := s.of.LookAlike(); ok {
		s.add("a host that looks the same, with a Cyrillic letter", like.Host())
		for i := range s.list {
			s.list[i].Registrable = false // most registries refuse a mixture of scripts
		}
	}
	if a, isIP := s.of.IP(); isIP && a.Is4() {
		b := a.As4()
		s.add("the trusted address as an IPv6 one", fmt.Sprintf("::ffff:%x:%x", uint16(b[0])<<8|uint16(b[1]), uint16(b[2])<<8|uint16(b[3])))
	}
}

// runTogether joins two trusted hosts, as a list without its separator does, the
// first label of one with the other, and what a host begins with before the ending
// that it shares with another, as a tree of endings does that loses its place: bfoo.com
// of foo.com and boo.com (GHSA-vhxv-fg4m-p2w8).
func runTogether(t Target) []NearMiss {
	named := slices.DeleteFunc(slices.Clone(t.Trusted), func(o cors.Origin) bool {
		_, ip := o.IP()
		return o.IsOpaque() || ip
	})
	var all []NearMiss
	for _, of := range named {
		for _, other := range partners(named, of) {
			s := &spellings{target: t, of: of, with: other}
			label, _, _ := strings.Cut(other.Host(), ".")
			s.add("the first label of one trusted host before another", label+of.Host())
			s.add("two trusted hosts run together", other.Host()+of.Host())
			s.add("what another trusted host does not share, before this one", unshared(other.Host(), of.Host())+of.Host())
			all = append(all, s.list...)
		}
	}
	return distinct(all)
}

// partners are the other origins that one is run together with: all of a short list, and of
// a longer one those that stand beside it, as where a comma was forgotten, and the one whose
// host shares its end, which is beside it in a tree of hosts.
func partners(list []cors.Origin, of cors.Origin) []cors.Origin {
	others := slices.DeleteFunc(slices.Clone(list), func(o cors.Origin) bool { return o == of })
	if len(others) < inWhole {
		return others
	}
	var near []cors.Origin
	i := slices.Index(list, of)
	for _, beside := range list[max(i-1, 0):min(i+2, len(list))] {
		if beside != of {
			near = append(near, beside)
		}
	}
	shares := func(o cors.Origin) int { return len(o.Host()) - len(unshared(o.Host(), of.Host())) }
	closest := slices.MaxFunc(others, func(a, b cors.Origin) int { return cmp.Compare(shares(a), shares(b)) })
	if shares(closest) > 0 && !slices.Contains(near, closest) {
		near = append(near, closest)
	}
	return near
}

// unshared is what stands before the characters in which both hosts end.
func unshared(host, other string) string {
	n := 0
	for n < min(len(host), len(other)) && host[len(host)-1-n] == other[len(other)-1-n] {
		n++
	}
	return host[:len(host)-n]
}

// sharedSuffixes are hosting services of the public-suffix list's private
// section on which anyone can have a site.
var sharedSuffixes = []string{
	"github.io", "gitlab.io", "pages.dev", "workers.dev", "vercel.app", "netlify.app",
	"herokuapp.com", "web.app", "azurewebsites.net", "onrender.com", "fly.dev", "firebaseapp.com",
}

// anySite begins the name of a site of the attacker on a shared service.
const anySite = "crossexam-evil."

// neighbour is a site beside a trusted one on a shared hosting service.
func neighbour(s *spellings) {
	if suffix, in := s.of.PublicSuffix(); in == cors.Private && s.of.Host() != suffix {
		s.add("another site on "+suffix, anySite+suffix)
	}
}

// shared has any site of each service, and, where a trusted origin is on such a
// service itself or may have its previews there, sites whose names begin as its
// own does.
func shared(t Target) []NearMiss {
	var all []NearMiss
	site := func(of cors.Origin, how, host string) {
		if m, ok := nearMiss(t, of, how, "https", host, ""); ok {
			all = append(all, m)
		}
	}
	for _, o := range frontEnds(t) {
		suffix, in := o.PublicSuffix()
		name, _, _ := strings.Cut(o.RegistrableDomain(), ".")
		switch {
		case name == "":
		case in == cors.Private:
			site(o, "another site on "+suffix, anySite+suffix)
			site(o, "a site on "+suffix+" whose name begins as the trusted one's", name+"-crossexam."+suffix)
		default:
			label, _, _ := strings.Cut(o.Host(), ".")
			for _, suffix := range []string{"vercel.app", "pages.dev"} {
				how := "a site on " + suffix + " whose name begins as the trusted one's"
				site(o, how, label+"-crossexam."+suffix)
				site(o, how, name+"-crossexam."+suffix)
			}
		}
	}
	for _, suffix := range sharedSuffixes {
		site(cors.Opaque, "any site on "+suffix, anySite+suffix)
	}
	return distinct(all)
}

// local are the origins of development servers.
func local(t Target) []NearMiss {
	return fixed(t, "a development server's origin",
		"http://localhost", "http://localhost:3000", "http://localhost:5173", "http://localhost:8080", "https://localhost",
		"http://127.0.0.1", "http://127.0.0.1:3000", "http://[::1]", "http://crossexam.localhost")
}

// localNames are names on the web that begin as development servers' do.
func localNames(t Target) []NearMiss {
	return fixed(t, "a name that begins with localhost",
		"https://localhost."+bad, "http://localhost."+bad, "http://localhost"+bad, "http://127.0.0.1."+bad)
}

func fixed(t Target, how string, origins ...string) []NearMiss {
	var all []NearMiss
	for _, s := range origins {
		o := cors.MustParseOrigin(s)
		if m, ok := nearMiss(t, cors.Opaque, how, o.Scheme(), o.Host(), explicitPort(o)); ok {
			all = append(all, m)
		}
	}
	return distinct(all)
}
