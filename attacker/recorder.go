package attacker

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/network"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// A request is what Chrome told of one network request, its redirects included.
type request struct {
	attempt   string // the name of the attempt that made it, or empty
	preflight network.RequestID
	redirects int // followed so far, of which Chrome reports the answers too
	answers   int // of all servers, the attacker's own included
	done      bool
	block     scenarios.Block
	exchanges []arrival // one for each response
	heldBack  []string  // reasons for cookies kept home
	cookies   []scenarios.CookieFate
	// opaque says that the page cannot be told of the response, so that only the
	// exchange shows what it was.
	opaque bool
	sents  []network.Headers // of its requests, as they were on the wire
	raws   []rawHead         // of their answers
	socket bool
	key    string // of a WebSocket's handshake
}

// An arrival is the tap's id of an exchange, and when Chrome told of it: a fetch
// with redirects may have a preflight before each of its requests, and only the
// time brings them into the order of the wire.
type arrival struct {
	order int
	id    string
}

// A recorder keeps Chrome's network events of one tab by request. Chrome sends
// them from two processes, so that they come in no order between requests.
type recorder struct {
	mu       sync.Mutex
	requests map[network.RequestID]*request
	streams  []stream
	arrived  int           // exchanges so far
	changed  chan struct{} // closed and replaced at every event
}

func newRecorder() *recorder {
	return &recorder{requests: map[network.RequestID]*request{}, changed: make(chan struct{})}
}

// attemptPrefix begins the function name of every attempt's call in the page.
const attemptPrefix = "attempt-"

// event takes one event; see [Tab.event].
func (r *recorder) event(ev any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		q := r.request(e.RequestID)
		if e.RedirectHasExtraInfo {
			q.redirects++
		}
		q.opaque = e.Type == network.ResourceTypeScript
		q.startedBy(e.Initiator)
		if e.Type == network.ResourceTypeEventSource && e.Request != nil {
			q.attempt = r.nextStream(e.Request.URL)
		}
	case *network.EventRequestWillBeSentExtraInfo:
		q := r.request(e.RequestID)
		q.sents = append(q.sents, e.Headers)
		q.cookies = nil // of the last hop
		for _, c := range e.AssociatedCookies {
			q.cookie(c)
		}
	case *network.EventResponseReceivedExtraInfo:
		q := r.request(e.RequestID)
		q.answers++
		q.raws = append(q.raws, rawHead{status: e.StatusCode, headers: e.Headers})
		if id := exchangeID(e.Headers); id != "" {
			r.arrived++
			q.exchanges = append(q.exchanges, arrival{r.arrived, id})
		}
	case *network.EventLoadingFinished:
		r.request(e.RequestID).done = true
	case *network.EventLoadingFailed:
		q := r.request(e.RequestID)
		q.done = true
		if e.Canceled {
			// By the page, which has read enough or waited long enough; or once more,
			// after the event with the reason (a redirect to mixed content).
			break
		}
		q.block.Network = e.ErrorText
		if e.BlockedReason != "" {
			q.block.Network = string(e.BlockedReason)
		}
		if e.CorsErrorStatus != nil {
			q.block.Reason = cors.Reason(e.CorsErrorStatus.CorsError)
			q.block.Parameter = e.CorsErrorStatus.FailedParameter
		}
	default:
		if !r.socketEvent(ev) {
			return
		}
	}
	r.notify()
}

// notify wakes those who wait in until. The recorder is locked.
func (r *recorder) notify() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// cookie takes what became of one cookie in a request: it was sent, or kept home for
// these reasons.
func (q *request) cookie(c *network.AssociatedCookie) {
	if c == nil || c.Cookie == nil {
		return
	}
	if slices.Contains(c.BlockedReasons, network.CookieBlockedReasonDomainMismatch) || slices.Contains(c.BlockedReasons, network.CookieBlockedReasonNotOnPath) {
		return // of the same site, but not for this request
	}
	fate := scenarios.CookieFate{Name: c.Cookie.Name}
	for _, reason := range c.BlockedReasons {
		why := string(reason)
		fate.HeldBack = append(fate.HeldBack, why)
		if !slices.Contains(q.heldBack, why) {
			q.heldBack = append(q.heldBack, why)
		}
	}
	q.cookies = append(q.cookies, fate)
}

