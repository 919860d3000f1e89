package attacker

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"github.com/crossexam/crossexam/cors"
)

// A rawHead is the head of a response as it was on the wire, lines of one name
// joined by line breaks.
type rawHead struct {
	status  int64
	headers network.Headers
	used    bool
}

// exchanged takes the id of an exchange that was seen in the browser. forged says
// that no answer of the network follows.
func (r *recorder) exchanged(id network.RequestID, exchange string, forged bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.request(id)
	if forged {
		q.answers++
	}
	r.arrived++
	q.exchanges = append(q.exchanges, arrival{r.arrived, exchange})
	r.notify()
}

// raw waits for the wanted head of a response, as it was on the wire.
func (r *recorder) raw(ctx context.Context, id network.RequestID, wanted func(rawHead) bool) (rawHead, bool) {
	var found rawHead
	ok := r.until(ctx, func() bool {
		q := r.request(id)
		for i := range q.raws {
			if h := &q.raws[i]; !h.used && wanted(*h) {
				h.used, found = true, *h
				return true
			}
		}
		return false
	})
	return found, ok
}

// sent is the request as it was on the wire, of which Chrome showed less before it
// left: the last one with these lines, since one that was challenged went twice.
// Without any it gives the request as it was shown.
func (r *recorder) sent(id network.RequestID, shown cors.Request) cors.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, headers := range slices.Backward(r.request(id).sents) {
		lines := linesOf(headers)
		if !containsAll(lines, shown.Headers) {
			continue
		}
		host, _ := shown.Headers.Get("Host")
		shown.Headers = cors.Headers{{Name: "Host", Value: host}}
		for _, line := range lines {
			// HTTP/2 has a pseudo-header in its place, and some more.
			if !strings.HasPrefix(line.Name, ":") && !strings.EqualFold(line.Name, "Host") {
				shown.Headers = append(shown.Headers, line)
			}
		}
		break
	}
	return shown
}

// containsAll reports whether there are all of some lines, but for that of the host.
func containsAll(lines, some cors.Headers) bool {
	has := map[string]bool{}
	for _, line := range lines {
		has[strings.ToLower(line.Name)+":"+strings.TrimSpace(line.Value)] = true
	}
	return !slices.ContainsFunc(some, func(line cors.Header) bool {
		return !strings.EqualFold(line.Name, "Host") && !has[strings.ToLower(line.Name)+":"+strings.TrimSpace(line.Value)]
	})
}

// isOf reports whether it has all that Chrome shows of the response it holds.
func (h rawHead) isOf(e *fetch.EventRequestPaused) bool {
	var shown cors.Headers
	for _, line := range e.ResponseHeaders {
		shown = append(shown, cors.Header{Name: line.Name, Value: line.Value})
	}
	return h.status == e.ResponseStatusCode && containsAll(linesOf(h.headers), shown)
}

// linesOf are header lines, names in alphabetical order: theirs is not known.
func linesOf(headers network.Headers) cors.Headers {
	var lines cors.Headers
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if text, ok := headers[name].(string); ok {
			for line := range strings.SplitSeq(text, "\n") {
				lines = append(lines, cors.Header{Name: name, Value: line})
			}
		}
	}
	return lines
}
