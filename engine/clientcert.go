package engine

import (
	"context"
	"crypto/x509"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// leaf is the client certificate of the lab's browser, or nil.
func (l *Lab) leaf() *x509.Certificate {
	if l.options.ClientCertificate == nil {
		return nil
	}
	return l.options.ClientCertificate.Leaf
}

// noCertificate says why the lab's browser cannot present the victim's client
// certificate; it is empty where it can.
func (vs *victims) noCertificate() string {
	wanted := vs.deployment.Credentials.ClientCertificate
	switch {
	case vs.lab.noCertificate != nil:
		return vs.lab.noCertificate.Error()
	case wanted == nil:
		return "the victim's client certificate was not given"
	case vs.lab.leaf() == nil || !vs.lab.leaf().Equal(wanted.TLS.Leaf):
		return "the browser was started without the victim's client certificate"
	}
	return ""
}

// giveTurn has the stage ask for client certificates, in the name of these origins
// and of the controls, while the victim who holds one is in play, and then only: the
// browser would present it for every other victim too.
func (l *Lab) giveTurn(identity scenarios.Credential, origins ...cors.Origin) {
	if !identity.Includes(scenarios.ClientCert) {
		l.stage.AskForCertificate()
		return
	}
	if pair := l.controls[scenarios.ClientCert]; pair != nil {
		origins = append(origins, pair.open.origin, pair.closed.origin)
	}
	l.stage.AskForCertificate(origins...)
}

// certificateLogin has the victim open a private endpoint, for which the target
// must ask for the certificate.
func (vs *victims) certificateLogin(ctx context.Context, v *victim) error {
	reads := vs.target.Reads()
	if len(reads) == 0 {
		return nil
	}
	if err := v.tab.Visit(ctx, vs.target.At(reads[0].Path)); err != nil {
		return err
	}
	asks, refused := vs.tap.AsksForCertificate()
	switch {
	case !asks:
		v.fault = "the target did not ask for a client certificate as the connection was made, so that the browser has none to present"
	case refused != "":
		v.fault = refused
	}
	return nil
}

// stray says that a client certificate went along with a request of a victim who
// has none; it is empty where none did.
func stray(identity scenarios.Credential, exchanges []cors.Exchange) string {
	if identity.Includes(scenarios.ClientCert) {
		return ""
	}
	for _, x := range exchanges {
		if x.Request.ClientCertificate {
			return "the browser presented the client certificate of another victim"
		}
	}
	return ""
}
