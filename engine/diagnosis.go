package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
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
	ShutOut           DiagnosisKind = "shut-out"              // by a filter, in the course of the run
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
