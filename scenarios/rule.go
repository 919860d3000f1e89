package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A Rule is how the target seems to tell which origins it grants, as far as its
// grants show.
type Rule struct {
	Kind RuleKind
	// Value is what an origin is compared with: a host, a domain, a public suffix or,
	// for the kinds that compare from the beginning, scheme and host.
	Value string
	// dots are the places, from 1, of the dots of Value that stand for any character,
	// for [UnescapedDot].
	dots []int
	// AnyPort and insecure say that the port is not compared, and that http:// is
	// granted as https:// is.
	AnyPort, insecure bool
	// With is the credential that has to come along, for [EchoRule]; Anonymous for a
	// rule that asks for none, or where that is not known.
	With Credential
	// referer says that an [EchoRule] goes by the Referer header, and not by Origin.
	referer bool
	// How is the near-miss in words, for [TakesFor]; Value is the trusted origin then,
	// and empty where the near-miss resembles none.
	How string
	// Of is the origin whose near-misses show the rule; opaque where there is none.
	Of cors.Origin
	// shown are other origins that are granted, at most two.
	shown []cors.Origin
}

// RuleKind tells rules apart.
type RuleKind string

// The kinds of rule, from the widest to the narrowest.
const (
	EchoRule      RuleKind = "echo"            // every origin is granted
	Contains      RuleKind = "contains"        // Value anywhere
	BeginsWith    RuleKind = "begins-with"     // Value
	BeginsWithDot RuleKind = "begins-with-dot" // Value and a dot
	SiteOn        RuleKind = "site-on"         // any site under the public suffix Value
	EndsWith      RuleKind = "ends-with"       // Value
	SubdomainOf   RuleKind = "subdomain-of"    // of Value, at any depth
	LabelBelow    RuleKind = "label-below"     // exactly one label before Value
	UnescapedDot  RuleKind = "unescaped-dot"   // Value, with any character for some of its dots
	SameHost      RuleKind = "same-host"       // Value, whatever the port or the scheme
	TakesFor      RuleKind = "takes-for"       // no rule is known: one near-miss is granted
	NamedInURL    RuleKind = "named-in-url"    // whom Value, a parameter of the URL, has granted
)

// String says in a sentence what the rule does, without a period.
func (r Rule) String() string {
	switch {
	case r.Kind == EchoRule && r.With != Anonymous:
		return "the target echoes every origin when the victim's " + r.With.noun() + " comes along"
	case r.Kind == EchoRule && r.referer:
		return "the target grants the origin of the Referer header, whatever it is"
	case r.Kind == EchoRule:
		return "the target echoes every origin"
	case r.Kind == NamedInURL:
		return "the target lets " + r.Value + " decide who is granted"
	case r.Kind == TakesFor && r.Value == "":
		return "the target takes " + r.How + " for a trusted origin"
	case r.Kind == TakesFor:
		return fmt.Sprintf("the target takes %s for %s", r.How, r.Value)
	}
	text := r.Brief()
	if len(r.shown) > 0 {
		var shown []string
		for _, o := range r.shown {
			shown = append(shown, o.String())
		}
		text += " (granted too: " + strings.Join(shown, ", ") + ")"
	}
	return "the target seems to trust every origin that " + text
}

// Brief says in a clause what holds for the origins that the rule grants.
func (r Rule) Brief() string { return r.compares() + r.besides() }

// scenario is the ID of the scenario that is about what the rule grants a near-miss of
// a trusted origin, whichever scenario met it; empty where no rule is known. A port or a
// scheme that is not compared is a rule of its own.
func (r Rule) scenario(miss, of cors.Origin) string {
	insecure := miss.Scheme() == "http" && of.Scheme() == "https"
	wide := slices.Contains([]RuleKind{Contains, BeginsWith, BeginsWithDot, EndsWith, SiteOn}, r.Kind)
	if miss.Host() == of.Host() && !wide {
		if insecure {
			return "ORG-006"
		}
		return "ORG-007"
	}
	switch r.Kind {
	case Contains, BeginsWith, BeginsWithDot:
		return "ORG-001"
	case SiteOn:
		return "ORG-012"
	case EndsWith:
		return "ORG-003"
	case SubdomainOf, LabelBelow:
		switch {
		case insecure:
			return "ORG-011"
		case r.Value == of.Host():
			return "ORG-009"
		}
		return "ORG-010"
	case UnescapedDot:
		return "ORG-005"
	}
	return ""
}

// advice are the scenarios of rules that grant nobody who has not more than a name of
// his own: a subdomain that was taken over, or another server on the trusted host.
var advice = []string{"ORG-007", "ORG-009", "ORG-010"}

// compares says what holds for the origins that are granted.
func (r Rule) compares() string {
	value := quote(r.Value)
	switch r.Kind {
	case Contains:
		return "contains " + value
	case BeginsWith:
		return "begins with " + value
	case BeginsWithDot:
		return "begins with " + value + " and a dot"
	case SiteOn:
		return "is a site on " + value
	case EndsWith:
		return "ends with " + value
	case SubdomainOf:
		return "is a subdomain of " + value
	case LabelBelow:
		return "is one label below " + value
	case UnescapedDot:
		var places []string
		for _, n := range r.dots {
			places = append(places, fmt.Sprint(n))
		}
		return "has any character for dot " + strings.Join(places, " and ") + " of " + value + ", which is unescaped in the pattern"
	}
	return "has the host " + value
}

// besides says what is not compared.
func (r Rule) besides() string {
	text := ""
	if r.AnyPort {
		text += ", on any port"
	}
	if r.insecure {
		text += ", over http:// too"
	}
	return text
}

// grants reports whether an origin is granted by the rule, as far as that is known.
func (r Rule) grants(o cors.Origin) bool {
	if o.IsOpaque() {
		return r.Kind == EchoRule
	}
	host, insecure := o.Host(), o.Scheme() == "http"
	switch r.Kind {
	case EchoRule:
		return true
	case Contains:
		return strings.Contains(o.String(), r.Value)
	case BeginsWith, BeginsWithDot:
		rest, ok := strings.CutPrefix(o.String(), r.Value)
		return ok && (r.Kind == BeginsWith || strings.HasPrefix(rest, "."))
	}
	if insecure && !r.insecure {
		return false
	}
	below, isBelow := strings.CutSuffix(host, "."+r.Value)
	switch r.Kind {
	case SiteOn, SubdomainOf:
		return isBelow
	case EndsWith:
		return strings.HasSuffix(host, r.Value)
	case LabelBelow:
		return isBelow && !strings.Contains(below, ".")
	case UnescapedDot:
		return len(host) == len(r.Value) && r.fits(host)
	case SameHost:
		return host == r.Value
	}
	return false
}

// fits reports whether a host is Value but for characters in the place of its dots.
func (r Rule) fits(host string) bool {
	dot := 0
	for i := range len(host) {
		if r.Value[i] == '.' {
			dot++
			if slices.Contains(r.dots, dot) {
				continue
			}
		}
		if host[i] != r.Value[i] {
			return false
		}
	}
	return true
}

// ignoresTheEnd reports whether the rule grants whatever follows Value, a port too.
func (r Rule) ignoresTheEnd() bool {
	return slices.Contains([]RuleKind{Contains, BeginsWith, BeginsWithDot}, r.Kind)
}
