package tap

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/crossexam/crossexam/cors"
)

// How long a user waits to learn that nothing accepts connections, and for the body of an
// answer of which nothing is used, unless the limits say less. The first answer may take
// all the time that they give it: what sleeps while nobody asks, such as a function in a
// cloud, is long in waking.
const (
	connectTime = 3 * time.Second
	bodyOfReach = 3 * time.Second
)

// A CertificateError says that the target answers nobody without a client certificate
// that it takes.
type CertificateError struct {
	// Refused says that one was given, and that the target does not take it.
	Refused bool
	Why     string // what was seen, a sentence without a full stop
	err     error
}

func (e *CertificateError) Error() string { return e.err.Error() }

// Reach asks the target for its base URL, once, and gives nil if it answers in
// HTTP at all, whatever the status. Otherwise the error is one sentence that says
// what is wrong and what to do. The request is recorded like any other, and goes with
// the client certificate where there is one, without which some servers do not answer at
// all: a [*CertificateError] says so.
func (t *Tap) Reach(ctx context.Context) error {
	l := t.limits
	l.Connect, l.Body = min(l.Connect, connectTime), min(l.Body, bodyOfReach)
	u := t.origin.String() + t.base.RequestURI()
	e := t.probe(ctx, cors.Request{
		Method:            http.MethodGet,
		URL:               u,
		Headers:           cors.Headers{{Name: "Accept", Value: "*/*"}},
		ClientCertificate: t.certified != nil,
	}, l)
	if e.Response == nil {
		err := fmt.Errorf("cannot reach %s: %s", u, e.Fault)
		if e.Closed && t.plain.dialer.meetsTLS(ctx) {
			err = fmt.Errorf("cannot reach %s: the target speaks TLS on this port: does the URL have to begin with https://?", u)
		}
		switch _, refused := t.AsksForCertificate(); {
		case e.CertificateRequired:
			return &CertificateError{err: err, Why: "the target breaks off TLS with whoever has no client certificate, and none was given"}
		case t.certified != nil && refused != "":
			return &CertificateError{err: err, Refused: true, Why: refused}
		}
		return err
	}
	if status := e.Response.Status; t.plain.dialer.viaPlainProxy() && status >= 502 && status <= 504 {
		return fmt.Errorf("cannot reach %s: the proxy %s answered %d, in the place of a target that it cannot reach, or passing on what it said", u, t.plain.dialer.proxyName(), status)
	}
	return nil
}
