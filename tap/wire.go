package tap

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/crossexam/crossexam/cors"
)

// errStale says that a connection that was kept open is of no use any more: it was dead
// before the request reached the target, or what comes on it is no answer.
var errStale = errors.New("the connection was closed meanwhile")

// A conn is a connection to the target, for one exchange at a time.
type conn struct {
	net.Conn                  // what HTTP is spoken over
	raw      net.Conn         // under it, to break off with
	reader   *bufio.Reader    // of HTTP/1.1
	framing  *bufio.Reader    // for an answer's body; nil before the first
	http2    *http.ClientConn // nil where HTTP/1.1 is spoken
	kept     bool             // has had an exchange before
	upgrade  bool             // a WebSocket was asked for
	messages []string         // to be said on it
	since    time.Time        // when it was kept
	begun    func()           // is called when the first answer begins; nil for nothing
}

// roundTrip writes a request to the target and reads the response: on a
// connection kept open where one is, on a new one otherwise. Errors are whole
// sentences.
func (t *Tap) roundTrip(ctx context.Context, q cors.Request, limits Limits) (*cors.Response, error) {
	request, err := t.encode(q)
	if err != nil {
		return nil, err
	}
	to, err := t.way(q)
	if err != nil {
		return nil, err
	}
	// A write is never at risk of being sent twice.
	if cors.IsSafeMethod(q.Method) && !isHandshake(q) {
		if c := to.pool.take(); c != nil {
			p, err := t.exchangeOn(ctx, to, c, q, request, limits)
			if !errors.Is(err, errStale) {
				return p, err
			}
		}
	}
	p, err := t.roundTripAnew(ctx, to, q, request, limits)
	if cors.IsSafeMethod(q.Method) && to.dialer.alpn.insists(err) {
		again, errAgain := t.roundTripAnew(ctx, to, q, request, limits)
		if errAgain == nil {
			return again, nil
		}
		to.dialer.alpn.http2.Store(false)
	}
	return p, err
}

// roundTripAnew has the exchange on a new connection.
func (t *Tap) roundTripAnew(ctx context.Context, to *way, q cors.Request, request []byte, limits Limits) (*cors.Response, error) {
	begun, over := to.pool.awaits()
	defer over()
	c, err := to.dialer.dial(ctx, limits.Connect)
	if err != nil {
		return nil, err
	}
	c.begun = begun
	if c.upgrade = isHandshake(q); c.upgrade && t.messages != nil {
		c.messages = t.messages(t.shown(q.URL))
	}
	return t.exchangeOn(ctx, to, c, q, request, limits)
}

// exchangeOn has one exchange on c, and keeps c open or closes it.
func (t *Tap) exchangeOn(ctx context.Context, to *way, c *conn, q cors.Request, request []byte, limits Limits) (*cors.Response, error) {
	stop := context.AfterFunc(ctx, func() { c.raw.Close() })
	at := placeOf(q)
	limits.Body = t.silence.patience(at, limits.Body)
	p, reusable, err := c.exchange(ctx, q.Method, request, limits)
	if err == nil {
		to.dialer.alpn.answers.Store(true)
		t.silence.read(at, p.Unended, limits.Body)
	}
	if stop() && reusable {
		to.pool.keep(c)
	} else {
		c.raw.Close()
	}
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		err = errGivenUp
	case err == nil && p.Status == http.StatusProxyAuthRequired && to.dialer.viaPlainProxy():
		// It may repeat what it was given as a login.
		return nil, fmt.Errorf("the proxy %s of the environment asks for another login than it was given (407)", to.dialer.proxyName())
	}
	return p, err
}

