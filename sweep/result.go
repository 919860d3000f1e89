package sweep

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// Schema names the version of a [Result] as JSON. What is added leaves it as it is; what is
// removed, or means something else, makes another.
const Schema = "crossexam/sweep/v1"

// A Result is what a sweep found out about one target, by headers alone. Nothing in it
// says that a target conforms: no browser was asked.
type Result struct {
	Schema  string        `json:"schema"` // [Schema]
	Target  string        `json:"target"`
	Trusted []cors.Origin `json:"trusted_origins"`
	// Assumed says that nobody said which origins are trusted: they are those that the
	// target was seen to grant and that an owner may mean.
	Assumed   bool       `json:"assumed,omitempty"`
	Classes   []Class    `json:"classes"`
	Endpoints []Endpoint `json:"endpoints"`
	// Requests is how many were sent, discovery's included, and DurationMS how long it all
	// took, in milliseconds.
	Requests   int   `json:"requests"`
	DurationMS int64 `json:"duration_ms"`
	// Protocol is the version of HTTP in which the target answered, such as "HTTP/2".
	Protocol string `json:"protocol"`
	// LoginRefused says in a sentence that the victim could not log in; empty where that
	// went well, or there is no login.
	LoginRefused string `json:"login_refused,omitempty"`
	// Notes are sentences on how the endpoints were found and what hindered the sweep.
	Notes []string `json:"notes,omitempty"`
}

// An Endpoint is one that was asked.
type Endpoint struct {
	Endpoint string `json:"endpoint"` // "GET /api/notebooks"
	// Class is the ID of its class; empty where it did not answer every question.
	Class string `json:"class,omitempty"`
	// Finding is what a stranger and the victim get there.
	Finding scenarios.Finding `json:"finding,omitempty"`
	Status  int               `json:"status,omitempty"` // of the reply to the victim
	// Unanswered says in a few words why it is in no class; empty where it is in one.
	Unanswered string `json:"unanswered,omitempty"`
}

// Private reports whether its reply is one that an attacker wants.
func (e Endpoint) Private() bool {
	return e.Finding == scenarios.Private || e.Finding == scenarios.PrivateByNetwork
}

// Readable reports whether the victim got a reply that could be read: only then is it
// known what a page would get.
func (e Endpoint) Readable() bool { return e.Status >= 200 && e.Status <= 299 }

// openTo reports whether a page gets the private reply without being granted
// credentials: by the victim's place in the network, or by the certificate that the
// browser presents uninvited.
func (e Endpoint) openTo(c scenarios.Credential) bool {
	return e.Finding == scenarios.PrivateByNetwork || e.Finding == scenarios.Private && c.Uninvited()
}

// A Class is a policy: endpoints that decided alike on every question that any two of them
// were asked. Each is asked about the methods that it has.
type Class struct {
	ID      string   `json:"id"` // "P1", the widest grant first
	Answers []Answer `json:"answers"`
	// Granted is what others than the trusted origins are granted, and Trusted which of
	// those are.
	Granted []Grant       `json:"granted"`
	Trusted []cors.Origin `json:"trusted"`
	// Rules are sentences on how the target seems to tell which origins it grants.
	Rules []string `json:"rules,omitempty"`
	// Size is how many endpoints are in it, and Private how many of them are private.
	Size    int `json:"endpoints"`
	Private int `json:"private"`
	// SplitFrom is the class that it was split from, because the browser disagreed with the
	// headers: Why says in a sentence how. Both are empty for all others.
	SplitFrom string `json:"split_from,omitempty"`
	Why       string `json:"why,omitempty"`
	// Level is the strictest of the requirements that are violated if a page of an origin
	// that is granted something gets an answer with the victim's credentials there, or
	// private data without any; empty where none would be. Suspect says that it binds.
	Level   scenarios.Level `json:"level,omitempty"`
	Suspect bool            `json:"suspect"`
}

// A Grant is what an origin is granted that is not trusted.
type Grant struct {
	Origin cors.Origin `json:"origin"`
	// How says in a few words what the origin stands for, such as "any origin".
	How string `json:"how"`
	// Anyone says that anybody on the web can have a page of such an origin; else Takes says
	// in a clause what it takes.
	Anyone bool   `json:"anyone"`
	Takes  string `json:"takes,omitempty"`
	scenarios.Suspicion
	// Rule says in a sentence how the target seems to tell such an origin from others; empty
	// where that is not known.
	Rule string `json:"rule,omitempty"`
	// Method is that of a write that a preflight approves; empty for the read.
	Method   string   `json:"method,omitempty"`
	Decision Decision `json:"decision"`
}

func (g Grant) String() string {
	text := fmt.Sprintf("%s: %s", g.How, g.Decision)
	if g.Method != "" {
		text = fmt.Sprintf("%s, by a preflight for %s: %s", g.How, g.Method, g.Decision)
	}
	return text
}

// Word is the verdict of a sweep on the class: "granted", to others than the trusted
// origins, or "not granted".
func (c Class) Word() string {
	if len(c.Granted) > 0 {
		return "granted"
	}
	return "not granted"
}

