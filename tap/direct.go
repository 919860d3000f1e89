package tap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/crossexam/crossexam/cors"
)

// Where the browser talks to the target itself, the tap forwards nothing for it. It
// keeps the record, the rate and the rule about writes all the same: whoever
// controls the browser asks [Tap.Admit] before a request leaves it, and tells
// [Tap.Keep] what came of it.

// CheckDirect says why no browser can reach the target by itself, as far as that is known
// without asking anybody; nil where one may.
func (u Upstream) CheckDirect() error {
	d, err := newDialer(u)
	switch {
	case err != nil:
		return err
	case d.proxy != nil:
		return fmt.Errorf("the browser cannot reach the target by itself, because the proxy %s of the environment is in between: leave out `direct`, or name the target in NO_PROXY", d.proxyName())
	case u.InsecureSkipVerify:
		return errors.New("the browser accepts no certificate that it cannot verify: leave out `direct` or `insecure_skip_verify`")
	}
	return nil
}

// Direct is the address, with an IP address for its host, at which a browser can
// reach the target by itself.
func (u Upstream) Direct(ctx context.Context) (string, error) {
	if err := u.CheckDirect(); err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(localhost(u.address()))
	if err != nil {
		return "", err
	}
	found, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return "", fmt.Errorf("looking for the address of the target: %w", err)
	}
	return net.JoinHostPort(found[0].String(), port), nil
}

// Admit waits until a request of the browser may leave it. It gives the exchange
// that is to be kept instead where it may not, among them the writes that are
// withheld. Otherwise done must be called once, when the request is over.
func (t *Tap) Admit(ctx context.Context, q cors.Request) (done func(), refused *cors.Exchange) {
	if !t.mayForward(q) {
		e := withheld(q)
		return nil, &e
	}
	waiting, stop := t.untilClose(ctx)
	defer stop()
	if err := t.admit(waiting, placeOf(q)); err != nil {
		return nil, &cors.Exchange{Request: q, Fault: err.Error()}
	}
	t.record.countRequest()
	return t.done, nil
}

// Keep records an exchange that the browser had, or was refused, and gives its id.
// What the browser asks by itself is not asked again: where the target answers that
// requests are too many, those that come after wait.
func (t *Tap) Keep(e cors.Exchange) (id string) {
	if p := e.Response; p != nil {
		at, q := placeOf(e.Request), e.Request
		if p.IsLimited() && !(t.expected != nil && t.expected(q.Method, t.shown(q.URL), p.Status)) {
			e.Limited.Request = t.Requests()
			t.manners.refused(t.ctx, refusal{at: at, number: e.Limited.Request, sent: time.Now(), tries: 1, headers: p.Headers, status: p.Status, final: true})
		} else {
			t.manners.pass(at)
		}
	}
	return t.keep(e)
}

// BodyLimit is how much of a response body is kept, in bytes.
func (t *Tap) BodyLimit() int64 { return t.limits.BodyBytes }
