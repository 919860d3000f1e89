package attacker

import (
	"slices"
	"strings"

	"github.com/chromedp/cdproto/network"
)

// A stream is an attempt by EventSource that was not seen yet. Chrome starts its
// request by a timer and names no caller, so that it is told by its URL; of two
// with the same URL the page makes one after the other.
type stream struct{ name, url string }

// expectStreams names the attempts by EventSource that the page will make, in
// their order.
func (r *recorder) expectStreams(specs []spec) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range specs {
		r.streams = append(r.streams, stream{s.Name, s.URL})
	}
}

// nextStream gives the name of the attempt whose request is for the URL.
func (r *recorder) nextStream(url string) string {
	i := slices.IndexFunc(r.streams, func(s stream) bool { return s.url == url })
	if i < 0 {
		return ""
	}
	name := r.streams[i].name
	r.streams = slices.Delete(r.streams, i, i+1)
	return name
}

// socketEvent takes an event of a WebSocket, and tells whether it was one. Chrome
// reports no response where the handshake was refused, but the key of each
// handshake, by which the tap finds the exchange.
func (r *recorder) socketEvent(ev any) bool {
	switch e := ev.(type) {
	case *network.EventWebSocketCreated:
		q := r.request(e.RequestID)
		q.socket = true
		q.startedBy(e.Initiator)
	case *network.EventWebSocketWillSendHandshakeRequest:
		if e.Request == nil {
			break
		}
		for name, value := range e.Request.Headers {
			if key, ok := value.(string); ok && strings.EqualFold(name, "Sec-WebSocket-Key") {
				r.request(e.RequestID).key = key
			}
		}
	case *network.EventWebSocketFrameError:
		r.request(e.RequestID).block.Network = e.ErrorMessage
	case *network.EventWebSocketClosed:
		r.request(e.RequestID).done = true
	default:
		return false
	}
	return true
}
