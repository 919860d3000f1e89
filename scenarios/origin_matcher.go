package scenarios

import (
	"slices"

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

// inferred is the rule that grants a near-miss, with origins that show it. granted
// reports which origins are known to be granted.
func inferred(t Target, m NearMiss, granted func(cors.Origin) bool) Rule {
	if m.Of.IsOpaque() {
		return Rule{Kind: TakesFor, How: m.How}
	}
	made := func(spell spelling) bool {
		s := &spellings{target: t, of: m.Of}
		spell(s)
		return slices.ContainsFunc(s.list, func(n NearMiss) bool { return granted(n.Origin) })
	}
	rule, known := hostRule(t, m.Of, granted, made)
	port, insecure := made(otherPort), made(insecureSpelling)
	switch {
	case !known && !port && !insecure:
		return Rule{Kind: TakesFor, How: m.How, Value: m.Of.String()}
	case !known:
		rule = Rule{Kind: SameHost, Value: m.Of.Host()}
	}
	rule.AnyPort = port && !rule.ignoresTheEnd()
	rule.insecure = insecure && rule.Kind != Contains
	rule.Of, rule.shown = m.Of, shownBy(t, m, granted)
	return rule
}

// hostRule goes from the widest rule to the narrowest. ok is false where none is
// known.
func hostRule(t Target, of cors.Origin, granted func(cors.Origin) bool, made func(spelling) bool) (r Rule, ok bool) {
	host, domain := of.Host(), of.RegistrableDomain()
	suffix, _ := of.PublicSuffix()
	before := func(end string) bool {
		return slices.ContainsFunc(witnesses(t, of), func(n NearMiss) bool {
			return n.Origin.Host() == "evil"+end && granted(n.Origin)
		})
	}
	switch {
	case made(aroundDomain):
		return Rule{Kind: Contains, Value: domain}, true
	case made(around):
		return Rule{Kind: Contains, Value: host}, true
	case made(dotted) && made(letters):
		return Rule{Kind: BeginsWith, Value: of.Scheme() + "://" + host}, true
	case made(dotted):
		return Rule{Kind: BeginsWithDot, Value: of.Scheme() + "://" + host}, true
	case made(neighbour):
		return Rule{Kind: SiteOn, Value: suffix}, true
	case domain != host && before(domain):
		return Rule{Kind: EndsWith, Value: domain}, true
	case before(host) && made(subdomain) && !made(siblingHost):
		return Rule{Kind: EndsWith, Value: host}, true
	case made(siblingHost) && made(subdomain):
		return Rule{Kind: SubdomainOf, Value: domain}, true
	case made(siblingHost):
		return Rule{Kind: LabelBelow, Value: domain}, true
	case made(deepSubdomain):
		return Rule{Kind: SubdomainOf, Value: host}, true
	case made(subdomain):
		return Rule{Kind: LabelBelow, Value: host}, true
	case made(dotReplaced):
		return Rule{Kind: UnescapedDot, Value: host, dots: dots(t, of, granted)}, true
	}
	return Rule{}, false
}

// dots are the places of the dots that another character can stand for.
func dots(t Target, of cors.Origin, granted func(cors.Origin) bool) []int {
	s := &spellings{target: t, of: of}
	dotReplaced(s)
	var places []int
	for _, n := range s.list {
		if granted(n.Origin) {
			places = append(places, n.dot)
		}
	}
	return places
}

// shownBy are at most two other granted origins: those that an attacker can
// register, or else what there is.
func shownBy(t Target, m NearMiss, granted func(cors.Origin) bool) []cors.Origin {
	var can, cannot []cors.Origin
	for _, n := range witnesses(t, m.Of) {
		switch {
		case n.Origin == m.Origin || !granted(n.Origin):
		case n.Registrable:
			can = append(can, n.Origin)
		default:
			cannot = append(cannot, n.Origin)
		}
	}
	shown := can
	if len(can) == 0 {
		shown = cannot
	}
	return shown[:min(2, len(shown))]
}