func (c *conn) exchange(ctx context.Context, method string, request []byte, l Limits) (p *cors.Response, reusable bool, err error) {
	if c.http2 != nil {
		if c.upgrade {
			return nil, false, errors.New("the target speaks HTTP/2 alone, in which the tap makes no WebSocket")
		}
		return c.exchangeHTTP2(ctx, request, l)
	}
	within := c.allow(ctx, l.Header)
	// A server may answer and close before it has read all: if it did not answer,
	// reading says so.
	_, writeErr := c.Write(request)
	var head []byte
	p = &cors.Response{}
	for left := l.HeaderBytes; p.Status < 200; left -= int64(len(head)) { // 1xx are not the answer
		switch err := checkBegin(c.reader); {
		case err != nil && c.kept: // the rest of what was answered before, which a server should not have sent
			return nil, false, errStale
		case err != nil:
			return nil, false, err
		}
		if c.begun != nil && c.reader.Buffered() > 0 {
			c.begun()
		}
		head, err = readHead(c.reader, left)
		switch {
		case err == nil:
		case c.kept && len(head) == 0 && isClosed(err):
			return nil, false, errStale
		default:
			return nil, false, explainHead(err, head, l, within)
		}
		if p.Status, p.Headers, err = parseHead(head); err != nil {
			return nil, false, fmt.Errorf("the target's answer is not HTTP/1.1: %w", err)
		}
		if p.Status == http.StatusSwitchingProtocols && c.upgrade {
			message, whole := c.talk(l.BodyBytes, func() { c.allow(ctx, min(l.Body, streamTime)) })
			p.Body, p.Truncated = string(message), !whole
			return p, false, nil
		}
		if p.Status == http.StatusSwitchingProtocols {
			return nil, false, errors.New("the target switched protocols (status 101), which the tap did not ask for")
		}
	}

	c.allow(ctx, bodyTime(p, l))
	// Where the body ends is for net/http to say. It reads the head once more.
	r := c.framed(io.MultiReader(bytes.NewReader(head), c.reader))
	framed, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil { // which quotes the line, however long
		return nil, false, fmt.Errorf("the target's answer is not HTTP/1.1: %s", shorten(err.Error(), 200))
	}
	content := io.Reader(framed.Body)
	if len(framed.TransferEncoding) > 0 && framed.Body != http.NoBody {
		content = newChunks(r, l.HeaderBytes)
	}
	body, whole, err := readBody(content, l.BodyBytes)
	p.Body, p.Truncated = body, !whole
	p.Unended = isTimeout(err) && !isStream(p)
	p.Broken = isBroken(framed, err) && ctx.Err() == nil
	reusable = whole && writeErr == nil && !framed.Close && r.Buffered() == 0 && c.reader.Buffered() == 0 &&
		!mayBeFollowed(method, p)
	return p, reusable, nil
}

// framed is a buffered reader of an answer, the same for each that the connection has.
func (c *conn) framed(answer io.Reader) *bufio.Reader {
	if c.framing == nil {
		c.framing = bufio.NewReader(nil)
	}
	c.framing.Reset(answer)
	return c.framing
}

// readBody reads at most limit bytes; whole says that there were no more and that
// the body ended as it should, err why it did not, where that is not for the limit.
func readBody(r io.Reader, limit int64) (body string, whole bool, err error) {
	const atFirst, more = 4 << 10, 4 // bytes, and by what the room grows once it is full
	var text strings.Builder         // which is not copied in the end: many bodies may be long, at once
	for room := min(atFirst, limit); err == nil && int64(text.Len()) < limit; room = min(more*room, limit) {
		left := room - int64(text.Len())
		text.Grow(int(left))
		_, err = io.CopyN(&text, r, left)
	}
	if err == nil {
		_, err = io.ReadFull(r, make([]byte, 1)) // nil where there is more
	}
	if whole = errors.Is(err, io.EOF); whole {
		err = nil
	}
	return text.String(), whole, err
}

// isBroken reports whether an error says that the server ended a body before its end.
// That one takes longer than it may is no fault of a stream, and browsers take the end
// of a connection for that of a body which has no other, however it came.
func isBroken(framed *http.Response, err error) bool {
	untilClose := framed.ContentLength < 0 && len(framed.TransferEncoding) == 0
	return err != nil && !isTimeout(err) && !(untilClose && errors.Is(err, io.ErrUnexpectedEOF))
}

// mayBeFollowed reports whether a server may, wrongly, send a body after a response
// that has none; on a connection kept open it would read as the next response.
func mayBeFollowed(method string, p *cors.Response) bool {
	length, _ := p.Headers.Get("Content-Length")
	return method == http.MethodHead || p.Status == http.StatusNotModified ||
		p.Status == http.StatusNoContent && (p.Headers.Has("Transfer-Encoding") || length != "" && length != "0")
}