// ToAnyone reports whether something is granted to origins that anybody on the web can
// have.
func (c Class) ToAnyone() bool {
	return slices.ContainsFunc(c.Granted, func(g Grant) bool { return g.Anyone })
}

// Class returns the class of this ID.
func (r Result) Class(id string) (Class, bool) {
	i := slices.IndexFunc(r.Classes, func(c Class) bool { return c.ID == id })
	if i < 0 {
		return Class{}, false
	}
	return r.Classes[i], true
}

// Refused are the trusted origins that were asked about, and whose pages cannot read the
// endpoints of a class with its credential: a front end there cannot do its work. None where
// trust is assumed.
func (r Result) Refused(c Class) []cors.Origin {
	if r.Assumed {
		return nil
	}
	v := interview{with: c.With(), answers: c.Answers}
	var refused []cors.Origin
	for _, o := range r.Trusted {
		if d, asked := v.answer(v.read(o)); asked && !v.enough(d) {
			refused = append(refused, o)
		}
	}
	return refused
}

// Suspects reports whether anything is granted that must not be, and Advised whether
// anything is that should not.
func (r Result) Suspects() bool {
	return slices.ContainsFunc(r.Classes, func(c Class) bool { return c.Suspect })
}

// Advised is described at [Result.Suspects].
func (r Result) Advised() bool {
	return slices.ContainsFunc(r.Classes, func(c Class) bool { return c.Level == scenarios.Should })
}

// Doubt says in a sentence why it is not known that nothing is granted, and is empty
// where it is known, by header, of every endpoint, of which one at least is private: how a
// refusal, or what everybody gets, is granted, says nothing of a private reply.
func (r Result) Doubt() string {
	i := slices.IndexFunc(r.Endpoints, func(e Endpoint) bool { return e.Unanswered != "" })
	switch {
	case len(r.Endpoints) == 0:
		return "no endpoint was found that can be read: name one with `read`"
	case i >= 0:
		n := 0
		for _, e := range r.Endpoints {
			if e.Unanswered != "" {
				n++
			}
		}
		return fmt.Sprintf("%d of %d endpoints did not answer every question: %s (%s)", n, len(r.Endpoints), r.Endpoints[i].Endpoint, r.Endpoints[i].Unanswered)
	case r.LoginRefused != "":
		return r.LoginRefused + ": give one that is good"
	case !slices.ContainsFunc(r.Endpoints, func(e Endpoint) bool { return e.Readable() || e.Private() }):
		status, n := r.mostFrequent()
		return fmt.Sprintf("no endpoint gave the victim a reply that can be read (%d of %d answered %d): give a credential, or name other endpoints with `read`", n, len(r.Endpoints), status)
	case !slices.ContainsFunc(r.Endpoints, Endpoint.Private):
		return r.nothingPrivate() + ": give a credential that opens it, or name an endpoint with private data with `read`"
	}
	return ""
}

// mostFrequent is the status that most replies to the victim have, and how many have it.
func (r Result) mostFrequent() (status, n int) {
	statuses := map[int]int{}
	for _, e := range r.Endpoints {
		statuses[e.Status]++
	}
	for s, m := range statuses {
		if m > n || m == n && s < status {
			status, n = s, m
		}
	}
	return status, n
}

// nothingPrivate says why none of the endpoints is private, by the one of them that tells
// most.
func (r Result) nothingPrivate() string {
	for _, why := range []struct {
		finding scenarios.Finding
		text    string
	}{
		{scenarios.CredentialRefused, "the victim's credential is refused"},
		{scenarios.Ended, "the victim's session has ended"},
		{scenarios.LoginNeeded, "a login is asked for, and no credential was given"},
		{scenarios.Unsteady, "the reply changes by itself, so that nobody can tell the victim's from a stranger's"},
		{scenarios.Open, "a stranger gets the same as the victim"},
	} {
		for _, e := range r.Endpoints {
			if e.Finding == why.finding {
				return fmt.Sprintf("no private reply was seen; at %s, which answers %d, %s", e.Endpoint, e.Status, why.text)
			}
		}
	}
	return fmt.Sprintf("no private reply was seen; %s answers %d", r.Endpoints[0].Endpoint, r.Endpoints[0].Status)
}

func (r *Result) redact(replace func(string) string) {
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		e.Endpoint, e.Unanswered = replace(e.Endpoint), replace(e.Unanswered)
	}
	r.LoginRefused = replace(r.LoginRefused)
	for i := range r.Notes {
		r.Notes[i] = replace(r.Notes[i])
	}
}

