package engine

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// A Diagnosis is one sentence about the whole run that a reader needs before any
// verdict. What to do about it is worded by each front door for its users, by kind.
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
	RedirectsToHTTPS  DiagnosisKind = "redirects-to-https" // examine that
	RedirectsToLogin  DiagnosisKind = "redirects-to-login" // the victim is sent to a login
	EverythingRefused DiagnosisKind = "everything-refused" // a filter, perhaps
	CredentialRefused DiagnosisKind = "credential-refused"
	SessionEnded      DiagnosisKind = "session-ended"
	LoginNeeded       DiagnosisKind = "login-needed" // and no credential was given
	NothingPrivate    DiagnosisKind = "nothing-private"
	TargetFails       DiagnosisKind = "target-fails" // 5xx, or no answer
	RateLimited       DiagnosisKind = "rate-limited" // Number is the rate that got through, requests a second
	TimedOut          DiagnosisKind = "timed-out"    // a limit has to be raised
	LeftAlone         DiagnosisKind = "left-alone"   // most of what is private was not examined
)

// diagnose adds a diagnosis, the first of each kind.
func (r *Record) diagnose(d Diagnosis) {
	if !slices.ContainsFunc(r.Diagnoses, func(have Diagnosis) bool { return have.Kind == d.Kind }) {
		r.Diagnoses = append(r.Diagnoses, d)
	}
}

// whyNothingPrivate says in one sentence why no premise holds.
func whyNothingPrivate(t scenarios.Target, unseen target.Unseen) Diagnosis {
	found := t.Premises
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
		if given := slices.DeleteFunc(slices.Clone(t.Credentials), func(c scenarios.Credential) bool { return c == scenarios.Network }); len(given) > 0 {
			return Diagnosis{Kind: CredentialRefused, Detail: "the victim's credential was refused wherever the API has private data: " + unseen.Refused()}
		}
		return Diagnosis{Kind: LoginNeeded, Detail: "the API asks for a login wherever it has private data, and no credential was given: " + unseen.Refused()}
	case len(found) == 0:
		return Diagnosis{Kind: NothingPrivate, Detail: "no endpoint was found whose reply is private"}
	case len(with(scenarios.Limited)) > 0:
		return is(RateLimited, with(scenarios.Limited), "")
	case len(with(scenarios.Ended)) > 0:
		return is(SessionEnded, with(scenarios.Ended), "")
	case len(with(scenarios.Redirected)) == len(found) && toHTTPS(t):
		return is(RedirectsToHTTPS, found, "")
	case len(with(scenarios.CredentialRefused)) > 0:
		seen := with(scenarios.CredentialRefused)
		forbidden := !slices.ContainsFunc(seen, func(p scenarios.Premise) bool { return p.Victim.Status != 403 || p.Stranger.Status != 403 })
		if forbidden && len(seen) == len(found) {
			return is(EverythingRefused, seen, "")
		}
		return is(CredentialRefused, seen, "")
	case len(with(scenarios.Redirected)) > 0:
		return is(RedirectsToLogin, with(scenarios.Redirected), "")
	case len(with(scenarios.LoginNeeded)) > 0:
		return is(LoginNeeded, with(scenarios.LoginNeeded), "")
	case len(with(scenarios.Failing, scenarios.Silent)) > 0:
		return is(TargetFails, with(scenarios.Failing, scenarios.Silent), "")
	}
	return is(NothingPrivate, found, "nothing private was found: ")
}

// toHTTPS reports whether all redirects lead from http to the same host over https.
func toHTTPS(t scenarios.Target) bool {
	return !slices.ContainsFunc(t.Premises, func(p scenarios.Premise) bool {
		u, err := url.Parse(p.Victim.Location)
		return err != nil || u.Scheme != "https" || t.Origin().Scheme() != "http" || u.Hostname() != t.Origin().Host()
	})
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
