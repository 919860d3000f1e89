package scenarios

import (
	"fmt"

	"github.com/crossexam/crossexam/cors"
)

// fixRefusal says what to change where the target refuses a trusted origin what it gives
// the victim without one.
func fixRefusal(origin cors.Origin, c Credential, r *cors.Response) string {
	other := fmt.Sprintf("another check refuses the request: one against CSRF that compares Origin, Referer or Sec-Fetch-Site (Django's CSRF_TRUSTED_ORIGINS), or a filter in front. Have that one trust %s too.", origin)
	if grantTo(origin, r) < credentialRead && (c.Ambient() || grantTo(origin, r) < plainRead) {
		return fmt.Sprintf("The target refuses the request itself, and not the reading alone. Some CORS layers do so with an origin that is not on their list: add %s, exactly so (scheme, host and port, no trailing slash), with credentials if the front end uses cookies or HTTP authentication. "+
			"Where it is on the list, "+other, origin)
	}
	return fmt.Sprintf("The refusal grants %s, so the CORS layer has it on its list, and "+other, origin)
}

// fixGrant says what to change so that a trusted origin is granted what Chrome blocked,
// by what the blocked reply lacks; it is empty where the scenario's own fix says it.
func fixGrant(origin cors.Origin, read Observation) string {
	r := lastReply(read)
	if r == nil {
		return ""
	}
	named, _ := r.Headers.Get(cors.HeaderAllowOrigin)
	switch read.Block.Reason {
	case cors.InvalidAllowCredentials, cors.PreflightInvalidAllowCredentials:
		return fmt.Sprintf("The reply names %s, but does not let it send a cookie or HTTP authentication: add Access-Control-Allow-Credentials: true. "+
			"First see that the origin comes from a list of exact origins: where every origin is echoed, that header lets every page read the API.", origin)
	case cors.WildcardOriginNotAllowed, cors.PreflightWildcardOriginNotAllowed:
		return fmt.Sprintf("Browsers do not take \"*\" for a request with a cookie or HTTP authentication. List the front end's origins, %s and any other, and answer each by its own name, with Access-Control-Allow-Credentials: true.", origin)
	case cors.AllowOriginMismatch, cors.PreflightAllowOriginMismatch:
		return fmt.Sprintf("The reply names %s, and browsers compare it with %s letter by letter. Put the exact origin (scheme, host and port, no trailing slash) on the list of allowed ones, "+
			"and have the server answer each request with the listed origin that asks, and not with a fixed one.", quote(named), origin)
	case cors.MissingAllowOriginHeader, cors.PreflightMissingAllowOriginHeader:
		if grantTo(origin, preflightReply(read)) > nothing {
			return fmt.Sprintf("The preflight is approved, and the reply to the request itself has no Access-Control-Allow-Origin: what answers OPTIONS (a gateway, a CDN, a proxy, a handler of its own) is not what answers %s. "+
				"Have that send the header too, for %s and each other origin of the front end: the application or function behind a gateway (the mock integration of an API gateway answers OPTIONS alone), or the proxy on every reply.", read.Attempt.Method, origin)
		}
		return fmt.Sprintf("Add %s, exactly so (scheme, host and port, no trailing slash), and each other origin of the front end to the list of allowed ones; and allow credentials if it uses cookies or HTTP authentication.", origin)
	}
	return ""
}
