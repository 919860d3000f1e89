package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// A Candidate is an origin that the target's owner may want to read it, where nobody
// said which do.
type Candidate struct {
	Origin cors.Origin `json:"origin"`
	Why    string      `json:"why"` // it is one, in a few words
}

// siteLabels are where people have the front ends of an API's site.
var siteLabels = []string{"", "www.", "app.", "admin.", "dashboard.", "portal.", "console."}

// Candidates are the origins that an owner of the target may mean: those that the
// target names itself, then its site, then development servers. Its own is none, which
// needs no CORS, nor is "null", which nobody can mean.
func Candidates(t Target, named []Candidate) []Candidate {
	own := t.Origin()
	var all []Candidate
	add := func(o cors.Origin, why string) {
		switch {
		case o.IsOpaque() || o == own || o.HasBlockedPort() || !own.IsPotentiallyTrustworthy() && o.Scheme() != "http":
			return // no page of it can fetch from the target
		case slices.ContainsFunc(all, func(c Candidate) bool { return c.Origin == o }):
			return
		}
		all = append(all, Candidate{o, why})
	}
	const most = 24 // of what the target names
	for _, c := range named[:min(len(named), most)] {
		add(c.Origin, c.Why)
	}
	if domain := own.RegistrableDomain(); domain != "" {
		for _, label := range siteLabels {
			why := "a usual name of a front end on the API's site"
			if label == "" {
				why = "the API's registrable domain"
			}
			add(cors.NewOrigin(own.Scheme(), label+domain, ""), why)
		}
	}
	if !own.IsLoopback() {
		for _, port := range []string{"", "3000", "8080"} {
			add(cors.NewOrigin(own.Scheme(), own.Host(), port), "the API's host on another port")
		}
	}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		for _, port := range []string{"3000", "5173", "8080", "4200", "8000", ""} {
			add(cors.NewOrigin("http", host, port), "a development server's origin")
		}
	}
	return all
}

// Arbitrary is the origin that stands for any other on the web.
func (t Target) Arbitrary() cors.Origin { return arbitrary(t) }

// Matchers are the near-misses that tell the rules apart by which a target may match an
// origin that it grants.
func Matchers(t Target, of cors.Origin) []NearMiss { return witnesses(t, of) }

// Sieve are the few questions with which it shows that a target grants no near-miss of an
// origin. The first of them has the host before, within and after other text, so that
// every rule grants it that compares a part of the host. The others show the rules that
// compare the whole host, and not its dots, its ends, its scheme, its port, or some
// letters or a label before it, those that are content with a part of it, and those that
// end a name at a character which names may have. Where one of these is granted,
// [Matchers] are worth asking about.
// It is Matchers where no host can be like the first, as with an IP address.
func Sieve(t Target, of cors.Origin) (first NearMiss, others []NearMiss) {
	if of.IsOpaque() {
		return NearMiss{}, nil
	}
	all := spelled(t, of, everywhere)
	if len(all) == 0 {
		return NearMiss{}, witnesses(t, of)
	}
	first = all[0]
	s := &spellings{target: t, of: of}
	for _, spell := range []spelling{lettersBefore, dotReplaced, clipped, dashed, insecureSpelling, otherPort, longerPort, subdomain, insecureSubdomain, siblingHost, neighbour} {
		spell(s)
	}
	return first, distinct(s.list)
}

// A Suspect is a near-miss, and what the grant to it comes to.
type Suspect struct {
	NearMiss
	Suspicion
}

// Unlike are near-misses that resemble no origin much, and that lists let in all the same:
// a development server's, and sites of others where previews of a front end are hosted.
// They are the fewest of those that a proof asks about.
func Unlike(t Target) []Suspect {
	var all []Suspect
	add := func(id string, misses []NearMiss, wanted func(NearMiss) bool) {
		s, _ := Find(id)
		if i := slices.IndexFunc(misses, wanted); i >= 0 {
			all = append(all, Suspect{misses[i], Suspicion{Cause: id, Requirement: id, Level: s.Level}})
		}
	}
	on := func(suffix string, named bool) func(NearMiss) bool {
		return func(m NearMiss) bool {
			return m.Of.IsOpaque() != named && strings.HasSuffix(m.Origin.Host(), "."+suffix)
		}
	}
	add("ORG-013", local(t), func(m NearMiss) bool { return m.Origin.String() == "http://localhost:3000" })
	sites := shared(t)
	add("ORG-012", sites, on("vercel.app", true))
	add("ORG-012", sites, on("vercel.app", false))
	add("ORG-012", sites, on("github.io", false))
	return all
}

func everywhere(s *spellings) {
	s.add("the trusted host at both ends of another", s.of.Host()+".evil"+s.of.Host())
}

// RuleFor is the rule by which the target grants near-misses of an origin. granted
// reports which origins it grants; ok is false where no near-miss is.
func RuleFor(t Target, of cors.Origin, granted func(cors.Origin) bool) (r Rule, ok bool) {
	for _, m := range witnesses(t, of) {
		if granted(m.Origin) {
			return inferred(t, m, granted), true
		}
	}
	return Rule{}, false
}

