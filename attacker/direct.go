package attacker

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/tap"
)

// Direct is a target to which the browser talks by itself, as no tap between them
// can: with Chrome's own TLS, from the browser's own connection. The zero value is
// none.
type Direct struct {
	Origin  cors.Origin
	Address string // host:port, the host an IP address
	// PublicKey is that of a server whose certificate is of no authority that the
	// browser knows: the base64 of the SHA-256 of its SubjectPublicKeyInfo, or empty.
	PublicKey string
}

// direct stands in a tab where the tap would stand on the wire. Chrome pauses each
// request for the target before it leaves, preflights and those of frames and
// workers too, and again with its answer, before the CORS check: what may not
// leave is answered here, and the exchanges are kept.
type direct struct {
	tab *Tab
	tap *tap.Tap

	mu       sync.Mutex
	underway map[fetch.RequestID]underway
}

type underway struct {
	request cors.Request
	id      network.RequestID
	done    func()
}

const (
	// bodyTime bounds the wait for a body, which may never end.
	bodyTime = 10 * time.Second
	// headerTime bounds the wait for the event with the headers as they were on the
	// wire, which comes from another process.
	headerTime = 2 * time.Second
)

// TalkDirectly has the tab's requests for the browser's direct target go there by
// themselves, under the rules of the tap, which forwards nothing but keeps the
// record. It is called before the tab opens anything.
func (t *Tab) TalkDirectly(ctx context.Context, tap *tap.Tap) error {
	if t.browser.direct == (Direct{}) {
		return errors.New("this browser was started without a way to the target")
	}
	t.direct = &direct{tab: t, tap: tap, underway: map[fetch.RequestID]underway{}}
	return t.intercept(ctx)
}

// concerns reports whether a request is for the target. It is the answer to an event
// that was asked for, and not a filter on which safety depends.
func (d *direct) concerns(r *network.Request) bool {
	u, err := url.Parse(r.URL)
	return err != nil || cors.OriginOf(u) == d.tab.browser.direct.Origin
}

// paused decides on a request that Chrome holds. It may wait.
func (d *direct) paused(e *fetch.EventRequestPaused) {
	switch {
	case e.ResponseErrorReason != "":
		d.failed(e)
		_, _ = chromedp.Call(d.tab.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
	case e.ResponseStatusCode != 0:
		d.answered(e)
	default:
		d.asked(e)
	}
}

// asked lets a request leave, or answers it. Where a call fails, the page that made
// the request has gone.
func (d *direct) asked(e *fetch.EventRequestPaused) {
	q := requestOf(e.Request)
	if u, err := url.Parse(e.Request.URL); err == nil && isStagePath(u.Path) {
		d.perform(e, u)
		return
	}
	done, refused := d.tap.Admit(d.tab.ctx, q)
	if refused != nil {
		status := int64(http.StatusBadGateway)
		if refused.Withheld {
			status = http.StatusForbidden
		}
		d.tab.recorder.exchanged(e.NetworkID, d.tap.Keep(*refused), true)
		_, _ = chromedp.Call(d.tab.ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{
			RequestID: e.RequestID, ResponseCode: status, Body: []byte("Crossexam: " + refused.Fault + "\n"),
			ResponseHeaders: []*fetch.HeaderEntry{{Name: "Cache-Control", Value: "no-store"}, {Name: "Content-Type", Value: "text/plain; charset=utf-8"}},
		})
		return
	}
	d.mu.Lock()
	d.underway[e.RequestID] = underway{q, e.NetworkID, done}
	d.mu.Unlock()
	intercept := true
	_, err := chromedp.Call(d.tab.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID, InterceptResponse: &intercept})
	if err != nil {
		d.end(e, nil, "the browser broke off its request: "+err.Error())
	}
}

// answered keeps an answer of the target, and then lets the browser have it.
func (d *direct) answered(e *fetch.EventRequestPaused) {
	p := &cors.Response{Status: int(e.ResponseStatusCode)}
	for _, h := range e.ResponseHeaders {
		p.Headers = append(p.Headers, cors.Header{Name: h.Name, Value: h.Value})
	}
	why := ""
	bounded, cancel := context.WithTimeout(d.tab.ctx, headerTime)
	raw, ok := d.tab.recorder.raw(bounded, e.NetworkID, func(h rawHead) bool { return h.isOf(e) })
	cancel()
	if !ok {
		why = "Chrome did not tell of all the headers"
	}
	for _, line := range linesOf(raw.headers) {
		// Chrome leaves these out of what it shows of an answer that it holds.
		if strings.EqualFold(line.Name, "Set-Cookie") {
			p.Headers = append(p.Headers, line)
		}
	}
	taken := d.readBody(e, p)
	d.end(e, p, why)
	if taken {
		d.giveBack(e, p)
		return
	}
	_, _ = chromedp.Call(d.tab.ctx, fetch.ContinueResponse, fetch.ContinueResponseParams{RequestID: e.RequestID})
}

