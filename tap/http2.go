package tap

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/crossexam/crossexam/cors"
)

// alpn is what is offered to a target in TLS. HTTP/1.1 is asked for first, since its
// lines are evidence as they are: whoever speaks both decides alike on both. What speaks
// HTTP/2 alone is offered both, as Chrome does, and asked in that from then on.
type alpn struct {
	http2   atomic.Bool // it is offered too
	tried   atomic.Bool // to offer it
	answers atomic.Bool // in HTTP/1.1, to at least one request
}

// insists reports whether an error is that of a target which may speak HTTP/2 alone, and
// offers it that from now on. It does so once.
func (a *alpn) insists(err error) bool {
	var other otherProtocolError
	alone := err != nil && (isAlert(err) && strings.Contains(err.Error(), "no application protocol") ||
		errors.As(err, &other) && other.isHTTP2() ||
		errors.As(err, new(brokenError)) && !a.answers.Load())
	if !alone || !a.tried.CompareAndSwap(false, true) {
		return false
	}
	a.http2.Store(true)
	return true
}

// secure makes a connection a TLS one.
func (d *dialer) secure(ctx context.Context, raw net.Conn) (*tls.Conn, error) {
	config := d.tls
	if d.alpn.http2.Load() {
		config = config.Clone()
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	c := tls.Client(raw, config)
	return c, c.HandshakeContext(ctx)
}

// overHTTP2 begins HTTP/2 on a connection on which it was agreed on.
func (c *conn) overHTTP2(ctx context.Context) error {
	var only http.Protocols
	only.SetHTTP2(true)
	t := &http.Transport{
		Protocols:          &only,
		DisableCompression: true, // a body that is not compressed can be read as evidence
		DialTLSContext:     func(context.Context, string, string) (net.Conn, error) { return c.Conn, nil },
	}
	h2, err := t.NewClientConn(ctx, "https", c.RemoteAddr().String())
	c.http2 = h2
	return err
}

// forHTTP2 is a request, as [Tap.encode] writes it, for net/http to send over HTTP/2.
func forHTTP2(request []byte) (*http.Request, error) {
	q, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
	if err != nil {
		return nil, fmt.Errorf("the request cannot be sent over HTTP/2: %w", err)
	}
	q.RequestURI, q.URL.Scheme, q.URL.Host = "", "https", q.Host
	if _, named := q.Header["User-Agent"]; !named {
		q.Header["User-Agent"] = nil // the library's own is none of ours
	}
	return q, nil
}

// fromHTTP2 are the lines of an answer, in the order of their names, which are in lower
// case as they crossed the wire.
func fromHTTP2(h http.Header) (lines cors.Headers) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			lines = append(lines, cors.Header{Name: strings.ToLower(name), Value: value})
		}
	}
	return lines
}

// exchangeHTTP2 has one exchange over HTTP/2.
func (c *conn) exchangeHTTP2(ctx context.Context, request []byte, l Limits) (p *cors.Response, reusable bool, err error) {
	q, err := forHTTP2(request)
	if err != nil {
		return nil, false, err
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	within := c.allow(ctx, l.Header)
	late := time.AfterFunc(within, cancel)
	answer, err := c.http2.RoundTrip(q.WithContext(waiting))
	inTime := late.Stop()
	switch {
	case err == nil:
	case c.kept && c.http2.Available() == 0: // closed, or told to go away (RFC 9113, section 6.8)
		return nil, false, errStale
	case !inTime:
		return nil, false, explainHead(context.DeadlineExceeded, nil, l, within)
	case strings.Contains(err.Error(), "stream error"): // RFC 9113, section 5.4.2
		return nil, false, brokenError("the target broke off its answer before the head of it was there")
	default:
		return nil, false, explainHead(err, nil, l, within)
	}
	defer answer.Body.Close()
	p = &cors.Response{Status: answer.StatusCode, Headers: fromHTTP2(answer.Header)}
	var size int64
	for _, h := range p.Headers {
		size += int64(len(h.Name) + len(h.Value))
	}
	if size > l.HeaderBytes {
		return nil, false, explainHead(errHeadTooLarge, nil, l, within)
	}
	late = time.AfterFunc(c.allow(ctx, bodyTime(p, l)), cancel)
	body, whole, err := readBody(answer.Body, l.BodyBytes)
	inTime = late.Stop() && !isTimeout(err) // the connection's own deadline may be first
	p.Body, p.Truncated = body, !whole
	p.Unended = err != nil && !inTime && !isStream(p)
	p.Broken = err != nil && inTime && ctx.Err() == nil && !errors.Is(err, io.EOF)
	// What reads on in the background has no deadline.
	return p, whole && c.SetDeadline(time.Time{}) == nil && c.http2.Err() == nil, nil
}