// A Suspicion is what a grant comes to where a browser proves it.
type Suspicion struct {
	Cause       string `json:"cause"`       // the ID of the [Cause]
	Requirement string `json:"requirement"` // the ID of a scenario that it violates
	Level       Level  `json:"level"`
}

// Suspicion is that of the grant to a near-miss by this rule.
func (r Rule) Suspicion(t Target, m NearMiss) Suspicion {
	s := Suspicion{Cause: string(r.Kind), Requirement: r.scenario(m.Origin, m.Of), Level: Must}
	if s.Requirement == "" { // no rule is known, and the cause is called as the requirement is
		s.Requirement = lone(t, m)
		s.Cause = s.Requirement
	}
	switch page, ok := sibling(t); {
	case !slices.Contains(advice, s.Requirement):
	case ok && m.Origin == page && t.Has(Cookie):
		s.Requirement = "CRD-002" // SameSite does not help there
	default:
		s.Level = Should
	}
	return s
}

// lone is the scenario of a near-miss that no rule explains.
func lone(t Target, m NearMiss) string {
	for _, c := range []struct {
		id    string
		spell spelling
	}{{"ORG-003", lettersBefore}, {"ORG-004", cut}, {"ORG-008", longerPort}, {"ORG-011", insecureSubdomain}, {"ORG-015", punctuated}} {
		if slices.ContainsFunc(spelled(t, m.Of, c.spell), func(n NearMiss) bool { return n.Origin == m.Origin }) {
			return c.id
		}
	}
	return "ORG-002"
}

// EveryOriginSuspicion and NullSuspicion are those of the grants to an arbitrary origin and
// to null.
func EveryOriginSuspicion() Suspicion { return Suspicion{everyOrigin().id, "WLD-001", Must} }
func NullSuspicion() Suspicion        { return Suspicion{nullGranted().id, "NUL-001", Must} }

// Covers reports whether an origin is granted by the rule, which was found by near-misses:
// its scheme and port are those of the origin that they resemble, unless the rule says
// otherwise.
func (r Rule) Covers(o cors.Origin) bool {
	if r.Kind == EchoRule || r.ignoresTheEnd() {
		return r.grants(o)
	}
	scheme := o.Scheme() == r.Of.Scheme() || r.insecure && o.Scheme() == "http"
	port := r.AnyPort || o.Port() == r.Of.Port() || o.HasDefaultPort() && r.Of.HasDefaultPort()
	r.insecure = true // the schemes are compared
	return scheme && port && r.grants(o)
}

// Grants reports whether a reply lets a page of the origin read it, who asked with the
// credential.
func Grants(origin cors.Origin, c Credential, r *cors.Response) bool {
	enough := plainRead
	if c.Ambient() {
		enough = credentialRead
	}
	return grantTo(origin, r) >= enough
}

const (
	unsaid = "Nobody said which origins are trusted, and this is about what the operator wants: name them (`trusted`)."
	isIt   = "is it yours? Then name it (`trusted`); if it is not, its pages can read what is the victim's"
)

// ofIntention has a scenario that is about what the operator wants apply only where
// that is known.
func ofIntention(plan func(Target) ([]Case, string)) func(Target) ([]Case, string) {
	return func(t Target) ([]Case, string) {
		if t.Assumed {
			return nil, unsaid
		}
		return plan(t)
	}
}

// planAssumedReads has pages of the origins that the target grants read in the browser:
// whether they may is the operator's to say.
func planAssumedReads(t Target) ([]Case, string) {
	if len(t.Trusted) == 0 {
		return nil, unsaid
	}
	var cases []Case
	for _, e := range t.PrivateReads() {
		for _, o := range t.Trusted {
			v := frontEnd(t, o, used(t)[0])
			read := v.read(e)
			cases = append(cases, single(v.subject(e), read, func(o Observation) Judgement { return judgeAssumedRead(v, e, o) }))
		}
	}
	return planned(cases, noReads)
}

// judgeAssumedRead says what a page was seen to read, and has no verdict on it.
func judgeAssumedRead(v visit, e Endpoint, o Observation) Judgement {
	var seen string
	switch {
	case o.Doubt() != nil && !o.Blocked():
		return inDoubt(o.Doubt())
	case o.Blocked():
		seen = fmt.Sprintf("Chrome kept %s from reading %s (%s; it has %s)", v.page, blockedReply(o), o.Block.Reason, grantText(lastReply(o)))
		return Judgement{Verdict: NotApplicable, Reason: "Nobody said whether " + v.page.String() + " is trusted: " + seen + "."}
	case notInPlay(v.cred, o) != "":
		seen = fmt.Sprintf("%s could read the %d reply, but %s", v.page, o.Page.Status, notInPlay(v.cred, o))
	default:
		seen = fmt.Sprintf("%s read the %d reply of %s in Chrome, %d bytes of body", v.page, o.Page.Status, e, len(o.Page.Body))
	}
	return Judgement{Verdict: NotApplicable, Reason: "Nobody said whether this origin is trusted: " + seen + "; " + isIt + "."}
}
