package sweep

import (
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// An Inference is what a target was seen to trust, where nobody said what it should.
// It is by header alone: what of it a page could use is shown by the results.
type Inference struct {
	// Candidates are the origins that were asked about, likeliest first.
	Candidates []scenarios.Candidate
	// Policies are those that were seen, one for each class of endpoints that decided
	// alike.
	Policies []InferredPolicy
	// Unanswered is how many questions got no answer of the target's.
	Unanswered int
}

// An InferredPolicy is what the endpoints of one class allow.
type InferredPolicy struct {
	Endpoints  []string
	Credential scenarios.Credential // with which was asked
	// Open says that everybody gets the same there as the victim.
	Open bool
	// Everyone says that an arbitrary origin is granted, and so is every candidate;
	// everyoneBare that it is so without a credential.
	Everyone, everyoneBare bool
	// WithoutCredentials says that every origin is granted without credentials, which is of
	// no use with those that the browser adds, where more is granted to some.
	WithoutCredentials bool
	Null               bool          // the opaque origin is granted
	Granted            []cors.Origin // of the candidates
	// Credentials says that the grant has Access-Control-Allow-Credentials: true. Without it
	// no page gets what the victim's browser adds credentials for: see Usable.
	Credentials bool
	// Rules are those by which near-misses of the API's own origin and of what is
	// granted are granted too; none where no near-miss is.
	Rules []scenarios.Rule
	// Methods and Headers are those that a preflight of Origin approves, of those that
	// were asked about and those that its answers list; AnyMethod and AnyHeader say that
	// invented ones are approved.
	Origin               cors.Origin
	Methods, Headers     []string
	AnyMethod, AnyHeader bool
	Exposed              []string
	MaxAge               *int     // seconds; nil where no preflight has any
	listed               []string // request headers, by the answers that approve of methods
}

// Usable reports whether pages of what is granted get the answer that the credential
// opens.
func (p InferredPolicy) Usable() bool { return p.Credentials || !p.Credential.Ambient() }

// mostAdopted bounds the origins whose pages are played, mostAsked the private endpoints
// that are asked about every candidate, and mostOpen the others.
const (
	mostAdopted = 6
	mostAsked   = 8
	mostOpen    = 4
)

// Infer asks the target, by header, which origins it trusts, and returns what was
// found and the facts with the origins that an owner may mean in the place of those
// that the operator trusts.
func (a *Asker) Infer(t scenarios.Target) (Inference, scenarios.Target) {
	g := &inferrer{Asker: a, t: t}
	g.found.Candidates = scenarios.Candidates(t, g.named())
	t.Trusted, t.Questioned = []cors.Origin{}, nil
	for _, e := range g.asked() {
		p := g.ask(e)
		var own []cors.Origin // granted one by one
		if i := slices.IndexFunc(g.found.Policies, p.grantsAs); i >= 0 {
			p.Rules = g.found.Policies[i].Rules
		} else {
			own = g.rules(e, &p)
		}
		for _, o := range own {
			switch {
			case p.Open && len(t.PrivateReads()) > 0 || !p.Usable() || t.Trusts(o):
			case len(t.Trusted) < mostAdopted:
				t.Trusted = append(t.Trusted, o)
			default:
				t.Questioned = append(t.Questioned, o)
			}
		}
		g.preflights(e, &p)
		if i := slices.IndexFunc(g.found.Policies, p.decidesAs); i >= 0 {
			g.found.Policies[i].Endpoints = append(g.found.Policies[i].Endpoints, e.String())
			continue
		}
		g.found.Policies = append(g.found.Policies, p)
	}
	return g.found, t
}

// asked are the endpoints that are asked about every candidate, the private ones first.
func (g *inferrer) asked() []scenarios.Endpoint {
	private, open := g.t.PrivateReads(), g.t.Reads()
	open = slices.DeleteFunc(slices.Clone(open), func(e scenarios.Endpoint) bool {
		return slices.ContainsFunc(private, func(p scenarios.Endpoint) bool { return p.String() == e.String() })
	})
	most := mostOpen
	if len(private) == 0 {
		most = mostAsked
	}
	all := slices.Concat(private[:min(len(private), mostAsked)], open[:min(len(open), most)])
	if len(all) == 0 {
		return []scenarios.Endpoint{{Method: http.MethodGet, Path: "/"}}
	}
	return all
}

// grantsAs reports whether two endpoints grant the same origins, and decidesAs whether
// they approve and expose the same too.
func (p InferredPolicy) grantsAs(q InferredPolicy) bool {
	return p.Credential == q.Credential && p.Open == q.Open && p.Everyone == q.Everyone && p.everyoneBare == q.everyoneBare &&
		p.WithoutCredentials == q.WithoutCredentials && p.Null == q.Null && p.Credentials == q.Credentials && slices.Equal(p.Granted, q.Granted)
}

func (p InferredPolicy) decidesAs(q InferredPolicy) bool {
	age := func(p InferredPolicy) int {
		if p.MaxAge == nil {
			return -1
		}
		return *p.MaxAge
	}
	return p.grantsAs(q) && slices.Equal(p.Exposed, q.Exposed) && p.AnyMethod == q.AnyMethod && slices.Equal(p.Methods, q.Methods) &&
		p.AnyHeader == q.AnyHeader && slices.Equal(p.Headers, q.Headers) && age(p) == age(q)
}

// An inferrer asks one target about origins.
type inferrer struct {
	*Asker
	t     scenarios.Target
	found Inference
}

// reply is that to a read in the name of an origin; nil where the target gave none, or
// a limiter answered in its place.
func (g *inferrer) reply(e scenarios.Endpoint, c scenarios.Credential, o cors.Origin) *cors.Response {
	r := g.send(e, c, cors.Header{Name: cors.HeaderOrigin, Value: o.String()}).Response
	if r == nil || r.Status == http.StatusTooManyRequests || r.Status == http.StatusServiceUnavailable {
		g.found.Unanswered++
		return nil
	}
	return r
}

// with is the credential with which an endpoint is asked for: the first that opens it.
func (g *inferrer) with(e scenarios.Endpoint) scenarios.Credential {
	cs := claimed(g.t)
	for _, c := range cs {
		if p, ok := g.t.Premise(e, c); ok && p.Holds() {
			return c
		}
	}
	return cs[0]
}

// ask asks one endpoint about every candidate, unless everyone is granted. What is
// granted with credentials counts before what is granted without.
func (g *inferrer) ask(e scenarios.Endpoint) InferredPolicy {
	p := InferredPolicy{Endpoints: []string{e.String()}, Credential: g.with(e), Open: g.isOpen(e)}
	if p.Open {
		p.Credential = scenarios.Anonymous
	}
	replies := map[cors.Origin]*cors.Response{}
	sees := func(o cors.Origin, c scenarios.Credential) bool {
		if _, asked := replies[o]; !asked {
			replies[o] = g.reply(e, p.Credential, o)
		}
		r := replies[o]
		ok := r != nil && scenarios.Grants(o, c, r)
		if ok {
			p.Credentials = p.Credentials || cors.Check(o.String(), true, r.Headers) == cors.Allowed
			p.Exposed = exposed(r)
			if p.Origin.IsOpaque() {
				p.Origin = o
			}
		}
		return ok
	}
	other := g.t.Arbitrary()
	for _, c := range []scenarios.Credential{p.Credential, scenarios.Anonymous} {
		if p.Everyone = sees(other, c); p.Everyone {
			if bare := g.reply(e, scenarios.Anonymous, other); bare != nil {
				p.everyoneBare = scenarios.Grants(other, c, bare)
			}
			p.Null = sees(cors.Opaque, c)
			if p.Usable() {
				return p
			}
			p.Everyone, p.everyoneBare, p.Null, p.WithoutCredentials = false, false, false, true
		}
		for _, candidate := range g.found.Candidates {
			if g.ctx.Err() == nil && !p.WithoutCredentials && sees(candidate.Origin, c) {
				p.Granted = append(p.Granted, candidate.Origin)
			}
		}
		p.Null = !p.WithoutCredentials && sees(cors.Opaque, c)
		if len(p.Granted) > 0 || p.Null || !p.Credential.Ambient() {
			break
		}
	}
	return p
}

// rules asks for near-misses of the API's own origin, and of each candidate that is
// granted and that no rule found so far covers. Those candidates are returned: each is
// granted by a decision of its own.
func (g *inferrer) rules(e scenarios.Endpoint, p *InferredPolicy) []cors.Origin {
	if p.Everyone {
		rule := scenarios.Rule{Kind: scenarios.EchoRule}
		if !p.everyoneBare {
			rule.With = p.Credential
		}
		p.Rules = []scenarios.Rule{rule}
		return nil
	}
	if p.WithoutCredentials {
		return nil
	}
	enough := p.Credential
	if !p.Usable() {
		enough = scenarios.Anonymous
	}
	known := map[cors.Origin]bool{}
	granted := func(o cors.Origin) bool {
		if _, asked := known[o]; !asked {
			known[o] = slices.Contains(p.Granted, o) || scenarios.Grants(o, enough, g.reply(e, p.Credential, o))
		}
		return known[o]
	}
	var own []cors.Origin
	for i, of := range append([]cors.Origin{g.t.Origin()}, p.Granted...) {
		if g.ctx.Err() != nil || slices.ContainsFunc(p.Rules, func(r scenarios.Rule) bool { return r.Covers(of) }) {
			continue
		}
		if i > 0 {
			own = append(own, of)
		}
		for _, m := range scenarios.Matchers(g.t, of) {
			granted(m.Origin)
		}
		if r, ok := scenarios.RuleFor(g.t, of, func(o cors.Origin) bool { return known[o] && !slices.Contains(p.Granted, o) }); ok {
			p.Rules = append(p.Rules, r)
		}
	}
	return own
}

// preflights asks what a page of an origin that is granted may send. What an answer lists
// is asked about too.
func (g *inferrer) preflights(e scenarios.Endpoint, p *InferredPolicy) {
	if p.Origin.IsOpaque() {
		return
	}
	var methods, headers []string // that answers list
	list := func(into *[]string, items, but []string) {
		for _, item := range items {
			known := func(s string) bool { return strings.EqualFold(s, item) }
			if item != "*" && !slices.ContainsFunc(*into, known) && !slices.ContainsFunc(but, known) && len(*into) < mostListed {
				*into = append(*into, item)
			}
		}
	}
	ask := func(method, header string) bool {
		q := cors.PreflightRequest{Origin: p.Origin.String(), Method: method, Credentials: p.Credential.Ambient() && p.Usable()}
		if header != "" {
			q.UnsafeHeaders = []string{strings.ToLower(header)}
		}
		r := g.tap.Probe(g.ctx, preflight(g.t.At(e.Path), q)).Response
		if r == nil {
			return false
		}
		list(&methods, r.Headers.List(cors.HeaderAllowMethods), append(usualMethods(), invented))
		list(&headers, r.Headers.List(cors.HeaderAllowHeaders), []string{inventedHeader})
		if cors.CheckPreflight(q, r.Status, r.Headers) != cors.Allowed {
			return false
		}
		if age, ok := cors.MaxAge(r.Headers); ok {
			seconds := int(age.Seconds())
			p.MaxAge = &seconds
		}
		return true
	}
	p.Methods = []string{http.MethodGet, http.MethodHead, http.MethodPost} // for which no answer is asked
	if p.AnyMethod = ask(invented, ""); !p.AnyMethod {
		for _, m := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if ask(m, "") {
				p.Methods = append(p.Methods, m)
			}
		}
		for _, m := range slices.Clone(methods) {
			if ask(m, "") {
				p.Methods = append(p.Methods, m)
			}
		}
	}
	if p.AnyHeader = ask(http.MethodGet, inventedHeader); p.AnyHeader {
		return
	}
	if i := slices.IndexFunc(g.found.Policies, func(q InferredPolicy) bool {
		return p.grantsAs(q) && slices.Equal(p.Methods, q.Methods) && slices.Equal(headers, q.listed)
	}); i >= 0 {
		p.Headers, p.listed = g.found.Policies[i].Headers, headers
		return
	}
	p.listed = slices.Clone(headers)
	names := g.headerNames()
	list(&names, headers, nil)
	for _, h := range names {
		if ask(http.MethodGet, h) {
			p.Headers = append(p.Headers, h)
		}
	}
}

