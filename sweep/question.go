package sweep

import (
	"net/http"
	"slices"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A Question is one request of the sweep to an endpoint, in the name of an origin.
type Question struct {
	Origin cors.Origin `json:"origin"`
	// With is the credential that goes along; Anonymous for none.
	With scenarios.Credential `json:"with,omitempty"`
	// Preflight is the method of which the browser would ask (Fetch standard, section
	// 4.8, "CORS-preflight fetch"); empty for the read itself.
	Preflight string `json:"preflight,omitempty"`
}

// Decision is what the headers of a reply let a page of the question's origin do.
type Decision string

// The decisions, from the narrowest. The browser reads a reply to a request without
// credentials where it is granted at all, and to one with them only where
// Access-Control-Allow-Credentials says so (Fetch standard, "CORS check").
const (
	NotGranted         Decision = "not granted"
	WithoutCredentials Decision = "granted without credentials"
	WithCredentials    Decision = "granted with credentials"
)

// An Answer is a question with the decision that the target took.
type Answer struct {
	Question
	Decision Decision `json:"decision"`
}

// decide judges the reply to a read by its headers alone.
func decide(q Question, r *cors.Response) Decision {
	return widest(func(credentials bool) cors.Reason { return cors.Check(q.Origin.String(), credentials, r.Headers) })
}

// consent judges the reply to a preflight.
func consent(p cors.PreflightRequest, r *cors.Response) Decision {
	return widest(func(credentials bool) cors.Reason {
		p.Credentials = credentials
		return cors.CheckPreflight(p, r.Status, r.Headers)
	})
}

func widest(check func(credentials bool) cors.Reason) Decision {
	switch {
	case check(true) == cors.Allowed:
		return WithCredentials
	case check(false) == cors.Allowed:
		return WithoutCredentials
	}
	return NotGranted
}

// narrower is the one of two decisions that lets a page do less.
func narrower(a, b Decision) Decision {
	order := []Decision{NotGranted, WithoutCredentials, WithCredentials}
	return order[min(slices.Index(order, a), slices.Index(order, b))]
}

const (
	// mostTrusted bounds the trusted origins that every endpoint is asked about, and
	// mostResembled those of them of which near-misses are.
	mostTrusted   = 4
	mostResembled = 2
)

// A script is what all endpoints of a target are asked about.
type script struct {
	target    scenarios.Target
	arbitrary cors.Origin
	own       sieve
	trusted   []sieve
	unlike    []scenarios.Suspect
}

// A sieve is that of [scenarios.Sieve].
type sieve struct {
	of     cors.Origin
	first  scenarios.NearMiss
	others []scenarios.NearMiss
}

func newScript(t scenarios.Target) *script {
	of := func(o cors.Origin) sieve {
		first, others := scenarios.Sieve(t, o)
		return sieve{o, first, others}
	}
	s := &script{target: t, arbitrary: t.Arbitrary(), own: of(t.Origin()), unlike: scenarios.Unlike(t)}
	if _, isIP := s.own.of.IP(); isIP { // of which no list has a pattern
		s.own.others = nil
	}
	for _, o := range t.Trusted[:min(len(t.Trusted), mostTrusted)] {
		s.trusted = append(s.trusted, of(o))
	}
	return s
}

// An interview asks one endpoint all that tells policies apart. What it asks depends on
// the endpoint's own answers alone, so that no other endpoint can hide what this one
// does; and where it grants less, fewer questions are left.
type interview struct {
	*script
	with scenarios.Credential
	// methods are those that a preflight is asked for.
	methods []string
	// ask sends a question; ok is false where there is no answer, after which none is
	// asked any more.
	ask func(Question) (Decision, bool)

	answers []Answer
	rules   []scenarios.Rule
	misses  []grantedMiss
	silent  bool
}

// A grantedMiss is a near-miss that is granted, and what that comes to.
type grantedMiss struct {
	scenarios.NearMiss
	suspicion scenarios.Suspicion
	rule      string // in a sentence; empty where none is known
}

// run asks everything.
func (v *interview) run() {
	everyone := v.granted(v.read(v.arbitrary))
	if v.with != scenarios.Anonymous && v.with != scenarios.Network {
		v.granted(Question{Origin: v.arbitrary})
	}
	v.granted(v.read(cors.Opaque))
	if everyone {
		v.preflights(v.arbitrary)
		return
	}
	var trusted []sieve // of what is granted
	for _, s := range v.trusted {
		if v.granted(v.read(s.of)) {
			trusted = append(trusted, s)
		}
	}
	for _, s := range trusted[:min(len(trusted), mostResembled)] {
		v.resembling(s)
	}
	v.resembling(v.own)
	for _, s := range v.unlike {
		if v.granted(v.read(s.Origin)) {
			v.misses = append(v.misses, grantedMiss{s.NearMiss, s.Suspicion, ""})
		}
	}
	front := v.arbitrary
	if len(trusted) > 0 {
		front = trusted[0].of
	}
	v.preflights(v.arbitrary, front)
}

// resembling asks about near-misses of an origin: about all that tell rules apart, as a
// proof does, once one of a few is granted.
func (v *interview) resembling(s sieve) {
	few := s.others
	if !s.first.Origin.IsOpaque() {
		few = append([]scenarios.NearMiss{s.first}, few...)
	}
	var all []scenarios.NearMiss // that are granted
	known := map[cors.Origin]bool{}
	ask := func(misses []scenarios.NearMiss) {
		for _, m := range misses {
			if _, asked := known[m.Origin]; asked {
				continue
			}
			if known[m.Origin] = v.granted(v.read(m.Origin)); known[m.Origin] {
				all = append(all, m)
			}
		}
	}
	ask(few)
	if len(all) == 0 {
		return
	}
	ask(scenarios.Matchers(v.target, s.of))
	rule, ok := scenarios.RuleFor(v.target, s.of, func(o cors.Origin) bool { return known[o] })
	text := ""
	if ok {
		v.rules, text = append(v.rules, rule), rule.String()
	}
	for _, m := range all {
		v.misses = append(v.misses, grantedMiss{m, rule.Suspicion(v.target, m), text})
	}
}

// preflights asks for each method, in the name of each origin, the widest first: what
// one is approved of, the next is not asked for.
func (v *interview) preflights(origins ...cors.Origin) {
	for _, m := range v.methods {
		for i, o := range origins {
			if slices.Contains(origins[:i], o) {
				continue
			}
			if v.granted(Question{Origin: o, Preflight: m}) {
				break
			}
		}
	}
}

func (v *interview) read(o cors.Origin) Question { return Question{Origin: o, With: v.with} }

// granted asks, unless that was asked already, and reports whether the answer is enough.
func (v *interview) granted(q Question) bool {
	if d, ok := v.answer(q); ok {
		return v.enough(d)
	}
	if v.silent {
		return false
	}
	d, ok := v.ask(q)
	if !ok {
		v.silent = true
		return false
	}
	v.answers = append(v.answers, Answer{q, d})
	return v.enough(d)
}

// answer is the answer to a question, if it was asked.
func (v *interview) answer(q Question) (Decision, bool) {
	i := slices.IndexFunc(v.answers, func(a Answer) bool { return a.Question == q })
	if i < 0 {
		return "", false
	}
	return v.answers[i].Decision, true
}

// enough reports whether a page could use the credential by this decision: what a
// browser adds to a request by itself, a page has only where credentials are granted,
// but for a client certificate, which goes along without being asked for.
func (v *interview) enough(d Decision) bool {
	return d == WithCredentials || d == WithoutCredentials && (!v.with.Ambient() || v.with.Uninvited())
}

// methodsOf are those for which an endpoint is asked by preflight, GET first.
func methodsOf(e scenarios.Endpoint, documented []string) []string {
	methods := []string{e.Method}
	for _, m := range documented {
		if !slices.Contains(methods, m) && m != http.MethodHead && m != http.MethodOptions {
			methods = append(methods, m)
		}
	}
	return methods
}
