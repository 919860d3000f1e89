package engine

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A Diagnosis is one sentence about the whole run that a reader needs before any
// verdict.
type Diagnosis struct {
	Kind   DiagnosisKind
	Detail string // what was seen, a sentence without a full stop
	// Number goes with some kinds: see there.
	Number float64
}

// DiagnosisKind is what is the matter.
type DiagnosisKind string

// The kinds of diagnosis.
const (
	RedirectsToHTTPS  DiagnosisKind = "redirects-to-https"    // examine that
	RedirectsToLogin  DiagnosisKind = "redirects-to-login"    // the victim is sent to a login
	RedirectsToSlash  DiagnosisKind = "redirects-to-slash"    // the path is right but for a slash at its end
	RedirectsToPath   DiagnosisKind = "redirects-to-path"     // the same below another path, such as that of a language
	RedirectsToHost   DiagnosisKind = "redirects-to-host"     // the same at another host or port
	EverythingRefused DiagnosisKind = "everything-refused"    // a filter, perhaps
	BasicUnasked      DiagnosisKind = "basic-never-asked-for" // so that no browser has it
	SecretInURL       DiagnosisKind = "secret-in-url"         // which no page of an attacker knows
	RequestRefused    DiagnosisKind = "request-refused"       // as such: by its method, parameters or host, say
	HostUnknown       DiagnosisKind = "host-unknown"          // to the target, which tells tenants apart by it, say
	CredentialRefused DiagnosisKind = "credential-refused"
	CookieElsewhere   DiagnosisKind = "cookie-elsewhere"          // the victim's cookies are for other paths or hosts
	CookieRefused     DiagnosisKind = "cookie-refused"            // by browsers, so that it is never sent
	CookieBare        DiagnosisKind = "cookie-without-attributes" // and a front end of another site needs it
	MixedContent      DiagnosisKind = "mixed-content"             // keeps https pages from an http target
	SessionEnded      DiagnosisKind = "session-ended"
	ReplyChanged      DiagnosisKind = "private-reply-changed" // to something else, with a success
	LoginNeeded       DiagnosisKind = "login-needed"          // and no credential was given
	NothingPrivate    DiagnosisKind = "nothing-private"
	TargetFails       DiagnosisKind = "target-fails" // 5xx, or no answer
	RateLimited       DiagnosisKind = "rate-limited" // Number is the rate that got through, requests a second
	// OriginHeldOff says that the target told some origins alone to come back later.
	OriginHeldOff DiagnosisKind = "origin-held-off"
	// OriginCutOff says that the target breaks the connection off for some origins, so that
	// a refusal is not to be told from a failure.
	OriginCutOff DiagnosisKind = "origin-cut-off"
	// PolicyUnsteady says that the target answers one and the same request in two ways.
	PolicyUnsteady DiagnosisKind = "policy-unsteady"
	TimedOut       DiagnosisKind = "timed-out"  // a limit has to be raised
	LeftAlone      DiagnosisKind = "left-alone" // most of what is private was not examined
	OnlyPage       DiagnosisKind = "only-page"  // nothing private was found, and a page was, as a front end has it
	PostOnly       DiagnosisKind = "post-only"  // there is something that nobody can read by GET
	// AnswersAlike says that the target answers every path alike, so that no reply shows
	// what is private.
	AnswersAlike DiagnosisKind = "answers-alike"
	// CertificateNeeded says that the target asks for a TLS client certificate and none was
	// given, CertificateRefused that it does not take the one that was.
	CertificateNeeded  DiagnosisKind = "certificate-needed"
	CertificateRefused DiagnosisKind = "certificate-refused"
	TrustAssumed       DiagnosisKind = "trust-assumed" // nobody said which origins are trusted
	// SweepDisagrees says that the browser did otherwise at endpoints than their headers
	// said; Number is at how many.
	SweepDisagrees DiagnosisKind = "sweep-disagrees"
)

// diagnose adds a diagnosis, the first of each kind.
func (r *Record) diagnose(d Diagnosis) {
	if !slices.ContainsFunc(r.Diagnoses, func(have Diagnosis) bool { return have.Kind == d.Kind }) {
		r.Diagnoses = append(r.Diagnoses, d)
	}
}

