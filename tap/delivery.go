package tap

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/crossexam/crossexam/cors"
)

// A sender sends a request once, and brings the response. Its errors are whole sentences.
type sender func(ctx context.Context, q cors.Request, l Limits) (*cors.Response, error)

// A delivery is one exchange with the target: the request, and how often it was made until
// its response stands. Where the target, or a gateway, does not answer now, it is made again.
type delivery struct {
	*Tap
	// waiting bounds the wait for the rate, sending what comes after.
	waiting, sending context.Context

	request cors.Request
	at      place
	limits  Limits
	send    sender

	tries  int   // how often it was made
	atOnce int   // how many of these were made again without a pause
	why    about // what the first refusal was about
}

// exchange has one exchange with the target, if the request may be passed on and
// when the rate allows it. waiting bounds the wait for the rate, sending what
// comes after; an exchange given up is recorded too.
func (t *Tap) exchange(waiting, sending context.Context, q cors.Request, l Limits, send sender) cors.Exchange {
	if !t.mayForward(q) {
		return withheld(q)
	}
	d := delivery{Tap: t, waiting: waiting, sending: sending, request: q, at: placeOf(q), limits: l, send: send}
	for {
		if e, again := d.try(); !again {
			return e
		}
	}
}

// try makes the request, and reports whether it is to be made again.
func (d *delivery) try() (e cors.Exchange, again bool) {
	d.tries++
	e.Request = d.request
	if err := d.admit(d.waiting, d.at); err != nil {
		e.Fault = err.Error()
		return e, false
	}
	r := refusal{at: d.at, sent: time.Now(), number: d.record.countRequest(), tries: d.tries - d.atOnce}
	p, err := d.sendOnce(d.request, d.limits)
	e.Response = p
	switch {
	case err != nil:
		return d.failed(e, err)
	case d.expected != nil && d.expected(d.request.Method, d.shown(d.request.URL), p.Status):
		d.manners.pass(d.at)
		return e, false
	case p.IsLimited():
		r.headers, r.status = p.Headers, p.Status
		return d.refused(e, r)
	default:
		return e, d.answered(p.Status)
	}
}

// sendOnce sends a request that was admitted.
func (d *delivery) sendOnce(q cors.Request, l Limits) (*cors.Response, error) {
	p, err := d.send(d.sending, q, l)
	d.done()
	d.silence.heard(d.at, err)
	return p, err
}

// failed is the exchange of a request without a response.
func (d *delivery) failed(e cors.Exchange, err error) (_ cors.Exchange, again bool) {
	e.Fault = err.Error()
	if asks, refused := d.AsksForCertificate(); asks && isAlert(err) {
		e.CertificateRequired = !d.request.ClientCertificate
		if d.request.ClientCertificate && refused == "" {
			d.certified.dialer.ask.hear("the target breaks off TLS when it is shown the client certificate")
		}
	}
	e.Closed, e.Unreachable = errors.As(err, new(brokenError)), errors.As(err, new(unreachableError))
	return e, cors.IsSafeMethod(d.request.Method) && e.Closed && d.repeats.again(d.at, d.tries, true)
}

// refused is the exchange of a request which is answered that the target does not answer
// now.
func (d *delivery) refused(e cors.Exchange, r refusal) (_ cors.Exchange, again bool) {
	if d.tries == 1 {
		d.why = d.whatAbout(*e.Response)
	}
	r.alone = d.why == aboutCredential
	switch d.why {
	case aboutOrigin: // which is the target's answer
		if d.manners.aside(r) {
			e.Limited.Request = r.number
		}
		return e, false
	case aboutChance:
		if d.atOnce < d.askers.atOnce() {
			d.atOnce++
			return e, true
		}
		if r.tries == 1 {
			d.askers.madeAtOnce(false)
		}
	}
	if d.manners.refused(d.waiting, r) {
		return e, true
	}
	e.Limited.Request = r.number
	return e, false
}

// answered takes notice of an answer that is about what was asked, or of a gateway's, which
// can be another the next time.
func (d *delivery) answered(status int) (again bool) {
	d.manners.pass(d.at)
	d.askers.pass(d.at, d.request)
	if d.atOnce > 0 && d.tries-d.atOnce == 1 {
		d.askers.madeAtOnce(true)
	}
	gateway := status == http.StatusBadGateway || status == http.StatusGatewayTimeout
	return cors.IsSafeMethod(d.request.Method) && d.repeats.again(d.at, d.tries, gateway)
}

// turns says which requests of a trial are made as the asker who was refused: in the
// Thue–Morse order, after the first of it. No period of a few requests passes for
// it, and a rate that is passed by half the requests does in 1 of 128 cases at most.
var turns = []bool{false, false, true, false, true, true, false}

// whatAbout finds out what a refusal is about, where the request can be compared: it is made
// again at once, in turns as its asker and as one who is answered there (or, with
// credentials that nothing was answered to, as a stranger). Where it is about the rate, both
// are refused; where it is about who asks, one always is, and the other never.
func (d *delivery) whatAbout(refusal cors.Response) about {
	q := d.request
	w, other, compare := d.askers.known(d.at, q, refusal.Status)
	bare := cors.IsSafeMethod(q.Method) && refusal.Status == http.StatusServiceUnavailable && !refusal.Headers.Has("Retry-After")
	byChance := bare && d.askers.atOnce() > maxAtOnce
	if compare = compare && !isHandshake(q) && d.manners.answered(); !compare {
		if w == aboutRate && (byChance || bare && d.manners.calm()) {
			// As of a gateway with a server behind it that is down: another answers, perhaps.
			return aboutChance
		}
		return w
	}
	l := d.limits
	l.BodyBytes = 1 // nobody reads it
	passed := false
	for _, refused := range turns {
		asked := q
		if !refused {
			asked = other.instead(q)
		}
		if d.admit(d.waiting, d.at) != nil {
			return aboutRate
		}
		d.record.countRequest()
		p, err := d.sendOnce(asked, l)
		switch {
		case err != nil:
			return aboutRate
		case p.IsLimited() == refused:
			passed = passed || !refused
		case refused, passed, byChance:
			return aboutChance
		default:
			return aboutRate
		}
	}
	if other.stranger {
		return aboutCredential
	}
	d.askers.refuses(d.at, q, refusal.Status)
	return aboutOrigin
}
