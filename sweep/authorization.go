package sweep

import (
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// ScriptsAuthorize reports whether the API is made for front ends that set Authorization by
// a script of their own, where HTTP authentication opens e: it consents to the header, and
// grants the trusted origin that asked first, and a foreign one, no credentials. What a
// browser adds by itself, no page of another origin can use then.
func (a *Asker) ScriptsAuthorize(e scenarios.Endpoint) bool {
	trusted := a.deployment.Facts.Trusted
	if len(trusted) == 0 {
		return false
	}
	granted := func(o cors.Origin) Decision {
		x := a.send(e, scenarios.Basic, cors.OriginLine(o.String())...)
		if x.Response == nil {
			return NotGranted
		}
		return decide(Question{Origin: o}, x.Response)
	}
	p := cors.PreflightRequest{Origin: trusted[0].String(), Method: e.Method, UnsafeHeaders: []string{"authorization"}}
	x := a.tap.Probe(a.ctx, preflight(a.deployment.Facts.At(e.Path), p))
	return x.Response != nil && consent(p, x.Response) == WithoutCredentials &&
		granted(trusted[0]) == WithoutCredentials && granted(a.deployment.Facts.Arbitrary()) != WithCredentials
}