// failed keeps what is known of a request that has no answer for the page. Chrome
// refuses some answers before it shows them, such as those that no script can be;
// then the head is known from the wire.
func (d *direct) failed(e *fetch.EventRequestPaused) {
	if e.ResponseErrorReason == network.ErrorReasonFailed || e.ResponseErrorReason == network.ErrorReasonBlockedByResponse {
		bounded, cancel := context.WithTimeout(d.tab.ctx, headerTime)
		defer cancel()
		raw, ok := d.tab.recorder.raw(bounded, e.NetworkID, func(rawHead) bool { return true })
		if ok {
			d.end(e, &cors.Response{Status: int(raw.status), Headers: linesOf(raw.headers), Truncated: true}, "")
			return
		}
	}
	d.end(e, nil, "the browser got no answer: "+string(e.ResponseErrorReason))
}

// end keeps the exchange of a request that is over, once.
func (d *direct) end(e *fetch.EventRequestPaused, p *cors.Response, why string) {
	d.mu.Lock()
	u, ok := d.underway[e.RequestID]
	delete(d.underway, e.RequestID)
	d.mu.Unlock()
	if !ok {
		return
	}
	u.done()
	x := cors.Exchange{Request: u.request, Response: p, Fault: why}
	if p != nil {
		x.Request = d.tab.recorder.sent(e.NetworkID, u.request)
	}
	if why != "" {
		x.Response = nil
	}
	d.tab.recorder.exchanged(e.NetworkID, d.tap.Keep(x), false)
}

// event ends what the page gave up, of which Chrome pauses no answer.
func (d *direct) event(ev any) {
	failed, ok := ev.(*network.EventLoadingFailed)
	if !ok {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, u := range d.underway {
		if u.id == failed.RequestID {
			delete(d.underway, id)
			u.done()
		}
	}
}

// requestOf is a request as Chrome shows it before it leaves, the cookies included.
// What Chrome adds last is missing, and the order of the lines.
func requestOf(r *network.Request) cors.Request {
	q := cors.Request{Method: r.Method, URL: r.URL, Body: string(postData(r))}
	if u, err := url.Parse(r.URL); err == nil {
		q.Headers = append(q.Headers, cors.Header{Name: "Host", Value: u.Host})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		if value, ok := r.Headers[name].(string); ok {
			q.Headers = append(q.Headers, cors.Header{Name: name, Value: value})
		}
	}
	return q
}

func postData(r *network.Request) []byte {
	var body []byte
	for _, entry := range r.PostDataEntries {
		body = append(body, entry.Bytes...)
	}
	return body
}

// perform has the stage answer in the target's place.
func (d *direct) perform(e *fetch.EventRequestPaused, u *url.URL) {
	answer, err := d.tab.browser.stage.answer(d.tab.ctx, e.Request, u)
	if err != nil {
		_, _ = chromedp.Call(d.tab.ctx, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: "ConnectionClosed"})
		return
	}
	params := fetch.FulfillRequestParams{RequestID: e.RequestID, ResponseCode: int64(answer.status), Body: answer.body.Bytes()}
	for name, values := range answer.header {
		for _, value := range values {
			params.ResponseHeaders = append(params.ResponseHeaders, &fetch.HeaderEntry{Name: name, Value: value})
		}
	}
	_, _ = chromedp.Call(d.tab.ctx, fetch.FulfillRequest, params)
}

// answer is what the stage says to a request that does not come by the wire.
func (s *Stage) answer(ctx context.Context, r *network.Request, u *url.URL) (a *staged, err error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(postData(r)))
	if err != nil {
		return nil, err
	}
	for name, value := range r.Headers {
		request.Header.Set(name, fmt.Sprint(value))
	}
	request.RequestURI = u.RequestURI()
	if u.Scheme == "https" {
		request.TLS = &tls.ConnectionState{}
	}
	a = &staged{header: http.Header{}, status: http.StatusOK}
	defer func() {
		if recovered := recover(); recovered == http.ErrAbortHandler {
			err = http.ErrAbortHandler
		} else if recovered != nil {
			panic(recovered)
		}
	}()
	s.ServeHTTP(a, request)
	return a, nil
}

// staged is an answer in the making.
type staged struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *staged) Header() http.Header         { return a.header }
func (a *staged) WriteHeader(status int)      { a.status = status }
func (a *staged) Write(b []byte) (int, error) { return a.body.Write(b) }