// invented and inventedHeader are a method and a header that no front end needs, and
// mostListed bounds what is asked about because an answer lists it.
const (
	invented       = "CROSSEXAM"
	inventedHeader = "X-Crossexam"
	mostListed     = 24
)

// usualMethods are those that need no mention.
func usualMethods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
}

// isOpen reports whether everybody gets the same from an endpoint as the victim.
func (g *inferrer) isOpen(e scenarios.Endpoint) bool {
	open := !e.Private
	for _, p := range g.t.Premises {
		open = open && (p.Endpoint != e.String() || p.Finding == scenarios.Open)
	}
	return open
}

// headerNames are the request headers that front ends mostly set, and those that this
// target's document or credential has.
func (g *inferrer) headerNames() []string {
	names := []string{"Content-Type", "Authorization", "X-Requested-With", "X-CSRF-Token", "X-XSRF-Token", "X-API-Key"}
	more := slices.Clone(g.t.CredentialHeaders)
	if d := g.deployment.Discovery; d != nil {
		more = append(more, d.Headers...)
	}
	for _, name := range more {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) && len(names) < 16 {
			names = append(names, name)
		}
	}
	return names
}

func exposed(r *cors.Response) []string {
	return slices.Compact(slices.Sorted(slices.Values(r.Headers.List(cors.HeaderExposeHeaders))))
}