// whyNothingPrivate says in one sentence why no premise holds.
func whyNothingPrivate(t scenarios.Target, discovered target.Discovery) Diagnosis {
	found, unseen := t.Premises, discovered.Unseen()
	with := func(fs ...scenarios.Finding) []scenarios.Premise {
		return slices.DeleteFunc(slices.Clone(found), func(p scenarios.Premise) bool { return !slices.Contains(fs, p.Finding) })
	}
	is := func(k DiagnosisKind, seen []scenarios.Premise, lead string) Diagnosis {
		return Diagnosis{Kind: k, Detail: lead + sentences(seen)}
	}
	switch {
	case t.LoginRefused != "":
		return Diagnosis{Kind: CredentialRefused, Detail: t.LoginRefused}
	case len(found) == 0 && unseen.Refused() != "":
		if len(t.Given()) > 0 {
			return Diagnosis{Kind: CredentialRefused, Detail: "the victim's credential was refused wherever the API has private data: " + unseen.Refused()}
		}
		return Diagnosis{Kind: LoginNeeded, Detail: "the API asks for a login wherever it has private data, and no credential was given: " + unseen.Refused()}
	case len(found) == 0:
		d := nothingFound(t, discovered.Alike)
		if at := discovered.PostOnly; at != "" && (d.Kind == NothingPrivate || d.Kind == AnswersAlike) {
			return Diagnosis{Kind: PostOnly, Detail: fmt.Sprintf("nothing is read by GET, and %s takes POST", at)}
		}
		if d.Kind == NothingPrivate && discovered.FrontPage {
			d.Kind, d.Detail = OnlyPage, d.Detail+"; GET / answers with a page or a text"
		}
		return d
	case len(with(scenarios.Limited)) > 0:
		seen := with(scenarios.Limited)
		if slices.ContainsFunc(seen, func(p scenarios.Premise) bool { return p.Victim.Status != http.StatusServiceUnavailable }) {
			return is(RateLimited, seen, "")
		}
		return is(TargetFails, seen, "the target is out of service: ")
	case len(with(scenarios.Ended)) > 0:
		return is(SessionEnded, with(scenarios.Ended), "")
	case len(with(scenarios.Redirected)) == len(found) && toHTTPS(t):
		return is(RedirectsToHTTPS, found, "")
	case !slices.ContainsFunc(found, func(p scenarios.Premise) bool { return !p.NamesHost() }):
		return is(HostUnknown, found, fmt.Sprintf("the target was asked as %s, and answers so: ", t.Origin().HostPort()))
	case len(refusedCookies(found)) > 0:
		if seen := with(scenarios.CredentialRefused); len(seen) > 0 {
			return is(CookieRefused, seen, "") // which say it
		}
		return is(CookieRefused, found, fmt.Sprintf("no browser keeps the cookie %s, so that none sends it: ", strings.Join(refusedCookies(found), ", ")))
	case len(with(scenarios.CredentialRefused)) > 0:
		seen := with(scenarios.CredentialRefused)
		// A filter answers with a page, and an API that does not know the victim with data.
		forbidden := !slices.ContainsFunc(seen, func(p scenarios.Premise) bool {
			return p.Victim.Status != 403 || p.Stranger.Status != 403 || isData(p.Victim.Type)
		})
		elsewhere := !slices.ContainsFunc(seen, func(p scenarios.Premise) bool { return !p.NoCookieHere || p.Expired })
		switch {
		case elsewhere:
			return is(CookieElsewhere, seen, "")
		case forbidden && len(seen) == len(found):
			return is(EverythingRefused, seen, "")
		}
		d := is(CredentialRefused, seen, "")
		if t.Has(scenarios.Basic) && t.Has(scenarios.Bearer) {
			d.Detail += "; HTTP authentication and a bearer token are both sent as Authorization, so that no request can have the two"
		}
		return d
	case len(with(scenarios.Redirected)) == len(found) && moved(t) != "":
		return is(moved(t), found, "")
	case len(with(scenarios.Redirected)) > 0:
		return is(RedirectsToLogin, with(scenarios.Redirected), "")
	case len(with(scenarios.LoginNeeded)) > 0:
		return is(LoginNeeded, with(scenarios.LoginNeeded), "")
	case len(with(scenarios.SecretInURL)) > 0:
		return is(SecretInURL, with(scenarios.SecretInURL), "")
	case len(with(scenarios.Failing, scenarios.Silent)) > 0:
		return is(TargetFails, with(scenarios.Failing, scenarios.Silent), "")
	case !slices.ContainsFunc(found, func(p scenarios.Premise) bool { return !p.RefusedAsSuch() }):
		return is(RequestRefused, found, "")
	case len(with(scenarios.Alike)) == len(found):
		return is(AnswersAlike, found, "")
	}
	d := is(NothingPrivate, found, "nothing private was found: ")
	if at := doubled(t); at != "" && len(with(scenarios.Missing)) == len(found) {
		d.Detail += fmt.Sprintf("; the path of the URL is put before that of an endpoint, so that this was asked for at %s", at)
	}
	return d
}

