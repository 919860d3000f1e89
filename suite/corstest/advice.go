package corstest

import (
	"errors"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report"
)

// advise words in options what to do about a diagnosis; it is empty where the diagnosis
// says it all.
func advise(d engine.Diagnosis) string {
	const credential = "corstest.Cookie, corstest.Basic, corstest.Bearer or corstest.Header"
	switch d.Kind {
	case engine.RedirectsToHTTPS:
		return "examine the handler at an https:// URL, with corstest.At"
	case engine.RedirectsToHost:
		return "examine the handler at the host to which it redirects, with corstest.At"
	case engine.BasicUnasked:
		return "if the front end sends it, give it as that does, with corstest.Header"
	case engine.SecretInURL:
		return "give it apart, with corstest.QueryKey, or with corstest.Header if the handler takes it there"
	case engine.HostUnknown:
		return "examine the handler at a host name that it knows, with corstest.At"
	case engine.RequestRefused:
		return "name a path that the handler answers, with the parameters that it wants, with corstest.Read"
	case engine.RedirectsToSlash, engine.RedirectsToPath:
		return "name the path as the handler has it, with corstest.Read"
	case engine.RedirectsToLogin, engine.LoginNeeded:
		return "give the victim's credential with " + credential
	case engine.CredentialRefused, engine.EverythingRefused:
		return "give a credential that the handler takes: make the session in the test"
	case engine.CookieElsewhere:
		return "give corstest.Cookie the Path that the handler sets, or name a path for which it is with corstest.Read"
	case engine.CookieRefused:
		return "have the handler set it as browsers want it, or give it to corstest.Cookie as the handler does: SameSite=None needs Secure, and Secure an https:// URL or one of this machine"
	case engine.MixedContent:
		return "examine the handler at an https:// URL, with corstest.At"
	case engine.CookieBare:
		return "give corstest.Cookie the attributes that the handler sets"
	case engine.SessionEnded:
		return "give a session that lasts, and is the same in every request"
	case engine.ReplyChanged:
		return "name an endpoint whose private reply stays, with corstest.Read"
	case engine.NothingPrivate:
		return "name an endpoint that answers the victim with private data, with corstest.Read, and give the credential that opens it with " + credential
	case engine.AnswersAlike:
		return "examine the handler that has the API's routes, and name one of them with corstest.Read"
	case engine.CertificateNeeded, engine.CertificateRefused:
		return "give the victim's certificate in credentials.client_certificate, with corstest.Configure"
	case engine.RateLimited:
		return "leave the rate limiter out of the handler under test"
	case engine.TimedOut:
		return "raise that limit, with corstest.Configure"
	case engine.LeftAlone:
		return "name what may be read all the same with corstest.Read"
	}
	return ""
}

// advised are the diagnoses of a report, each with what to do.
func advised(r report.Report) []string {
	var list []string
	for _, d := range r.Diagnoses {
		s := d.Detail
		if d.Advice != "" {
			s += "; " + d.Advice
		}
		list = append(list, s)
	}
	return list
}

// told is an error in the words of the options. Where a diagnosis says why nothing
// could be judged, it says what to do.
func told(err error, r report.Report) error {
	var f *engine.Fault
	if errors.As(err, &f) && f.Advice == "" && len(r.Diagnoses) > 0 {
		return worded{err, r.Diagnoses[0].Advice}
	}
	return worded{err, ""}
}