// file files endpoints into classes by their interviews, which are in the same order.
func file(t scenarios.Target, endpoints []Endpoint, interviews []*interview) []Class {
	type class struct {
		Class
		whole   *interview // with the answers of all members
		members []int
	}
	var all []*class
	var answered []int
	for i := range interviews {
		if endpoints[i].Unanswered == "" {
			answered = append(answered, i)
		}
	}
	// Those that were asked most come first, and the others to them.
	slices.SortStableFunc(answered, func(a, b int) int { return cmp.Compare(len(interviews[b].answers), len(interviews[a].answers)) })
	byKey := map[string][]*class{}
	for _, i := range answered {
		v := interviews[i]
		key := v.key(t)
		at := slices.IndexFunc(byKey[key], func(c *class) bool { return c.whole.agrees(v) })
		if at < 0 {
			at = len(byKey[key])
			c := &class{whole: v.clone()}
			byKey[key], all = append(byKey[key], c), append(all, c)
		}
		c := byKey[key][at]
		c.whole.add(v)
		c.members = append(c.members, i)
	}
	for _, c := range all {
		slices.Sort(c.members)
		c.Class = c.whole.class(t)
		c.Size = len(c.members)
		for _, m := range c.members {
			if endpoints[m].Private() {
				c.Private++
			}
			for _, g := range c.Granted {
				if c.Level != scenarios.Must && (g.Decision == WithCredentials || g.Method == "" && endpoints[m].openTo(c.whole.with)) {
					c.Level = g.Level
				}
			}
		}
		c.Suspect = c.Level == scenarios.Must
	}
	slices.SortFunc(all, func(a, b *class) int {
		return cmp.Or(compare(a.Suspect, b.Suspect), compare(a.everyone(), b.everyone()), compare(a.ToAnyone(), b.ToAnyone()), compare(len(a.Granted) > 0, len(b.Granted) > 0), cmp.Compare(b.Private, a.Private), cmp.Compare(b.Size, a.Size), cmp.Compare(a.members[0], b.members[0]))
	})
	classes := make([]Class, len(all))
	for i, c := range all {
		c.ID = fmt.Sprintf("P%d", i+1)
		for _, m := range c.members {
			endpoints[m].Class = c.ID
		}
		classes[i] = c.Class
	}
	return classes
}

// everyone reports whether an arbitrary origin is granted the read with the credential.
func (c Class) everyone() bool { return c.Answers[0].Decision == WithCredentials }

// compare has what is true come first.
func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// key is the same for endpoints that decided alike about every read, and grant others
// than the trusted origins what weighs the same. What they decided about methods, of
// which each has its own, is left to [interview.agrees].
func (v *interview) key(t scenarios.Target) string {
	var b strings.Builder
	for _, a := range v.answers {
		if a.Preflight == "" {
			fmt.Fprintf(&b, "%s|%s|%s\n", a.Origin, a.With, a.Decision)
		}
	}
	c, weight := v.class(t), 0
	for _, g := range c.Granted {
		switch {
		case g.Decision != WithCredentials:
		case g.Level == scenarios.Must:
			weight = 2
		default:
			weight = max(weight, 1)
		}
	}
	fmt.Fprintf(&b, "%s %d", c.Word(), weight)
	return b.String()
}

// agrees reports whether two endpoints decided alike on every question that both were
// asked.
func (v *interview) agrees(w *interview) bool {
	return !slices.ContainsFunc(w.answers, func(a Answer) bool {
		known, ok := v.answer(a.Question)
		return ok && known != a.Decision
	})
}

// add adds the answers of an endpoint to questions that v was not asked.
func (v *interview) add(w *interview) {
	for _, a := range w.answers {
		if _, ok := v.answer(a.Question); !ok {
			v.answers = append(v.answers, a)
		}
	}
}

func (v *interview) clone() *interview {
	c := *v
	c.answers = slices.Clone(v.answers)
	return &c
}

// class is what the answers come to.
func (v *interview) class(t scenarios.Target) Class {
	c := Class{Answers: v.answers, Granted: []Grant{}, Trusted: []cors.Origin{}}
	for _, a := range v.answers {
		if a.Decision == NotGranted || a.Preflight == http.MethodGet {
			continue
		}
		g := Grant{Origin: a.Origin, Method: a.Preflight, Decision: a.Decision}
		i := slices.IndexFunc(v.misses, func(m grantedMiss) bool { return m.Origin == a.Origin })
		switch {
		case slices.Contains(t.Trusted, a.Origin):
			if a.Preflight == "" && !slices.Contains(c.Trusted, a.Origin) {
				c.Trusted = append(c.Trusted, a.Origin)
			}
			continue
		case a.Origin == t.Arbitrary():
			g.How, g.Anyone, g.Suspicion = "any origin", true, scenarios.EveryOriginSuspicion()
			if a.With == scenarios.Anonymous && a.Preflight == "" && v.with != scenarios.Anonymous {
				if a.Decision == v.answers[0].Decision { // said already
					continue
				}
				g.How = "any origin, without a credential"
			}
		case a.Origin.IsOpaque():
			g.How, g.Anyone, g.Suspicion = "null, the origin of every sandboxed frame", true, scenarios.NullSuspicion()
		case i >= 0:
			g.How, g.Anyone, g.Suspicion = v.misses[i].How, v.misses[i].Registrable, v.misses[i].suspicion
			g.Rule = v.misses[i].rule
			if !g.Anyone {
				g.Takes = v.misses[i].Takes()
			}
		default:
			continue
		}
		c.Granted = append(c.Granted, g)
	}
	for _, r := range v.rules {
		c.Rules = append(c.Rules, r.String())
	}
	return c
}
