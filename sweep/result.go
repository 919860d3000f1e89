package sweep

import (
	"fmt"
	"slices"

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
