package tap

import (
	"cmp"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/crossexam/crossexam/cors"
)

// A WithheldRequest is a request that the tap did not pass on because it could
// have changed something at the target.
type WithheldRequest struct {
	Method string
	Path   string // as the client wrote it, without the query
	Count  int
}

// record holds what the tap saw, secrets included: what redacts is the report.
type record struct {
	prefix string // keeps a page or a target from naming an exchange by guess

	mu         sync.Mutex
	room       room
	exchanges  []cors.Exchange
	handshakes map[string]int // index of the first exchange, by Sec-WebSocket-Key
	withheld   []WithheldRequest
	notes      []string
	requests   int
	challenged bool
}

func newRecord() record {
	return record{prefix: rand.Text() + "-", room: newRoom(), handshakes: map[string]int{}}
}

// add appends a whole exchange, within the bounds of the record, and gives its id.
func (r *record) add(e cors.Exchange) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, notes := r.room.bound(e)
	for _, sentence := range notes {
		r.note(sentence)
	}
	r.exchanges = append(r.exchanges, kept)
	if key, _ := e.Request.Headers.Get("Sec-WebSocket-Key"); key != "" && isHandshake(e.Request) {
		if _, known := r.handshakes[key]; !known {
			r.handshakes[key] = len(r.exchanges) - 1
		}
	}
	if e.Withheld {
		r.countWithheld(kept.Request)
	}
	if e.Response != nil {
		r.challenged = r.challenged || AsksForLogin(e.Response)
		if e.Response.Headers.Has(ExchangeHeader) {
			r.note("The target sent a header named " + ExchangeHeader + "; the browser got Crossexam's own instead.")
		}
	}
	return r.id(len(r.exchanges) - 1)
}

// notice takes notice of an exchange that is not recorded.
func (r *record) notice(e cors.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.challenged = r.challenged || e.Response != nil && AsksForLogin(e.Response)
}

// keep records an exchange, with what is shown of its URL, and gives its id.
func (t *Tap) keep(e cors.Exchange) string {
	e.Request.URL = t.shown(e.Request.URL)
	return t.record.add(e)
}

// shown is a URL without what nobody is to see of it.
func (t *Tap) shown(url string) string {
	if t.conceal == nil {
		return url
	}
	return t.conceal(url)
}

// id of the exchange with this index.
func (r *record) id(i int) string { return r.prefix + strconv.Itoa(i+1) }

// countRequest gives the number of a request in the run, from 1.
func (r *record) countRequest() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	return r.requests
}

func (r *record) countWithheld(q cors.Request) {
	path := pathOf(q.URL)
	i := slices.IndexFunc(r.withheld, func(w WithheldRequest) bool { return w.Method == q.Method && w.Path == path })
	if i < 0 && len(r.withheld) >= withheldKinds {
		r.note(cutKinds)
		return
	}
	if i < 0 {
		i = len(r.withheld)
		r.withheld = append(r.withheld, WithheldRequest{Method: q.Method, Path: path})
	}
	r.withheld[i].Count++
}

func (r *record) note(sentence string) {
	if !slices.Contains(r.notes, sentence) {
		r.notes = append(r.notes, sentence)
	}
}

// Exchange gives the exchange with the id that its response carries in the
// [ExchangeHeader]; it is whole. ok is false for an id that the tap never gave.
func (t *Tap) Exchange(id string) (e cors.Exchange, ok bool) {
	n, ok := strings.CutPrefix(id, t.record.prefix)
	i, err := strconv.Atoi(n)
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	if !ok || err != nil || i < 1 || i > len(t.record.exchanges) || n != strconv.Itoa(i) {
		return cors.Exchange{}, false
	}
	return clone(t.record.exchanges[i-1]), true
}

// Len is how many exchanges are over and recorded. One under way is not among
// them.
func (t *Tap) Len() int {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	return len(t.record.exchanges)
}

// Since gives the exchanges after the first n, in the order they ended. With an
// earlier [Tap.Len] that is what happened since then, and all of them with 0.
func (t *Tap) Since(n int) []cors.Exchange {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	all := t.record.exchanges
	since := slices.Clone(all[min(max(n, 0), len(all)):])
	for i, e := range since {
		since[i] = clone(e)
	}
	return since
}

// Withheld says what was withheld: each method and path once, by path and method. In which
// order they came is chance: a page makes several requests at once.
func (t *Tap) Withheld() []WithheldRequest {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	return slices.SortedFunc(slices.Values(t.record.withheld), func(a, b WithheldRequest) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
}

// Notes are sentences for the report about what the tap had to change.
func (t *Tap) Notes() []string {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	return slices.Clone(t.record.notes)
}

// Requests is how many requests the tap made or tried to make to the target, the
// browser's and Crossexam's own. What was withheld does not count.
func (t *Tap) Requests() int {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	return t.record.requests
}

// clone gives the caller an exchange of its own, to redact for example.
func clone(e cors.Exchange) cors.Exchange {
	e.Request.Headers = slices.Clone(e.Request.Headers)
	if e.Response != nil {
		p := *e.Response
		p.Headers = slices.Clone(p.Headers)
		e.Response = &p
	}
	return e
}
