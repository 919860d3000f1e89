package tap

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/crossexam/crossexam/cors"
)

// reachTime is how long a user waits to learn that nothing answers. Within it the
// target may take connectTime to accept the connection, or what the limits say if
// that is less.
const (
	reachTime   = 4500 * time.Millisecond
	connectTime = 3 * time.Second
)

// Reach asks the target for its base URL, once, and gives nil if it answers in
// HTTP at all, whatever the status. Otherwise the error is one sentence that says
// what is wrong and what to do, after less than five seconds. The request is
// recorded like any other, and goes with the client certificate where there is
// one, without which some servers do not answer at all.
func (t *Tap) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	l := t.limits
	l.Connect = min(l.Connect, connectTime)
	u := t.origin.String() + t.base.RequestURI()
	e := t.probe(ctx, cors.Request{
		Method:            http.MethodGet,
		URL:               u,
		Headers:           cors.Headers{{Name: "Accept", Value: "*/*"}},
		ClientCertificate: t.certified != nil,
	}, l)
	if e.Response == nil {
		return fmt.Errorf("cannot reach %s: %s", u, e.Fault)
	}
	if status := e.Response.Status; t.plain.dialer.viaPlainProxy() && status >= 502 && status <= 504 {
		return fmt.Errorf("cannot reach %s: the proxy %s answered %d, in the place of a target that it cannot reach, or passing on what it said", u, t.plain.dialer.proxyName(), status)
	}
	return nil
}