// allow sets the deadline for what follows, no later than the context's, and
// gives the time until then.
func (c *conn) allow(ctx context.Context, d time.Duration) time.Duration {
	if _, ok := ctx.Deadline(); ok {
		d = min(d, remaining(ctx))
	}
	// It fails on a closed connection only, and so does the next read.
	_ = c.SetDeadline(time.Now().Add(d))
	return d
}

// explainHead says in one sentence why there is no response. head is what came.
func explainHead(err error, head []byte, l Limits, within time.Duration) error {
	some := len(head) > 0
	switch {
	case errors.Is(err, errHeadTooLarge):
		return fmt.Errorf("the head of the answer is larger than %d bytes, the limit HeaderBytes", l.HeaderBytes)
	// Closed by ourselves: the context's deadline is the same moment as the
	// connection's.
	case isTimeout(err) || errors.Is(err, net.ErrClosed):
		late := timeoutError{text: fmt.Sprintf("the target accepted the connection and gave no answer within %s", round(within))}
		if some {
			late.text = fmt.Sprintf("the target began its answer and did not finish the head within %s", round(within))
		}
		if within == l.Header {
			late.limit, late.now = headerLimit, l.Header
		}
		return late
	case isClosed(err) && some:
		return brokenError("the target closed the connection in the middle of the head of its answer")
	case isClosed(err):
		return brokenError("the target closed the connection without an answer")
	case isAlert(err): // of TLS 1.3, where a server says so only now
		return fmt.Errorf("the target broke off TLS (%w): it wants another client certificate, or one at all", err)
	}
	return fmt.Errorf("the connection to the target broke: %w", err)
}

// encode writes the request as it goes over the wire: its lines in their order,
// without those that are between browser and tap, and the run's header at the
// end.
func (t *Tap) encode(q cors.Request) ([]byte, error) {
	if !httpguts.ValidHeaderFieldName(q.Method) { // both are tokens
		return nil, fmt.Errorf("%q is not a method", q.Method)
	}
	_, target, ok := splitURL(q.URL)
	if !ok || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil, fmt.Errorf("%q is not the URL of a request", q.URL)
	}
	var b bytes.Buffer
	b.Grow(usualHead + len(q.Body))
	line := func(name, value string) {
		b.WriteString(name)
		b.WriteString(": ")
		b.WriteString(value)
		b.WriteString("\r\n")
	}
	fmt.Fprintf(&b, "%s %s%s HTTP/1.1\r\n", q.Method, t.plain.dialer.absolute(), target)
	length, handshake := len(q.Body) > 0, isHandshake(q)
	for _, h := range q.Headers {
		if !httpguts.ValidHeaderFieldName(h.Name) || strings.ContainsAny(h.Value, "\r\n\x00") {
			return nil, fmt.Errorf("the line %q: %q cannot be sent", h.Name, h.Value)
		}
		switch name := strings.ToLower(h.Name); {
		case name == "content-length":
			length = true
		// A body that is not compressed can be read as evidence. Expect is
		// settled: the body is here.
		case handshake && name == "sec-websocket-extensions": // likewise
		case isHopByHop(name), name == "accept-encoding", name == "expect", strings.EqualFold(h.Name, RunHeader):
		default:
			line(h.Name, h.Value)
		}
	}
	if handshake {
		b.WriteString("Connection: Upgrade\r\nUpgrade: websocket\r\n")
	}
	if t.endsTLS && !q.Headers.Has(forwardedProto) {
		line(forwardedProto, "https")
	}
	if t.run != "" {
		line(RunHeader, t.run)
	}
	if length {
		line("Content-Length", strconv.Itoa(len(q.Body)))
	}
	if a := t.plain.dialer.authorization(); a != "" && t.plain.dialer.viaPlainProxy() {
		line("Proxy-Authorization", a)
	}
	b.WriteString("\r\n" + q.Body)
	return b.Bytes(), nil
}

// usualHead is how many bytes the head of a request has in most cases.
const usualHead = 1024

// forwardedProto is the header by which a proxy that ends TLS says so.
const forwardedProto = "X-Forwarded-Proto"

// isHopByHop reports whether a header is about one connection and not passed on.
// What a Connection header names besides is passed on: a browser that spoke to
// the target itself would heed it.
func isHopByHop(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return strings.HasPrefix(name, "proxy-")
}
