package sweep

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// mostClasses bounds the classes of which one endpoint each is examined in whole.
const mostClasses = 24

// Representatives are the endpoints that are examined in whole: one of each class, private
// ones first and those of preferred before others, and then preferred ones until there
// are so many. Classes without a reply that can be read have none.
func (r Result) Representatives(preferred []string, atLeast int) []string {
	var chosen []string
	for _, c := range r.Classes[:min(len(r.Classes), mostClasses)] {
		best, rank := "", 0
		for _, e := range r.Endpoints {
			if e.Class != c.ID || !e.Readable() {
				continue
			}
			n := 1
			if slices.Contains(preferred, e.Endpoint) {
				n++
			}
			if e.Private() {
				n += 2
			}
			if n > rank {
				best, rank = e.Endpoint, n
			}
		}
		if rank > 2 || rank > 0 && c.Suspect { // what is not private is no one's loss
			chosen = append(chosen, best)
		}
	}
	for _, name := range preferred {
		if len(chosen) < atLeast && !slices.Contains(chosen, name) {
			chosen = append(chosen, name)
		}
	}
	return chosen
}

// A Trial is an attempt to read an endpoint in the browser.
type Trial struct {
	Endpoint string
	// Page is the origin of the page that tries; opaque for a sandboxed frame.
	Page cors.Origin
	With scenarios.Credential
	// Expected says that the page may read the reply, by header.
	Expected bool
}

const (
	// sampled is the share of a class, one in so many, that is tried in the browser though
	// nothing is granted there; mostSampled bounds it for each class, and mostTried all
	// that is tried where something is granted.
	sampled     = 10
	mostSampled = 50
	mostTried   = 2000
)

// Trials are what is tried in the browser besides the endpoints that are examined in
// whole: every endpoint of a class that grants a read to others than the trusted origins,
// and of each other class one in ten, at least one, which the seed draws.
func (r Result) Trials(examined []string, seed uint64) []Trial {
	draw := rand.New(rand.NewPCG(seed, 0))
	var trials []Trial
	for _, c := range r.Classes {
		left := r.trialsOf(c, examined)
		if _, granted := c.page(); !granted {
			draw.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
			left = left[:min((len(left)+sampled-1)/sampled, mostSampled)]
			slices.SortFunc(left, func(a, b Trial) int { return strings.Compare(a.Endpoint, b.Endpoint) })
		}
		trials = append(trials, left[:min(len(left), mostTried-len(trials))]...)
	}
	return trials
}

// MoreTrials are those of the endpoints of these classes that are neither examined nor
// tried: where the browser disagreed with the headers at one endpoint of a class, a tenth
// says nothing of the others.
func (r Result) MoreTrials(classes, known []string) []Trial {
	var trials []Trial
	for _, c := range r.Classes {
		if slices.Contains(classes, c.ID) {
			trials = append(trials, r.trialsOf(c, known)...)
		}
	}
	return trials[:min(len(trials), mostTried)]
}

// trialsOf are those of all endpoints of a class, but for the known ones.
func (r Result) trialsOf(c Class, known []string) []Trial {
	page, granted := c.page()
	var trials []Trial
	for _, e := range r.Endpoints {
		if e.Class == c.ID && e.Readable() && !slices.Contains(known, e.Endpoint) {
			trials = append(trials, Trial{Endpoint: e.Endpoint, Page: page, With: c.With(), Expected: granted})
		}
	}
	return trials
}

// With is the credential with which the class was asked.
func (c Class) With() scenarios.Credential { return c.Answers[0].With }

// page is the origin from which a read is tried: the first that is granted it with the
// class's credential, else the arbitrary one, which is asked about first.
func (c Class) page() (o cors.Origin, granted bool) {
	v := interview{with: c.With()}
	for _, g := range c.Granted {
		if g.Method == "" && v.enough(g.Decision) {
			return g.Origin, true
		}
	}
	return c.Answers[0].Origin, false
}

// Split files endpoints of one class into another, because the browser did there what the
// class does not do, and returns its ID. Why says in a sentence what it did.
func (r *Result) Split(from string, endpoints []string, why string) string {
	old := slices.IndexFunc(r.Classes, func(c Class) bool { return c.ID == from })
	split := r.Classes[old]
	split.ID, split.SplitFrom, split.Why, split.Size, split.Private = fmt.Sprintf("P%d", len(r.Classes)+1), from, why, 0, 0
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		if e.Class != from || !slices.Contains(endpoints, e.Endpoint) {
			continue
		}
		e.Class = split.ID
		split.Size++
		r.Classes[old].Size--
		if e.Private() {
			split.Private++
			r.Classes[old].Private--
		}
	}
	r.Classes = append(r.Classes, split)
	return split.ID
}
