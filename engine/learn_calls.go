package engine

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target/recording"
)

// ServeHTTP answers for the API. For the front end's pages it grants what the API does
// not; for all others it is the tap.
func (l *lesson) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get(cors.HeaderOrigin)
	mine := slices.ContainsFunc(l.origins(), func(o cors.Origin) bool { return o.String() == origin && o != l.api })
	defer l.calls.begin()()
	if method := r.Header.Get(cors.HeaderRequestMethod); mine && r.Method == http.MethodOptions && method != "" {
		l.calls.add(preflightIn(r))
		h := w.Header()
		h.Set(cors.HeaderAllowOrigin, origin)
		h.Set(cors.HeaderAllowCredentials, "true")
		h.Set(cors.HeaderAllowMethods, method)
		if names := r.Header.Get(cors.HeaderRequestHeaders); names != "" {
			h.Set(cors.HeaderAllowHeaders, names)
		}
		h.Set(cors.HeaderMaxAge, "0") // each is to be seen
		w.WriteHeader(http.StatusNoContent)
		return
	}
	granting := &grantWriter{ResponseWriter: w}
	if mine {
		granting.origin = origin
	}
	l.tap.ServeHTTP(granting, r)
	id := granting.id
	if key := r.Header.Get("Sec-Websocket-Key"); key != "" {
		id, _ = l.tap.Handshake(key)
	}
	if e, ok := l.tap.Exchange(id); ok {
		l.keep(e)
	}
}

// keep takes an exchange, and tells of one that was withheld.
func (l *lesson) keep(e cors.Exchange) {
	q, ok := requestIn(e)
	if !ok {
		return
	}
	l.calls.add(q)
	if !e.Withheld || l.Withheld == nil {
		return
	}
	for _, w := range l.tap.Withheld() {
		if w.Method == q.Method && w.Path == q.URL.EscapedPath() && w.Count == 1 {
			l.Withheld(w)
		}
	}
}

// preflightIn is a preflight that was answered here, and that the API has not seen.
func preflightIn(r *http.Request) recording.Request {
	u := *r.URL
	u.Scheme, u.Host = loopback.Scheme(r), r.Host
	q := recording.Request{Method: r.Method, URL: &u, Kind: recording.Preflight, Status: http.StatusNoContent}
	for _, name := range []string{cors.HeaderOrigin, cors.HeaderRequestMethod, cors.HeaderRequestHeaders} {
		for _, value := range r.Header.Values(name) {
			q.Headers = append(q.Headers, cors.Header{Name: name, Value: value})
		}
	}
	return q
}

// requestIn is an exchange as a recording has it. One that was withheld has no answer, and
// did not fail for the page's sake.
func requestIn(e cors.Exchange) (recording.Request, bool) {
	u, ok := recording.ParseURL(e.Request.URL)
	if !ok {
		return recording.Request{}, false
	}
	q := recording.Request{Method: e.Request.Method, URL: u, Headers: e.Request.Headers, Body: e.Request.Body, Cookies: recording.CookieNames(e.Request.Headers)}
	q.Page, _ = q.Headers.Get("Referer")
	if e.Response != nil {
		q.Status, q.Answer = e.Response.Status, e.Response.Headers
	}
	q.Failed = e.Response == nil && !e.Withheld
	q.Kind = recording.Classify(q)
	return q, true
}

// A grantWriter lets the front end's page read an answer, and every header of it.
type grantWriter struct {
	http.ResponseWriter
	origin string // empty for no grant
	id     string // of the exchange
}

