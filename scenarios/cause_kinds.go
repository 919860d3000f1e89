package scenarios

import (
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A causeKind is something that targets do, and how it shows.
type causeKind struct {
	id string
	// words say what the target does, of findings that have the gravest first.
	words func([]Judged) string
	// shows reports whether a violation is enough to know of the cause.
	shows func(Judged) bool
	// fells reports whether a violation falls with the cause where others have shown
	// it; nil for none.
	fells func(f Judged, shown []Judged) bool
	// roots are the scenarios that are about the cause, the one whose fix mends it first;
	// without any of them the fix is the worst finding's.
	roots []string
	// too are what has to be said besides, where one of the scenarios is violated.
	too []tooFix
	// mends is the fix where it is another than its scenarios'; empty for theirs.
	mends string
	// policy says that the list of origins, with its methods and headers, is what mends it.
	policy bool
}

type tooFix struct {
	ids []string
	fix string
}

// causeKinds are all of them, the widest first: a violation falls with the first that
// is there. Every scenario has a kind that it shows by itself.
func causeKinds() []causeKind {
	all := []causeKind{unsteadyPolicy(), everyOrigin(), misspelledOrigin()}
	for _, kind := range []RuleKind{Contains, BeginsWith, BeginsWithDot, SiteOn, EndsWith, SubdomainOf, LabelBelow, UnescapedDot, SameHost} {
		all = append(all, matching(kind))
	}
	all = append(all, nullGranted(), twoLayers(), loginFirst(), credentialsValue(), frontEndRefused(),
		errorsForEveryone(), errorsOutside(), preflightsForEveryone(), preflightLists(), varyMissing(), openByDefault())
	for _, s := range Catalogue() {
		all = append(all, causeKind{
			id:    s.ID,
			words: breach(s.ID),
			shows: func(f Judged) bool { return f.ID == s.ID },
			// An origin that is granted for a reason of its own is kept out by the list, too.
			policy: s.Family() == "ORG",
		})
	}
	return all
}

// MendedByPolicy reports whether a list of origins, with its methods and headers, is what
// mends a cause, by its [Cause.ID]: it is not where a login stands before CORS, say, or
// where two layers both add headers.
func MendedByPolicy(cause string) bool {
	return slices.ContainsFunc(causeKinds(), func(k causeKind) bool { return k.id == cause && k.policy })
}

// everyOrigin is the wildcard, in each of its forms.
func everyOrigin() causeKind {
	falls := []string{
		"WLD-004", "CRD-002", "PRE-001", "PRE-002", "PRE-003", "PRE-006", "ERR-002", "ERR-003", "ERR-006",
		"HDR-003", "ALT-001", "ALT-002", "NET-001", "NET-002", "CFG-001", "CFG-003",
	}
	return causeKind{
		id:     "every-origin",
		policy: true,
		words:  echoWords,
		roots:  []string{"WLD-001", "WLD-003", "WLD-005", "WLD-002", "CRD-004"},
		shows: func(f Judged) bool {
			switch f.ID {
			case "WLD-001", "WLD-002", "WLD-003", "WLD-005":
				return true
			case "CRD-004":
				return granted(f) == credentialRead
			}
			return f.Judgement.Rule != nil && f.Judgement.Rule.Kind == EchoRule
		},
		fells: func(f Judged, shown []Judged) bool {
			switch f.ID {
			case "CRD-003":
				return f.Level == Must // beside another origin than the listed ones
			case "ERR-001", "ERR-004":
				// The "*" is that of errors too, where what turns it into an echo is a credential.
				return f.Block == cors.WildcardOriginNotAllowed
			case "CRD-004", "PRE-010":
				// Another endpoint may send a header alone, or answer for the listed origins: no echo.
				return slices.ContainsFunc(shown, func(s Judged) bool {
					return f.sameEndpoint(s) || strings.HasPrefix(s.ID, "WLD") && s.Subject.Origin == f.Subject.Origin && granted(f) != nothing
				})
			}
			if strings.HasPrefix(f.ID, "ORG") && strings.HasPrefix(f.Subject.Origin, "http://") && slices.ContainsFunc(shown, func(s Judged) bool { return s.ID == "WLD-002" && f.sameEndpoint(s) }) {
				return true // every http:// origin is
			}
			if strings.HasPrefix(f.ID, "ORG") { // another endpoint may have a rule of its own
				return f.Judgement.Rule == nil && slices.ContainsFunc(shown, f.sameEndpoint)
			}
			return slices.Contains(falls, f.ID)
		},
		too: []tooFix{
			{[]string{"ERR-002", "ERR-003", "ERR-006"}, "Have error handlers and error pages answer from the same list."},
			{[]string{"ALT-001"}, "Compare the Origin of WebSocket handshakes with it too, which no CORS middleware does."},
		},
	}
}

func (f Judged) sameEndpoint(g Judged) bool { return f.Subject.Endpoint == g.Subject.Endpoint }

// granted is what the reply that shows a violation grants to its origin.
func granted(f Judged) grant {
	origin, err := cors.ParseOrigin(f.Subject.Origin)
	if err != nil {
		return nothing
	}
	return grantTo(origin, f.Answer)
}

// echoWords say how every origin is granted.
func echoWords(findings []Judged) string {
	answer := ""
	var with Credential
	credentials, referer := false, false
	for _, f := range findings {
		referer = referer || f.Judgement.Rule != nil && f.Judgement.Rule.referer
		if r := f.Judgement.Rule; r != nil && r.Kind == EchoRule && r.With != Anonymous {
			with = r.With
		}
		if f.ID == "WLD-005" {
			with = f.Subject.Credential
		}
		if answer != "" || f.Answer == nil {
			continue
		}
		switch value, _ := f.Answer.Headers.Get(cors.HeaderAllowOrigin); value {
		case "":
		case "*":
			answer = "is granted by *"
		default:
			answer = "is echoed"
		}
		credentials = answer != "" && hasLine(f.Answer, cors.HeaderAllowCredentials, "true")
	}
	if answer == "" {
		answer = "is granted"
	}
	text := "every origin " + answer
	if referer {
		text += ", by the Referer header"
	}
	if credentials {
		text += ", with credentials"
	}
	if with != Anonymous {
		text += ", when the victim's " + with.noun() + " comes along"
	}
	return text
}

// matching is a rule that takes origins for trusted ones.
func matching(kind RuleKind) causeKind {
	roots := map[RuleKind][]string{
		Contains: {"ORG-001"}, BeginsWith: {"ORG-001"}, BeginsWithDot: {"ORG-001"}, SiteOn: {"ORG-012"}, EndsWith: {"ORG-003"},
		SubdomainOf: {"ORG-011", "ORG-010", "ORG-009"}, LabelBelow: {"ORG-011", "ORG-010", "ORG-009"},
		UnescapedDot: {"ORG-005"}, SameHost: {"ORG-006", "ORG-007"},
	}
	return causeKind{
		id:     string(kind),
		policy: true,
		roots:  roots[kind],
		words:  func(findings []Judged) string { return matchingWords(kind, findings) },
		shows:  func(f Judged) bool { return f.Judgement.Rule != nil && f.Judgement.Rule.Kind == kind },
		fells: func(f Judged, shown []Judged) bool {
			if !strings.HasPrefix(f.ID, "ORG") && f.ID != "CRD-002" {
				return false
			}
			origin, err := cors.ParseOrigin(f.Subject.Origin)
			return err == nil && slices.ContainsFunc(shown, func(s Judged) bool {
				rule := *s.Judgement.Rule
				rule.insecure = rule.insecure || strings.HasPrefix(s.Subject.Origin, "http://")
				return rule.grants(origin)
			})
		},
	}
}

// matchingWords tell the rules of one kind, which differ in the trusted origin.
func matchingWords(kind RuleKind, findings []Judged) string {
	var texts []string
	var rules []Rule // one for each value
	rule := Rule{Kind: kind}
	for _, f := range findings {
		r := f.Judgement.Rule
		if r == nil || r.Kind != kind {
			continue
		}
		rule.AnyPort, rule.insecure = rule.AnyPort || r.AnyPort, rule.insecure || r.insecure
		i := slices.IndexFunc(rules, func(other Rule) bool { return other.Value == r.Value })
		if i < 0 {
			i, rules = len(rules), append(rules, *r)
		}
		for _, n := range r.dots { // each near-miss shows one
			if !slices.Contains(rules[i].dots, n) {
				rules[i].dots = append(slices.Clone(rules[i].dots), n)
			}
		}
	}
	for _, r := range rules {
		r.dots = slices.Sorted(slices.Values(r.dots))
		texts = append(texts, r.compares())
	}
	slices.Sort(texts)
	return "every origin is trusted that " + strings.Join(texts, " or ") + rule.besides()
}

// nullGranted is the origin of every sandboxed frame among the trusted ones. Some
// middlewares answer null to whoever is not listed, as a word for nobody.
func nullGranted() causeKind {
	answered := func(f Judged) bool { return f.Judgement.FollowsFrom == "NUL-001" }
	return causeKind{
		id:     "null-origin",
		policy: true,
		words: func(findings []Judged) string {
			if slices.ContainsFunc(findings, answered) {
				return "the origin null is trusted: it is what the target answers to every origin that it does not trust"
			}
			return "the origin null is trusted"
		},
		shows: anyOf("NUL-001", "NUL-002", "NUL-003", "NUL-004"),
		fells: func(f Judged, _ []Judged) bool { return answered(f) }, // CRD-004
		roots: []string{"NUL-001"},
		too:   []tooFix{{[]string{"CRD-004"}, "Answer an origin that is not listed without Access-Control-Allow-Origin, and never with null."}},
	}
}

// twoLayers is a header that two of the target's layers add.
func twoLayers() causeKind {
	return causeKind{
		id: "two-layers",
		words: func(findings []Judged) string {
			if slices.ContainsFunc(findings, func(f Judged) bool { return f.ID == "ERR-007" && f.Judgement.Fix != listInLines }) {
				return "two layers, such as the proxy and the application, both add CORS headers"
			}
			return "replies have Access-Control-Allow-Origin more than once, or more than one origin in it"
		},
		shows: anyOf("HDR-001", "ERR-007"),
		fells: func(f Judged, _ []Judged) bool { return f.ID == "CRD-005" || lockedOut(f) },
		roots: []string{"ERR-007", "HDR-001"},
	}
}

// loginFirst is a login in front of the CORS layer.
func loginFirst() causeKind {
	return causeKind{
		id:    "login-before-cors",
		words: saying("the login is asked for before CORS: preflights, which carry no credential, are refused"),
		shows: func(f Judged) bool { return f.ID == "PRE-007" || f.Judgement.FollowsFrom == "PRE-007" },
		fells: func(f Judged, _ []Judged) bool { return lockedOut(f) },
		roots: []string{"PRE-007"},
	}
}

// credentialsValue is a header with a value that browsers do not take.
func credentialsValue() causeKind {
	return causeKind{
		id:    "CRD-005",
		words: saying("Access-Control-Allow-Credentials has a value other than true, which browsers take for none"),
		shows: anyOf("CRD-005"),
		roots: []string{"CRD-005"},
		fells: func(f Judged, _ []Judged) bool {
			return lockedOut(f) && (f.Block == cors.InvalidAllowCredentials || f.Block == cors.PreflightInvalidAllowCredentials || f.Judgement.FollowsFrom == "TRU-001")
		},
	}
}

// frontEndRefused is a trusted origin that is not let in.
func frontEndRefused() causeKind {
	return causeKind{
		id:     "front-end-refused",
		policy: true,
		words:  saying("the trusted front end is not granted all that it needs"),
		shows:  anyOf("TRU-001", "TRU-002", "TRU-003", "TRU-005"),
		fells:  func(f Judged, _ []Judged) bool { return f.Judgement.FollowsFrom == "TRU-001" },
		roots:  []string{"TRU-001", "TRU-005", "TRU-003", "TRU-002"},
	}
}

// lockedOut reports whether a violation is about what the front end cannot do.
func lockedOut(f Judged) bool {
	return slices.Contains([]string{"TRU-001", "TRU-002", "TRU-003", "TRU-005", "PRE-008", "ERR-001", "ERR-004", "ERR-005"}, f.ID)
}

func errorsForEveryone() causeKind {
	return causeKind{id: "errors-for-everyone", words: saying("error replies are granted to every origin"), shows: anyOf("ERR-002", "ERR-003", "ERR-006"), roots: []string{"ERR-003", "ERR-006"}}
}

func errorsOutside() causeKind {
	return causeKind{
		id:    "errors-outside-cors",
		words: saying("errors are made outside of the CORS layer"),
		shows: anyOf("ERR-001", "ERR-004", "ERR-005"),
		roots: []string{"ERR-001", "ERR-004"},
	}
}

func preflightsForEveryone() causeKind {
	return causeKind{
		id:     "preflights-for-everyone",
		policy: true,
		words:  saying("preflights of every origin are approved"),
		shows: func(f Judged) bool {
			return anyOf("PRE-001", "PRE-002", "PRE-003")(f) || f.ID == "PRE-006" && f.Judgement.FollowsFrom == ""
		},
		roots: []string{"PRE-003", "PRE-001"},
	}
}

// preflightLists is a CORS layer whose lists are not those of the policy.
func preflightLists() causeKind {
	return causeKind{
		id:     "lists",
		policy: true,
		words:  saying("the lists of methods and headers are not the policy's"),
		shows:  anyOf("WLD-006", "WLD-007", "PRE-004", "PRE-005", "TRU-004"),
		roots:  []string{"WLD-007", "WLD-006"},
		too:    []tooFix{{[]string{"TRU-004"}, "List the headers that it reads in Access-Control-Expose-Headers."}},
	}
}

func varyMissing() causeKind {
	return causeKind{
		id:    "vary",
		words: saying("grants differ from request to request, and Vary does not say by what"),
		shows: anyOf("HDR-002", "HDR-003", "HDR-006"),
		roots: []string{"HDR-006", "HDR-002"},
	}
}

func openByDefault() causeKind {
	return causeKind{
		id:    "open-by-default",
		words: saying("where no origins are configured, or wrong ones, every origin is allowed"),
		shows: anyOf("CFG-001", "CFG-003"),
		roots: []string{"CFG-003"},
	}
}

func anyOf(ids ...string) func(Judged) bool {
	return func(f Judged) bool { return slices.Contains(ids, f.ID) }
}

func saying(text string) func([]Judged) string { return func([]Judged) string { return text } }