// startedBy finds the name of the attempt in the call stack.
func (q *request) startedBy(i *network.Initiator) {
	if i == nil {
		return
	}
	if i.Type == "preflight" {
		q.preflight = i.RequestID
	}
	if i.Stack == nil {
		return
	}
	for _, f := range i.Stack.CallFrames {
		if f != nil && strings.HasPrefix(f.FunctionName, attemptPrefix) {
			q.attempt = f.FunctionName
		}
	}
}

func (r *recorder) request(id network.RequestID) *request {
	q, ok := r.requests[id]
	if !ok {
		q = &request{}
		r.requests[id] = q
	}
	return q
}

// exchangeID is the tap's id in the headers of a response, or empty.
func exchangeID(headers network.Headers) string {
	for name, value := range headers {
		if id, ok := value.(string); ok && strings.EqualFold(name, tap.ExchangeHeader) {
			return id
		}
	}
	return ""
}

// forget drops what was recorded; what still arrives of it is not looked for.
func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.requests)
	r.streams = nil
}

// A sighting is what Chrome told of one attempt.
type sighting struct {
	seen      bool
	key       string // of a WebSocket's handshake
	block     scenarios.Block
	exchanges []string
	heldBack  []string
	cookies   []scenarios.CookieFate
}

// await gives the sightings of the named attempts as soon as each is whole, or
// what there is of them when the context ends. readable tells which attempts the
// page could read.
func (r *recorder) await(ctx context.Context, readable map[string]bool) (sightings map[string]sighting) {
	r.until(ctx, func() (whole bool) {
		sightings, whole = r.assemble(readable)
		return whole
	})
	return sightings
}

// assemble joins requests with their preflights. An attempt is whole when its
// request has ended and the response that decided it was reported.
func (r *recorder) assemble(readable map[string]bool) (map[string]sighting, bool) {
	sightings := make(map[string]sighting, len(readable))
	whole := true
	byID := map[network.RequestID]string{}
	for id, q := range r.requests {
		if q.attempt != "" {
			byID[id] = q.attempt
		}
	}
	preflights := map[string][]arrival{}
	for _, q := range r.requests {
		if name := byID[q.preflight]; name != "" {
			preflights[name] = append(preflights[name], q.exchanges...)
			// One that failed on the network has no answer.
			whole = whole && (q.answers > 0 || q.block.Network != "")
		}
	}
	for _, q := range r.requests {
		can, wanted := readable[q.attempt]
		if !wanted {
			continue
		}
		sightings[q.attempt] = sighting{
			seen:      true,
			key:       q.key,
			block:     q.block,
			exchanges: inOrder(slices.Concat(preflights[q.attempt], q.exchanges)),
			heldBack:  q.heldBack,
			cookies:   q.cookies,
		}
		switch reason := q.block.Reason; {
		case !q.done && !can:
			whole = false
		case q.socket:
			whole = whole && q.key != ""
		case q.opaque:
			whole = whole && q.done && len(q.exchanges) > 0
		case reason.IsPreflight():
			whole = whole && len(preflights[q.attempt]) > 0
		case can || reason.IsPolicy():
			whole = whole && q.answers > q.redirects
		default:
			whole = whole && q.answers >= q.redirects
		}
	}
	return sightings, whole && len(sightings) == len(readable)
}

func inOrder(arrivals []arrival) []string {
	slices.SortFunc(arrivals, func(a, b arrival) int { return a.order - b.order })
	ids := make([]string, len(arrivals))
	for i, a := range arrivals {
		ids[i] = a.id
	}
	return ids
}

// until waits until what it is told holds, which is asked with the recorder locked.
func (r *recorder) until(ctx context.Context, holds func() bool) bool {
	for {
		r.mu.Lock()
		ok, changed := holds(), r.changed
		r.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}
