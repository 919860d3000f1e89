package tap

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
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

// roundTrip sends a safe request, which [Tap.encode] has written. An error says that it has to be sent in HTTP/1.1, which
// has the words for what is wrong with the target; none is tried in HTTP/2 after that.
func (m *multiplexer) roundTrip(ctx context.Context, q cors.Request, request []byte, l Limits) (*cors.Response, error) {
	if m.none.Load() || !cors.IsSafeMethod(q.Method) || isHandshake(q) {
		return nil, errNoHTTP2
	}
	p, err := m.send(ctx, request, l)
	if err != nil && ctx.Err() == nil {
		m.none.Store(true)
	}
	m.used.Store(m.used.Load() || err == nil)
	return p, err
}

func (m *multiplexer) send(ctx context.Context, request []byte, l Limits) (*cors.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, l.Connect+l.Header+l.Body)
	defer cancel()
	r, err := forHTTP2(request)
	if err != nil {
		return nil, err
	}
	answer, err := m.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, whole, err := readBody(answer.Body, l.BodyBytes)
	if err != nil {
		return nil, err
	}
	return &cors.Response{Status: answer.StatusCode, Headers: fromHTTP2(answer.Header), Body: body, Truncated: !whole}, nil
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
		request, err := t.encode(q)
		if err != nil {
			return nil, err
		}
		if p, err := to.multiplexer.roundTrip(ctx, q, request, l); err == nil {
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