// refusedCookies are the victim's cookies that no browser keeps, with the reasons.
func refusedCookies(found []scenarios.Premise) []string {
	i := slices.IndexFunc(found, func(p scenarios.Premise) bool { return len(p.CookiesRefused) > 0 })
	if i < 0 {
		return nil
	}
	return found[i].CookiesRefused
}

// withBase has a diagnosis name the target without the path of its URL, below which
// endpoints were looked for: that may be the path of an endpoint, or of a page or a
// document about the API.
func (d Diagnosis) withBase(t scenarios.Target) Diagnosis {
	if base, err := url.Parse(t.URL); err == nil && strings.Trim(base.Path, "/") != "" {
		d.Detail += fmt.Sprintf("; it was looked for below %s: if that is an endpoint, or a page or document on the API, the URL to give is %s", t.URL, t.Origin())
	}
	return d
}

// withExpiry has a diagnosis name a token whose time is over, where that may be why the
// credential was refused.
func (d Diagnosis) withExpiry(expired string) Diagnosis {
	if d.Kind == CredentialRefused && expired != "" {
		d.Detail += "; " + expired
	}
	return d
}

// doubled is where an endpoint was asked for whose path begins with that of the target's
// URL, which then stands there twice; it is empty for none.
func doubled(t scenarios.Target) string {
	base, err := url.Parse(t.URL)
	if err != nil || strings.Trim(base.Path, "/") == "" {
		return ""
	}
	for _, p := range t.Premises {
		if _, path, _ := strings.Cut(p.Endpoint, " "); strings.HasPrefix(path, base.Path+"/") {
			return t.At(path)
		}
	}
	return ""
}

// bareCookies says that cookies were given without attributes, on which it depends what a
// front end of another site can do; ok is false where that is not so.
func bareCookies(t scenarios.Target) (_ Diagnosis, ok bool) {
	i := slices.IndexFunc(t.Trusted, func(o cors.Origin) bool { return !o.SameSite(t.Origin()) })
	if len(t.BareCookies) == 0 || !t.CrossSiteCookies || i < 0 {
		return Diagnosis{}, false
	}
	names := "cookie `" + strings.Join(t.BareCookies, "`, `") + "`"
	if len(t.BareCookies) > 1 {
		names = "cookies" + names[len("cookie"):]
	}
	return Diagnosis{Kind: CookieBare, Detail: fmt.Sprintf("given without attributes: the %s, which a browser takes for SameSite=Lax and keeps from %s, a page of another site", names, t.Trusted[i])}, true
}

// mixedContent says that the pages of a trusted origin may not fetch from the target at all,
// whatever it grants, because they are https and it is not; ok is false where they may.
func mixedContent(t scenarios.Target) (_ Diagnosis, ok bool) {
	i := slices.IndexFunc(t.Trusted, func(o cors.Origin) bool { return o.Scheme() == "https" })
	if i < 0 || t.Assumed || t.Origin().IsPotentiallyTrustworthy() {
		return Diagnosis{}, false
	}
	return Diagnosis{Kind: MixedContent, Detail: fmt.Sprintf("the pages of %s are https, and browsers let none of them fetch from %s (mixed content), whatever it grants", t.Trusted[i], t.Origin())}, true
}

// nothingFound says why discovery found no endpoint. everywhere is how the target
// answers every path, or nil.
func nothingFound(t scenarios.Target, everywhere *cors.Response) Diagnosis {
	none := Diagnosis{Kind: NothingPrivate, Detail: "no endpoint was found whose reply is private"}
	if everywhere == nil {
		return none.withBase(t)
	}
	status, all := everywhere.Status, fmt.Sprintf("the target answers every path %d, also one that nothing can know", everywhere.Status)
	location, _ := everywhere.Headers.Get("Location")
	if scenarios.NamesHost(everywhere) {
		return Diagnosis{Kind: HostUnknown, Detail: fmt.Sprintf("the target was asked as %s, and answers every path so: %s", t.Origin().HostPort(), scenarios.RefusalOf(everywhere))}
	}
	login := status == 401 || status == 407 || status == 403 && isData(everywhere.Headers.MediaType())
	switch {
	case login && len(t.Given()) > 0:
		return Diagnosis{Kind: CredentialRefused, Detail: "the victim's credential was refused: " + all}
	case login:
		return Diagnosis{Kind: LoginNeeded, Detail: all + ": a login is needed, and no credential was given"}
	case status == 403:
		return Diagnosis{Kind: EverythingRefused, Detail: all}
	case status >= 500:
		return Diagnosis{Kind: TargetFails, Detail: all}
	case status >= 300 && status <= 399 && isHTTPS(t, location):
		return Diagnosis{Kind: RedirectsToHTTPS, Detail: all + ", a redirect to https"}
	case status >= 300 && status <= 399:
		return Diagnosis{Kind: RedirectsToLogin, Detail: all + ", a redirect, as to a login"}
	case status >= 200 && status <= 299:
		return Diagnosis{Kind: AnswersAlike, Detail: all}
	}
	return none
}