func (w *grantWriter) WriteHeader(status int) {
	h := w.Header()
	if w.id = h.Get(tap.ExchangeHeader); w.id != "" {
		h.Del(tap.ExchangeHeader)
	}
	if w.origin != "" {
		for name := range h {
			if strings.HasPrefix(strings.ToLower(name), "access-control-") {
				h.Del(name)
			}
		}
		var names []string
		for name := range h {
			if !cors.IsSafelistedResponseHeader(name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		h.Set(cors.HeaderAllowOrigin, w.origin)
		h.Set(cors.HeaderAllowCredentials, "true")
		h.Set(cors.HeaderExposeHeaders, strings.Join(names, ", "))
	}
	w.ResponseWriter.WriteHeader(status)
}

// WriteString is io.StringWriter, without which a body would be copied to be written, and
// many large ones may wait for a page that does not read them.
func (w *grantWriter) WriteString(s string) (int, error) { return io.WriteString(w.ResponseWriter, s) }

// Unwrap lets http.ResponseController find what the server's writer can do.
func (w *grantWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A callLog keeps what the browser asked the API for. It is safe for concurrent use.
type callLog struct {
	mu       sync.Mutex
	requests []recording.Request
	underway int
	idle     chan struct{} // closed when nothing is under way; nil where nobody waits
}

// callLogLimit bounds how many requests of one lesson are kept.
const callLogLimit = 20_000

func newCallLog() *callLog { return &callLog{} }

// begin notes that a request is under way until the func is called.
func (c *callLog) begin() (end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.underway++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.underway--; c.underway == 0 && c.idle != nil {
			close(c.idle)
			c.idle = nil
		}
	}
}

// quiet waits until no request is under way, but not longer than the limit.
func (c *callLog) quiet(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c.mu.Lock()
	if c.underway == 0 {
		c.mu.Unlock()
		return
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

func (c *callLog) add(q recording.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.requests) < callLogLimit {
		c.requests = append(c.requests, q)
	}
}

// watched is what was seen of a front end's scripts.
type watched struct {
	calls  []attacker.PageCall
	reads  []attacker.HeaderRead
	others []attacker.PageRequest
}

func seenBy(f *attacker.FrontEnd) watched {
	var w watched
	w.calls, w.reads, w.others = f.Seen()
	return w
}

// recording joins what went to the API with what the scripts were seen to do. Requests of
// other pages are left out: what they need is not what the front end needs.
func (c *callLog) recording(front []cors.Origin, api cors.Origin, w watched) recording.Recording {
	c.mu.Lock()
	defer c.mu.Unlock()
	var r recording.Recording
	sameOrigin := slices.Contains(front, api)
	for _, q := range c.requests {
		origin, cross := q.Headers.Get(cors.HeaderOrigin)
		site, _ := q.Headers.Get("Sec-Fetch-Site")
		byFront := cross && slices.ContainsFunc(front, func(o cors.Origin) bool { return o.String() == origin })
		switch {
		case byFront, q.Kind == recording.Other:
		case sameOrigin && (!cross || origin == api.String()):
		case !cross && site != "same-origin" && site != "none": // such as an image
		default:
			continue
		}
		if q.Kind != recording.Preflight && q.Kind != recording.Other {
			w.tell(&q)
		}
		r.Requests = append(r.Requests, q)
	}
	for _, other := range w.others {
		u, ok := recording.ParseURL(other.URL)
		if !ok || cors.OriginOf(u) == api {
			continue
		}
		q := recording.Request{Method: other.Method, URL: u, Kind: recording.Other}
		switch other.Type {
		case "Fetch", "XHR":
			q.Kind = recording.Fetch
		case "EventSource":
			q.Kind = recording.EventSource
		case "WebSocket":
			q.Kind = recording.WebSocket
		}
		if q.Kind == recording.Other && slices.Contains(front, cors.OriginOf(u)) {
			continue // its own files
		}
		r.Requests = append(r.Requests, q)
	}
	return r
}

// tell adds to a request what the page's script was seen to want of it.
func (w watched) tell(q *recording.Request) {
	u := *q.URL
	u.Fragment, u.RawFragment = "", ""
	at := u.String()
	for _, c := range w.calls {
		if c.URL == at && c.Method == q.Method {
			q.Watched = true
			if c.Credentials {
				q.Mode = recording.Include
			} else if q.Mode == recording.UnknownMode {
				q.Mode = recording.Omit
			}
		}
	}
	for _, read := range w.reads {
		switch {
		case read.URL != at:
			continue
		case read.Name == "":
			q.ReadAll = true
		default:
			q.Read = append(q.Read, read.Name)
		}
		q.Watched = true
	}
}

// keyOf is what a browser is told to trust of a server whatever its certificate is: the
// base64 of the SHA-256 of its public key. It is empty for http.
func keyOf(ctx context.Context, u *url.URL) (string, error) {
	if u.Scheme != "https" {
		return "", nil
	}
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // the operator asked for it
	c, err := d.DialContext(ctx, "tcp", cors.OriginOf(u).HostPort())
	if err != nil {
		return "", &attacker.NotOpenedError{URL: u.String(), Why: err.Error()}
	}
	defer c.Close()
	secure, ok := c.(*tls.Conn)
	if !ok || len(secure.ConnectionState().PeerCertificates) == 0 {
		return "", fmt.Errorf("%s shows no certificate", u)
	}
	sum := sha256.Sum256(secure.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}
