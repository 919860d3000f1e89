package main

import (
	"fmt"
	"math"

	"github.com/crossexam/crossexam/engine"
)

// advise words for the command line what to do about a diagnosis; it is empty where the
// diagnosis says it all.
func advise(d engine.Diagnosis) string {
	switch d.Kind {
	case engine.RedirectsToHTTPS:
		return "examine the https:// URL, or say --follow-to-https"
	case engine.RedirectsToLogin:
		return "give the victim's credential as the login sets it, with --cookie-file, --storage-state or a login in crossexam.yaml; a session that has ended is redirected too"
	case engine.RedirectsToHost:
		return "examine the URL to which it redirects, which is where browsers read the API"
	case engine.RedirectsToSlash, engine.RedirectsToPath:
		return "name the path as the API has it, with --read"
	case engine.EverythingRefused:
		return "a filter may refuse what is no usual browser: try --user-agent or --direct; or the session has ended, or may not read these paths: give a new one, or name another path with --read"
	case engine.HostUnknown:
		return "say by which name it is to be asked: --header 'Host: tenant.example.com', or that name in the URL with --connect-to HOST:PORT; a name below localhost, such as http://tenant.localhost:8080, leads to this machine"
	case engine.CredentialRefused:
		return "give a credential that is good: the session may have ended, or the secret be mistyped; try it with curl first. An API may want more than that: a token against CSRF (give it too, with --header), or the browser that logged in (--user-agent)"
	case engine.BasicUnasked:
		return "if the front end sends it, give it as that does: --header 'Authorization: Basic BASE64', in the place of --basic"
	case engine.SecretInURL:
		return "give it apart, as what the front end alone knows: --query-key 'NAME=VALUE', or --header 'X-Api-Key: VALUE' if the API takes it there too, for URLs stand in logs"
	case engine.RequestRefused:
		return "see what it answers, and try it with curl: a parameter may be missing (--read '/path?name=value'), a header (--header where it is a secret, else headers of the endpoint in crossexam.yaml), the method be another, or the API not know the host name of the URL"
	case engine.CookieElsewhere:
		return "give the cookie with the Path and Domain that the server sets, or name a path with --read for which it is"
	case engine.CookieRefused:
		return "have the server set it as browsers want it, or give it as the server does: SameSite=None needs Secure, and Secure an https:// URL (with --connect-to http://HOST:PORT where TLS ends in front of this API), or one of this machine (localhost, 127.0.0.1)"
	case engine.MixedContent:
		return "examine the https:// URL that the front end uses; where a proxy ends TLS in front of this API, that URL with --connect-to http://HOST:PORT of the API"
	case engine.CookieBare:
		return "give it as the server sets it, such as --cookie 'NAME=VALUE; SameSite=None; Secure': the Set-Cookie line of the login's reply, or developer tools (Application, Cookies), say how"
	case engine.SessionEnded:
		return "give a session that lasts, and is the same in every request: a login in crossexam.yaml has the browser make its own"
	case engine.ReplyChanged:
		return "look at what the API answers then (curl with the victim's credential): give a session that lasts, or a lower --rate, or name an endpoint with --read whose reply stays"
	case engine.LoginNeeded:
		return "give the victim's credential: --cookie-file, --basic-file, --bearer-file, --client-cert or --storage-state"
	case engine.NothingPrivate:
		return "name an endpoint that answers the victim with private data, with --read /path, and give the credential that opens it"
	case engine.AnswersAlike:
		return "name an endpoint of the API with --read: what answers every path may be the front end's own server, a login page (give the victim's credential), or a proxy that does not know this host name"
	case engine.CertificateNeeded:
		return "give the victim's certificate and key as a PKCS#12 file with --client-cert"
	case engine.CertificateRefused:
		return "give a certificate of an authority that the target takes; `curl --cert FILE` shows what it says of one"
	case engine.TargetFails:
		return "look at the target's log, and try again when it answers"
	case engine.RateLimited:
		if d.Number > 0 {
			return fmt.Sprintf("run with --rate %g", math.Max(math.Floor(d.Number*10)/10, 0.1))
		}
		return "run with a lower --rate"
	case engine.TimedOut:
		return "raise that limit in crossexam.yaml, or give other paths with --read"
	case engine.TrustAssumed:
		return "name the origin of the front end with --trusted, or say --same-origin if it is of the API's own"
	case engine.SweepDisagrees:
		return "name one of these endpoints with --read, to have it examined in whole"
	case engine.LeftAlone:
		return "name what may be read all the same with --read"
	}
	return ""
}