// withCertificate has a diagnosis name the client certificate that the target asks
// for, where that may be why nothing private was seen.
func (d Diagnosis) withCertificate(t scenarios.Target, asks bool, refused string) Diagnosis {
	switch d.Kind {
	case LoginNeeded, CredentialRefused, EverythingRefused, NothingPrivate, OnlyPage:
	default:
		return d
	}
	all, ours := t.Given(), t.Has(scenarios.ClientCert)
	switch {
	case !asks:
	case ours && refused != "":
		return certificateDiagnosis(true, refused+"; "+d.Detail)
	case ours && len(all) == 1 && d.Kind != NothingPrivate && d.Kind != OnlyPage:
		return certificateDiagnosis(true, d.Detail)
	case ours:
	case len(all) > 0:
		d.Detail += "; the target asks for a TLS client certificate too, and none was given"
	default:
		return certificateDiagnosis(false, "the target asks for a TLS client certificate, and none was given: "+d.Detail)
	}
	return d
}

func certificateDiagnosis(refused bool, detail string) Diagnosis {
	if refused {
		return Diagnosis{Kind: CertificateRefused, Detail: detail}
	}
	return Diagnosis{Kind: CertificateNeeded, Detail: detail}
}

// isData reports whether a media type is one that programs read, and no page.
func isData(media string) bool { return strings.Contains(media, "json") }

// toHTTPS reports whether all redirects lead from http to the same host over https.
func toHTTPS(t scenarios.Target) bool {
	return !slices.ContainsFunc(t.Premises, func(p scenarios.Premise) bool { return !isHTTPS(t, p.Victim.Location) })
}

// moved is where all redirects lead, if each leads to what was asked for at another
// place: with a slash at the end or without, below another path, or at another host or
// port. It is empty where they differ, or lead to something else, such as a login.
func moved(t scenarios.Target) DiagnosisKind {
	var kind DiagnosisKind
	for _, p := range t.Premises {
		_, path, _ := strings.Cut(p.Endpoint, " ")
		at, err := url.Parse(t.At(path))
		if err != nil {
			return ""
		}
		to, err := at.Parse(p.Victim.Location)
		if err != nil || p.Victim.Location == "" {
			return ""
		}
		is := movedTo(at, to)
		if is == "" && p.SentOn() {
			is = RedirectsToPath
			if to.Host != at.Host {
				is = RedirectsToHost
			}
		}
		if is == "" || kind != "" && is != kind {
			return ""
		}
		kind = is
	}
	return kind
}

func movedTo(at, to *url.URL) DiagnosisKind {
	asked, led := strings.TrimSuffix(at.Path, "/"), strings.TrimSuffix(to.Path, "/")
	switch {
	case asked == "" || !strings.HasSuffix(led, asked):
		return ""
	case to.Host != at.Host:
		return RedirectsToHost
	case led != asked:
		return RedirectsToPath
	case to.Path != at.Path:
		return RedirectsToSlash
	}
	return ""
}

func isHTTPS(t scenarios.Target, location string) bool {
	u, err := url.Parse(location)
	return err == nil && u.Scheme == "https" && t.Origin().Scheme() == "http" && u.Hostname() == t.Origin().Host()
}

// sentences are the first few premises in words.
func sentences(found []scenarios.Premise) string {
	const most = 3
	var list []string
	for _, p := range found[:min(len(found), most)] {
		list = append(list, p.Sentence())
	}
	if more := len(found) - most; more > 0 {
		list = append(list, fmt.Sprintf("and %d more like these", more))
	}
	return strings.Join(list, "; ")
}
