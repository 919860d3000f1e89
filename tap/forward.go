package tap

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
)

// ServeHTTP forwards a request of the browser to the target, whatever host it
// names, and passes the response on. A request that the target does not answer
// is answered with 502, one that is withheld with 403, both without CORS headers.
//
// The recorded request has its Host line first and then the lines sorted by name,
// names in canonical case: net/http keeps no more than that.
func (t *Tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := t.receive(r)
	e := cors.Exchange{Request: q}
	berth := t.transit.enter(t.limits.BodyBytes)
	defer berth.shrink(0)
	if err != nil && t.mayForward(q) {
		e.Fault = err.Error()
	} else {
		// What was sent is waited for within the limits even when the browser no
		// longer does: it may drop a response at its first line, and the rest is
		// evidence.
		waiting, stop := t.untilClose(r.Context())
		defer stop()
		limits := t.limits
		limits.BodyBytes = berth.bytes
		e = t.exchange(waiting, t.ctx, q, limits, t.roundTrip)
	}
	if e.Response != nil {
		berth.shrink(int64(len(e.Response.Body)))
	}
	id := t.keep(e)
	if !t.prompts {
		e.Response = withoutPrompt(e.Response)
	}
	answer(w, id, e)
}

// receive reads the browser's request. The error says what is wrong with its
// body; as much as came is in the request.
func (t *Tap) receive(r *http.Request) (cors.Request, error) {
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") {
		target = r.URL.RequestURI()
	}
	q := cors.Request{
		Method:  r.Method,
		URL:     loopback.Scheme(r) + "://" + r.Host + target,
		Headers: cors.Headers{{Name: "Host", Value: r.Host}},
	}
	if presented := loopback.ClientCertificate(r); presented != nil && t.certified != nil {
		q.ClientCertificate = presented.Equal(t.certified.dialer.certificate.Leaf)
	}
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range r.Header[name] {
			q.Headers = append(q.Headers, cors.Header{Name: name, Value: value})
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, t.limits.RequestBodyBytes))
	q.Body = string(body)
	if err != nil {
		return q, fmt.Errorf("the browser broke off its request: %w", err)
	}
	if n, _ := io.ReadFull(r.Body, make([]byte, 1)); n > 0 {
		return q, fmt.Errorf("the request was not passed on: its body is larger than %d bytes, the limit RequestBodyBytes", t.limits.RequestBodyBytes)
	}
	return q, nil
}

// admit waits until a request may leave, unless it need not be made; done gives its
// turn back, unless there is an error.
func (t *Tap) admit(ctx context.Context, at place) error {
	err := t.silence.kept(at)
	if err == nil {
		err = t.await(ctx)
	}
	if err == nil {
		if err = t.silence.kept(at); err != nil { // meanwhile
			t.done()
		}
	}
	return err
}

// withheld is the exchange of a request that may not be passed on.
func withheld(q cors.Request) cors.Exchange {
	return cors.Exchange{Request: q, Withheld: true, Fault: fmt.Sprintf("%s %s was withheld, because it could change something at the target: "+
		"name the endpoint as safe to write to, or run with `allow_writes`", q.Method, pathOf(q.URL))}
}

// await waits until a request may leave; done gives its turn back, unless there is
// an error.
func (t *Tap) await(ctx context.Context) error {
	if err := t.turn(ctx); err != nil {
		return err
	}
	err := t.manners.admit(ctx)
	// The context may not have heard of Close yet.
	if ctx.Err() != nil || t.ctx.Err() != nil {
		err = errGivenUp
	}
	if err != nil {
		t.done()
	}
	return err
}

// turn waits until another request may be under way; done gives the turn back.
func (t *Tap) turn(ctx context.Context) error {
	if t.turns == nil {
		return nil
	}
	select {
	case t.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errGivenUp
	}
}

func (t *Tap) done() {
	if t.turns != nil {
		<-t.turns
	}
}

// untilClose gives a context that ends with ctx, or when the tap is closed. stop
// must be called.
func (t *Tap) untilClose(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(t.ctx, cancel)
	return ctx, func() { unhook(); cancel() }
}

func (t *Tap) mayForward(q cors.Request) bool {
	return cors.IsSafeMethod(q.Method) || t.allowWrite != nil && t.allowWrite(q.Method, t.shown(q.URL))
}

// splitURL cuts an absolute http or https URL into its authority and what a
// request line says of it, both as they are written: parsing and printing it again
// would change what the target sees.
func splitURL(raw string) (authority, target string, ok bool) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", "", false
	}
	rest, _, _ = strings.Cut(rest, "#")
	authority = rest
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, target = rest[:i], rest[i:]
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return authority, target, authority != ""
}

// pathOf is the path of a URL as it is written, without the query.
func pathOf(raw string) string {
	_, target, _ := splitURL(raw)
	path, _, _ := strings.Cut(target, "?")
	return path
}

// AltersHeader reports whether the browser may get a response header of this name
// otherwise than the record has it: net/http and the tap frame the body anew, and a
// login prompt that nobody would answer is kept from it.
func AltersHeader(name string) bool {
	switch strings.ToLower(name) {
	case "content-length", "content-type", "www-authenticate", strings.ToLower(ExchangeHeader):
		return true
	}
	return isHopByHop(name)
}

// answer gives the browser what is recorded, whole or cut.
func answer(w http.ResponseWriter, id string, e cors.Exchange) {
	h := w.Header()
	if e.Response == nil {
		status := http.StatusBadGateway
		if e.Withheld {
			status = http.StatusForbidden
		}
		h.Set(ExchangeHeader, id)
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		// Here and below a failure to write means that the browser has left.
		_, _ = io.WriteString(w, "Crossexam: "+e.Fault+"\n")
		return
	}
	if e.Response.Status == http.StatusSwitchingProtocols {
		answerSocket(w, id, e)
		return
	}
	p := e.Response
	// Left out unless the target sends them: net/http would add its own.
	h["Date"], h["Content-Type"] = nil, nil
	for _, line := range p.Headers {
		if !isHopByHop(line.Name) {
			h.Add(line.Name, line.Value)
		}
	}
	h.Set(ExchangeHeader, id) // in the place of the target's own, if it forged one
	_, hasLength := h["Content-Length"]
	switch {
	case e.Request.Method == http.MethodHead: // the length of the body that a GET would get
	case hasLength && !p.Truncated:
		h.Set("Content-Length", strconv.Itoa(len(p.Body)))
	default:
		h.Del("Content-Length")
	}
	w.WriteHeader(p.Status)
	if h["Content-Length"] == nil {
		// Before the body: net/http would count a short one and add the length,
		// which a page may read.
		_ = http.NewResponseController(w).Flush()
	}
	if e.Request.Method != http.MethodHead {
		_, _ = io.WriteString(w, p.Body)
	}
}
