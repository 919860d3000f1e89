package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// witnesses are the origins that tell the rules apart by which a server may
// match a trusted origin. All but a few are near-misses of other scenarios, so
// that they cost nothing where the whole family is asked.
func witnesses(t Target, of cors.Origin) []NearMiss {
	if of.IsOpaque() {
		return nil
	}
	s := &spellings{target: t, of: of}
	for _, spell := range []spelling{
		dotted, letters, lettersBefore, dotReplaced, insecureSpelling, otherPort, subdomain, siblingHost,
		neighbour, around, aroundDomain, deepSubdomain,
	} {
		spell(s)
	}
	return distinct(s.list)
}

func around(s *spellings) {
	s.add("the trusted host inside another", "evil"+s.of.Host()+"."+bad)
}

func aroundDomain(s *spellings) {
	if domain := s.of.RegistrableDomain(); domain != "" && domain != s.of.Host() {
		s.add("the trusted domain inside another host", "evil"+domain+"."+bad)
	}
}

func deepSubdomain(s *spellings) {
	s.add("a subdomain of a subdomain", "deep."+subdomainLabel+"."+s.of.Host())
}

// inferred says in words which rule grants a near-miss, with the origins that
// show it. granted tells which origins are known to be granted.
func inferred(t Target, m NearMiss, granted func(cors.Origin) bool) string {
	if m.Of.IsOpaque() {
		return "the target takes " + m.How + " for a trusted origin"
	}
	made := func(spell spelling) bool {
		s := &spellings{target: t, of: m.Of}
		spell(s)
		return slices.ContainsFunc(s.list, func(n NearMiss) bool { return granted(n.Origin) })
	}
	rule := hostRule(t, m.Of, granted, made)
	port, insecure := made(otherPort), made(insecureSpelling)
	if rule == "" && (port || insecure) {
		rule = "has the trusted host"
	}
	if port && !strings.HasPrefix(rule, "begins") && !strings.HasPrefix(rule, "contains") {
		rule += ", on any port"
	}
	if insecure && !strings.HasPrefix(rule, "contains") {
		rule += ", over http:// too"
	}
	if rule == "" {
		return fmt.Sprintf("the target takes %s for %s", m.How, m.Of)
	}
	return fmt.Sprintf("the target seems to trust every origin that %s%s", rule, shownBy(t, m, granted))
}

// hostRule goes from the widest rule to the narrowest.
func hostRule(t Target, of cors.Origin, granted func(cors.Origin) bool, made func(spelling) bool) string {
	host, domain := of.Host(), of.RegistrableDomain()
	suffix, _ := of.PublicSuffix()
	before := func(end string) bool {
		return slices.ContainsFunc(witnesses(t, of), func(n NearMiss) bool {
			return n.Origin.Host() == "evil"+end && granted(n.Origin)
		})
	}
	switch {
	case made(aroundDomain):
		return "contains " + quote(domain)
	case made(around):
		return "contains " + quote(host)
	case made(dotted) && made(letters):
		return "begins with " + quote(of.Scheme()+"://"+host)
	case made(dotted):
		return "begins with " + quote(of.Scheme()+"://"+host) + " and a dot"
	case made(neighbour):
		return "is a site on " + quote(suffix)
	case domain != host && before(domain):
		return "ends with " + quote(domain)
	case before(host) && made(subdomain) && !made(siblingHost):
		return "ends with " + quote(host)
	case made(siblingHost) && made(subdomain):
		return "is a subdomain of " + quote(domain)
	case made(siblingHost):
		return "is one label below " + quote(domain)
	case made(deepSubdomain):
		return "is a subdomain of " + quote(host)
	case made(subdomain):
		return "is one label below " + quote(host)
	case made(dotReplaced):
		return "has any character for " + dots(t, of, granted) + " of " + quote(host) + ", which is unescaped in the pattern"
	}
	return ""
}

// dots names the dots of the host that another character can stand for.
func dots(t Target, of cors.Origin, granted func(cors.Origin) bool) string {
	s := &spellings{target: t, of: of}
	dotReplaced(s)
	var places []string
	for _, n := range s.list {
		if granted(n.Origin) {
			places = append(places, n.How[strings.LastIndexByte(n.How, ' ')+1:])
		}
	}
	return "dot " + strings.Join(places, " and ")
}

// shownBy names at most two other granted origins, those first that an attacker
// can register.
func shownBy(t Target, m NearMiss, granted func(cors.Origin) bool) string {
	var can, cannot []string
	for _, n := range witnesses(t, m.Of) {
		switch {
		case n.Origin == m.Origin || !granted(n.Origin):
		case n.Registrable:
			can = append(can, n.Origin.String())
		default:
			cannot = append(cannot, n.Origin.String())
		}
	}
	shown := append(can, cannot...)
	if len(can) > 0 {
		shown = can
	}
	if len(shown) == 0 {
		return ""
	}
	return " (granted too: " + strings.Join(shown[:min(2, len(shown))], ", ") + ")"
}
