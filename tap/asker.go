package tap

import (
	"slices"
	"strings"
	"sync"

	"github.com/crossexam/crossexam/cors"
)

// An asker is whose page asks, and how, by the lines that a browser has for that. The zero
// asker is nobody's page.
type asker struct {
	origin, site, mode string
	stranger           bool // and without the credentials of the one it is compared with
}

func askerOf(q cors.Request) (a asker) {
	a.origin, _ = q.Headers.Get("Origin")
	a.site, _ = q.Headers.Get("Sec-Fetch-Site")
	a.mode, _ = q.Headers.Get("Sec-Fetch-Mode")
	return a
}

// instead is the same request as this asker would make it.
func (a asker) instead(q cors.Request) cors.Request {
	refers := q.Headers.Has("Referer") && a.origin != "" && a.origin != "null"
	replaced := []string{"Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode"}
	if a.stranger {
		replaced = append(replaced, "Cookie", "Authorization")
		q.ClientCertificate = false
	}
	q.Headers = slices.DeleteFunc(slices.Clone(q.Headers), func(h cors.Header) bool {
		return slices.ContainsFunc(replaced, func(name string) bool { return strings.EqualFold(h.Name, name) })
	})
	q.Headers = append(q.Headers, cors.OriginLine(a.origin)...)
	for _, line := range (cors.Headers{{Name: "Sec-Fetch-Site", Value: a.site}, {Name: "Sec-Fetch-Mode", Value: a.mode}}) {
		if line.Value != "" {
			q.Headers = append(q.Headers, line)
		}
	}
	if refers {
		q.Headers = append(q.Headers, cors.Header{Name: "Referer", Value: a.origin + "/"})
	}
	return q
}

// An askedPlace is a place as one asker finds it.
type askedPlace struct {
	place
	asker
}

// askers know who is answered where. A refusal that says that the target does not answer
// now, and that stays with one asker while another is answered, is about who asks.
type askers struct {
	mu       sync.Mutex
	last     map[place]asker // who was answered there last
	answered map[askedPlace]bool
	accepted map[place]bool     // the credentials that were answered anywhere
	refused  map[askedPlace]int // with this status, which is about who asks
	// helped and failed count the requests that were answered when they were made again at
	// once, and those that were not.
	helped, failed int
}

func newAskers() askers {
	return askers{last: map[place]asker{}, answered: map[askedPlace]bool{}, accepted: map[place]bool{}, refused: map[askedPlace]int{}}
}

// credentials is what of a place is about them.
func (p place) credentials() place {
	p = p.ofBodies()
	p.method, p.path = "", ""
	return p
}

func (p place) anonymous() bool { return p.cookie == "" && p.authorization == "" && !p.certificate }

// pass takes notice of an answer that is about what was asked.
func (a *askers) pass(at place, q cors.Request) {
	credentials, at, who := at.credentials(), at.ofBodies(), askerOf(q)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.accepted[credentials] = true
	a.last[at], a.answered[askedPlace{at, who}] = who, true
	delete(a.refused, askedPlace{at, who})
}

// about is what a refusal is found to be about.
type about int

const (
	aboutRate       about = iota // the rate, as far as is known
	aboutOrigin                  // whose page asks
	aboutCredential              // with which credentials
	aboutChance                  // none of these, perhaps: it is to be made again at once
)

// known says what a refusal is about where that is known by now, and otherwise who may be
// answered at that place, if there is anybody to compare with.
func (a *askers) known(at place, q cors.Request, status int) (w about, other asker, compare bool) {
	withThem, stranger := at.credentials(), at.anonymous()
	at, who := at.ofBodies(), askerOf(q)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused[askedPlace{at, who}] == status {
		return aboutOrigin, asker{}, false
	}
	// A write is made for its asker alone, who is refused as elsewhere. And who was
	// answered there before is refused for another reason.
	if !cors.IsSafeMethod(q.Method) {
		for p, s := range a.refused {
			if p.asker == who && s == status {
				return aboutOrigin, asker{}, false
			}
		}
		return aboutRate, asker{}, false
	}
	if !stranger && !a.accepted[withThem] {
		return aboutRate, asker{mode: who.mode, stranger: true}, true
	}
	other, answered := a.last[at]
	if !answered {
		other.mode = who.mode // one difference at a time
	}
	return aboutRate, other, other != who && !a.answered[askedPlace{at, who}]
}

func (a *askers) refuses(at place, q cors.Request, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused[askedPlace{at.ofBodies(), askerOf(q)}] = status
}

// maxAtOnce is how often a request is made again at once that is refused by chance, as
// far as is known; maxByChance where that was seen to help.
const maxAtOnce, maxByChance = 2, 8

// atOnce is how often a request may be made again at once. Where that helps more often
// than not, the refusals are no matter of the rate.
func (a *askers) atOnce() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.helped > a.failed {
		return maxByChance
	}
	return maxAtOnce
}

// madeAtOnce takes notice of whether that helped.
func (a *askers) madeAtOnce(helped bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if helped {
		a.helped++
	} else {
		a.failed++
	}
}
