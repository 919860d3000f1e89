package tap

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/crossexam/crossexam/cors"
)

// A multiplexer sends many questions over one HTTP/2 connection (RFC 9113), where the
// target has it. What it brings has the names of headers in small letters and sorted: it
// is for what is used at once and is no evidence.
type multiplexer struct {
	transport *http.Transport
	none      atomic.Bool // the target has no HTTP/2, or broke it
	used      atomic.Bool
}

var errNoHTTP2 = errors.New("the target does not speak HTTP/2")

func newMultiplexer(d dialer, l Limits) *multiplexer {
	m := &multiplexer{}
	if d.tls == nil {
		m.none.Store(true)
		return m
	}
	config := d.tls.Clone()
	config.NextProtos = []string{"h2", "http/1.1"}
	m.transport = &http.Transport{
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // as for everything that the tap sends
		MaxResponseHeaderBytes: l.HeaderBytes,
		IdleConnTimeout:        maxIdleTime,
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, l.Connect)
			defer cancel()
			raw, err := d.tunnel(ctx, l.Connect)
			if err != nil {
				return nil, err
			}
			c := tls.Client(raw, config)
			if err := c.HandshakeContext(ctx); err != nil {
				raw.Close()
				return nil, err
			}
			if c.ConnectionState().NegotiatedProtocol != "h2" {
				c.Close()
				return nil, errNoHTTP2
			}
			return c, nil
		},
	}
	return m
}

// roundTrip sends a safe request. An error says that it has to be sent in HTTP/1.1, which
// has the words for what is wrong with the target; none is tried in HTTP/2 after that.
func (m *multiplexer) roundTrip(ctx context.Context, q cors.Request, run string, l Limits) (*cors.Response, error) {
	if m.none.Load() || !isSafe(q.Method) || isHandshake(q) {
		return nil, errNoHTTP2
	}
	p, err := m.send(ctx, q, run, l)
	if err != nil && ctx.Err() == nil {
		m.none.Store(true)
	}
	m.used.Store(m.used.Load() || err == nil)
	return p, err
}

func (m *multiplexer) send(ctx context.Context, q cors.Request, run string, l Limits) (*cors.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, l.Connect+l.Header+l.Body)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, q.Method, q.URL, nil)
	if err != nil {
		return nil, err
	}
	for _, h := range q.Headers {
		switch name := strings.ToLower(h.Name); {
		case name == "host":
			r.Host = h.Value
		case isHopByHop(name), name == "accept-encoding", name == "expect", name == "content-length", strings.EqualFold(h.Name, RunHeader):
		default:
			r.Header.Add(h.Name, h.Value)
		}
	}
	if run != "" {
		r.Header.Set(RunHeader, run)
	}
	if !q.Headers.Has("User-Agent") {
		r.Header["User-Agent"] = nil // the library's own is none of ours
	}
	answer, err := m.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, whole, err := readBody(answer.Body, l.BodyBytes)
	if err != nil {
		return nil, err
	}
	p := &cors.Response{Status: answer.StatusCode, Body: string(body), Truncated: !whole}
	for name, values := range answer.Header {
		for _, v := range values {
			p.Headers = append(p.Headers, cors.Header{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(p.Headers, func(a, b cors.Header) int { return strings.Compare(a.Name, b.Name) })
	return p, nil
}

func (m *multiplexer) close() {
	if m.transport != nil {
		m.transport.CloseIdleConnections()
	}
}

// askOnce is roundTrip for what [Tap.Ask] asks: in HTTP/2 where the target has it.
func (t *Tap) askOnce(ctx context.Context, q cors.Request, l Limits) (*cors.Response, error) {
	to, err := t.way(q)
	if err != nil {
		return nil, err
	}
	if q.Body == "" {
		if p, err := to.multiplexer.roundTrip(ctx, q, t.run, l); err == nil {
			return p, nil
		}
	}
	return t.roundTrip(ctx, q, l)
}

// Protocol is the version of HTTP in which the target answered what was asked: "HTTP/2" or
// "HTTP/1.1".
func (t *Tap) Protocol() string {
	if t.plain.multiplexer.used.Load() || t.certified != nil && t.certified.multiplexer.used.Load() {
		return "HTTP/2"
	}
	return "HTTP/1.1"
}
