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

// whyNothingPrivate says in one sentence why no premise holds.
func whyNothingPrivate(t scenarios.Target, discovered target.Discovery) Diagnosis {
	found := t.Premises
	with := func(fs ...scenarios.Finding) []scenarios.Premise {
		return slices.DeleteFunc(slices.Clone(found), func(p scenarios.Premise) bool { return !slices.Contains(fs, p.Finding) })
	}
	switch {
	case t.LoginRefused != "":
		return Diagnosis{Kind: CredentialRefused, Detail: t.LoginRefused}
	case len(found) == 0:
		return whyNoRead(t, discovered)
	case len(with(scenarios.Limited)) > 0:
		seen := with(scenarios.Limited)
		if slices.ContainsFunc(seen, func(p scenarios.Premise) bool { return p.Victim.Status != http.StatusServiceUnavailable }) {
			return diagnosisOf(RateLimited, seen, "")
		}
		return diagnosisOf(TargetFails, seen, "the target is out of service: ")
	case len(with(scenarios.Ended)) > 0:
		return diagnosisOf(SessionEnded, with(scenarios.Ended), "")
	case len(with(scenarios.Redirected)) == len(found) && toHTTPS(t):
		return diagnosisOf(RedirectsToHTTPS, found, "")
	case !slices.ContainsFunc(found, func(p scenarios.Premise) bool { return !p.NamesHost() }):
		return diagnosisOf(HostUnknown, found, fmt.Sprintf("the target was asked as %s, and answers so: ", t.Origin().HostPort()))
	case len(refusedCookies(found)) > 0:
		if seen := with(scenarios.CredentialRefused); len(seen) > 0 {
			return diagnosisOf(CookieRefused, seen, "") // which say it
		}
		return diagnosisOf(CookieRefused, found, fmt.Sprintf("no browser keeps the cookie %s, so that none sends it: ", strings.Join(refusedCookies(found), ", ")))
	case len(with(scenarios.CredentialRefused)) > 0:
		return whyRefused(t, with(scenarios.CredentialRefused))
	case len(with(scenarios.Redirected)) == len(found) && moved(t) != "":
		return diagnosisOf(moved(t), found, "")
	case len(with(scenarios.Redirected)) > 0:
		return diagnosisOf(RedirectsToLogin, with(scenarios.Redirected), "")
	case len(with(scenarios.LoginNeeded)) > 0:
		return diagnosisOf(LoginNeeded, with(scenarios.LoginNeeded), "")
	case len(with(scenarios.SecretInURL)) > 0:
		return diagnosisOf(SecretInURL, with(scenarios.SecretInURL), "")
	case len(with(scenarios.Failing, scenarios.Silent)) > 0:
		return diagnosisOf(TargetFails, with(scenarios.Failing, scenarios.Silent), "")
	case !slices.ContainsFunc(found, func(p scenarios.Premise) bool { return !p.RefusedAsSuch() }):
		return diagnosisOf(RequestRefused, found, "")
	case len(with(scenarios.Alike)) == len(found):
		return diagnosisOf(AnswersAlike, found, "")
	}
	d := diagnosisOf(NothingPrivate, found, "nothing private was found: ")
	if at := doubled(t); at != "" && len(with(scenarios.Missing)) == len(found) {
		d.Detail += fmt.Sprintf("; the path of the URL is put before that of an endpoint, so that this was asked for at %s", at)
	}
	return d
}

// diagnosisOf is what some premises say, behind a lead.
func diagnosisOf(k DiagnosisKind, seen []scenarios.Premise, lead string) Diagnosis {
	return Diagnosis{Kind: k, Detail: lead + sentences(seen)}
}

// whyNoRead says why there is no read that could be private.
func whyNoRead(t scenarios.Target, discovered target.Discovery) Diagnosis {
	if refused := discovered.Unseen().Refused(); refused != "" {
		if len(t.Given()) > 0 {
			return Diagnosis{Kind: CredentialRefused, Detail: "the victim's credential was refused wherever the API has private data: " + refused}
		}
		return Diagnosis{Kind: LoginNeeded, Detail: "the API asks for a login wherever it has private data, and no credential was given: " + refused}
	}
	d := nothingFound(t, discovered.Alike)
	if at := discovered.PostOnly; at != "" && (d.Kind == NothingPrivate || d.Kind == AnswersAlike) {
		return Diagnosis{Kind: PostOnly, Detail: fmt.Sprintf("nothing is read by GET, and %s takes POST", at)}
	}
	if d.Kind == NothingPrivate && discovered.FrontPage {
		d.Kind, d.Detail = OnlyPage, d.Detail+"; GET / answers with a page or a text"
	}
	return d
}

// whyRefused says why the victim's credential was, where these premises have it.
func whyRefused(t scenarios.Target, seen []scenarios.Premise) Diagnosis {
	// A filter answers with a page, and an API that does not know the victim with data.
	forbidden := !slices.ContainsFunc(seen, func(p scenarios.Premise) bool {
		return p.Victim.Status != 403 || p.Stranger.Status != 403 || isData(p.Victim.Type)
	})
	elsewhere := !slices.ContainsFunc(seen, func(p scenarios.Premise) bool { return !p.NoCookieHere || p.Expired })
	switch {
	case elsewhere:
		return diagnosisOf(CookieElsewhere, seen, "")
	case forbidden && len(seen) == len(t.Premises):
		return diagnosisOf(EverythingRefused, seen, "")
	}
	d := diagnosisOf(CredentialRefused, seen, "")
	if t.Has(scenarios.Basic) && t.Has(scenarios.Bearer) {
		d.Detail += "; HTTP authentication and a bearer token are both sent as Authorization, so that no request can have the two"
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
	kinds := map[scenarios.Move]DiagnosisKind{
		scenarios.MovedBySlash: RedirectsToSlash, scenarios.MovedToPath: RedirectsToPath, scenarios.MovedOn: RedirectsToPath, scenarios.MovedToHost: RedirectsToHost,
	}
	var kind DiagnosisKind
	for _, p := range t.Premises {
		move, _ := t.Moved(p)
		is := kinds[move]
		if is == "" || kind != "" && is != kind {
			return ""
		}
		kind = is
	}
	return kind
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
