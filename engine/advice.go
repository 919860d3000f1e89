package engine

import (
	"fmt"
	"math"
)

// Advice says in one sentence, without a full stop, what to do about the diagnosis; it is
// empty where the diagnosis says it all. It names entries of the configuration, which each
// front door says in the words of its users: see [target.InWords].
func (d Diagnosis) Advice() string {
	switch d.Kind {
	case RedirectsToHTTPS:
		return "examine the https:// URL, or have the redirect followed with `follow_to_https`"
	case RedirectsToLogin:
		return "give the victim's credential as the login sets it, with `credentials.cookies` or `credentials.storage_state`, or a login in the configuration; a session that has ended is redirected too"
	case RedirectsToHost:
		return "examine the URL to which it redirects, which is where browsers read the API"
	case RedirectsToSlash, RedirectsToPath:
		return "name the path as the API has it, with `read`"
	case EverythingRefused:
		return "a filter may refuse what is no usual browser: try `browser.user_agent` or `direct`; or the session has ended, or may not read these paths: give a new one, or name another path with `read`"
	case ShutOut:
		return "a filter (a web application firewall, fail2ban) may take the requests of other origins for an attack: have it let this machine in for the test, or examine an instance behind it"
	case CredentialRefused:
		return "give a credential that is good: the session may have ended, or the secret be mistyped; try it with curl first. An API may want more than that: a token against CSRF (give it too, with `credentials.headers`), or the browser that logged in (`browser.user_agent`)"
	case BasicUnasked:
		return "if the front end sends it, give it as that does, in the place of HTTP authentication: the line `Authorization: Basic BASE64`, with `credentials.headers`"
	case SecretInURL:
		return "give it apart, as what the front end alone knows: NAME=VALUE with `credentials.query`, or with `credentials.headers` if the API takes it there too, for URLs stand in logs"
	case RequestRefused:
		return "see what it answers, and try it with curl: a parameter may be missing (add it to the path, as /path?name=value, with `read`), a header (`credentials.headers` where it is a secret, else the headers of the endpoint in the configuration), the method be another (an endpoint of the configuration has a method and a body, and says reads: true of a POST that only reads, as JSON-RPC has them), or the API not know the host name of the URL"
	case PostOnly:
		return "say how it is read: a JSON-RPC or MCP server by its path with `json_rpc.path`, and the name of a method that only reads with `json_rpc.call`; GraphQL with `graphql.path` and `graphql.query`; another POST that only reads among the endpoints of the configuration, with its body and reads: true"
	case HostUnknown:
		return "say by which name it is to be asked: that name in the URL, with `connect_to` HOST:PORT; a name below localhost, such as http://tenant.localhost:8080, leads to this machine"
	case MixedContent:
		return "examine the https:// URL that the front end uses; where a proxy ends TLS in front of this API, that URL with `connect_to` http://HOST:PORT of the API"
	case CookieElsewhere:
		return "give the cookie with the Path and Domain that the server sets, or name a path with `read` for which it is"
	case CookieRefused:
		return "have the server set it as browsers want it, or give it as the server does: SameSite=None needs Secure, and Secure an https:// URL (with `connect_to` http://HOST:PORT where TLS ends in front of this API), or one of this machine (localhost, 127.0.0.1)"
	case CookieBare:
		return "give it as the server sets it, such as 'NAME=VALUE; SameSite=None; Secure' with `credentials.cookies`: the Set-Cookie line of the login's reply, or developer tools (Application, Cookies), say how"
	case SessionEnded:
		return "give a session that lasts, and is the same in every request: with a login in the configuration the browser makes its own"
	case ReplyChanged:
		return "look at what the API answers then (curl with the victim's credential): give a session that lasts, or a lower `limits.requests_per_second`, or name an endpoint with `read` whose reply stays"
	case LoginNeeded:
		return "give the victim's credential, with `credentials`"
	case NothingPrivate:
		return "name an endpoint that answers the victim with private data, with `read`, and give the credential that opens it, with `credentials`"
	case OnlyPage:
		return "name an endpoint that answers the victim with private data, with `read`, and give the credential that opens it, with `credentials`; or let `crossexam learn` open the page of the front end in a browser and write down what it asks for"
	case AnswersAlike:
		return "name an endpoint of the API with `read`: what answers every path may be the front end's own server (`crossexam learn` opens its page in a browser and writes down what it asks for), a login page (give the victim's credential), or a proxy that does not know this host name"
	case CertificateNeeded:
		return "give the victim's certificate and key as a PKCS#12 file, with `credentials.client_certificate.file`"
	case CertificateRefused:
		return "give a certificate of an authority that the target takes, with `credentials.client_certificate.file`; `curl --cert FILE` shows what the target says of one"
	case TargetFails:
		return "look at the target's log, and try again when it answers"
	case RateLimited:
		if d.Number > 0 {
			return fmt.Sprintf("wait until the limiter lets this machine in again, and run with `limits.requests_per_second` %g, or against an instance without the limiter", math.Max(math.Floor(d.Number*10)/10, 0.1))
		}
		return "wait until the limiter lets this machine in again, and run with a lower `limits.requests_per_second`, or against an instance without the limiter"
	case OriginHeldOff:
		return "where the target refuses these origins for good, have it answer 403 or leave Retry-After out; where it limits each origin, take that limit away for the test"
	case OriginCutOff:
		return "where that is how the target refuses an origin (nginx does so with return 444, a filter with a reset), have it answer 403 instead for the test: browsers hand out neither, and only an answer can be told from a failure"
	case PolicyUnsteady:
		return "see that every server behind this URL has the same version and configuration (all replicas of a load balancer, the old ones of a deployment too, an edge cache), and examine again: till then what conforms may do so by chance, and what is said of a list may be about one of them"
	case TimedOut:
		return "raise that limit in the configuration, or give other paths with `read`"
	case TrustAssumed:
		return "name the origin of the front end with `trusted`, or say `trusted: []` if it is of the API's own"
	case SweepDisagrees:
		return "name one of these endpoints with `read`, to have it examined in whole"
	case LeftAlone:
		return "name what may be read all the same with `read`"
	}
	return ""
}
