package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// Meta is what a record does not know.
type Meta struct {
	Version string // of Crossexam
	Commit  string
	// InWords names the entries of the configuration of which sentences speak as the
	// front end does; nil leaves them as crossexam.yaml has them. See [target.InWords].
	InWords func(sentence string) string
	// Secrets are strings that must not appear in any output; see [New].
	Secrets []string
	// FixFor gives the sentences that follow the fix of a scenario, for the application
	// under test; nil for none. A judgement with a fix of its own is about something else.
	FixFor func(id string) string
	// Stack is the one of the target; see [Target].
	Stack string
}

// fixFor gives the sentences that follow the fix of a scenario: what the application's
// operator does, or else how the target's stacks have it.
func (m Meta) fixFor(stacks []string) func(id string) string {
	return func(id string) string {
		if m.FixFor != nil {
			if text := m.FixFor(id); text != "" {
				return text
			}
		}
		return scenarios.FixIn(id, stacks)
	}
}

// New makes the report of a record. In it nothing is left of the secrets: the
// values in Cookie, Set-Cookie, Authorization and Proxy-Authorization headers, of
// the victim's cookies, and the strings in meta, wherever they occur, also in
// percent encoding, with the escapes of JSON or HTML, in hexadecimal, base64 and
// base64url, and in two of these around each other. Strings shorter than three bytes
// are too common to be searched for outside of those headers, and one that is a
// plain word is replaced in this project's own sentences only where a value stands:
// in quotes, in addresses, after an equals sign.
func New(record engine.Record, meta Meta) Report {
	r := Report{
		Schema:    Version,
		Tool:      Tool{Version: meta.Version, Commit: meta.Commit},
		Run:       Run{Name: record.Run, Started: record.Started.UTC().Truncate(time.Millisecond), Strict: record.Strict},
		Browser:   newBrowser(record),
		Target:    newTarget(record.Target),
		Diagnoses: newDiagnoses(record.Diagnoses),
		Premises:  newPremises(record.Target.Premises),
		Inferred:  newInferred(record),
		Sweep:     newSweep(record),
		Controls:  []Control{},
		Causes:    []Cause{},
		Results:   newResults(record),
		Cookies:   newCookies(record),
		Withheld:  []Withheld{},
		Notes:     append([]string{}, record.Notes...),
		Screens:   []string{},
		Stale:     []StaleAcceptance{},
		Fault:     newFault(record.Fault),
	}
	for _, c := range record.Controls {
		r.Controls = append(r.Controls, Control{ID: c.ID, Outcome: string(c.Outcome), Detail: c.Detail})
	}
	r.Target.Stack = meta.Stack
	r.fix(record, meta)
	for _, w := range record.Withheld {
		r.Withheld = append(r.Withheld, Withheld{Method: w.Method, Path: w.Path, Count: w.Count})
	}
	for _, a := range record.Stale {
		r.Stale = append(r.Stale, newStale(a))
	}
	if c := record.Baseline; c != nil {
		r.Baseline = newBaseline(*c, r.Results)
	}
	if meta.InWords != nil {
		r.word(meta.InWords)
	}
	r.Summary = summarize(r, looked(record))
	r.Summary.Attempts = record.Attempts
	r.Summary.Navigations = record.Navigations
	r.Summary.Requests = record.Requests
	r.Summary.DurationMS = record.Duration.Milliseconds()
	r.bound()
	r.redact(record, meta.Secrets)
	return r
}

// fix says of each result and of each cause what the operator changes: for the application
// under test, or as the target's stacks have it.
func (r *Report) fix(record engine.Record, meta Meta) {
	fixFor := meta.fixFor(r.stacks())
	for i, c := range record.Results {
		if c.Judgement.Fix == "" { // a judgement's own is about another mistake
			r.Results[i].Fix = strings.TrimSpace(r.Results[i].Fix + " " + fixFor(c.Scenario.ID))
		}
	}
	r.trace(record.Causes(), meta.FixFor, fixFor)
	r.inClasses(record.Sweep)
	r.fixInStack()
}

func newBrowser(record engine.Record) Browser {
	info := record.Browser
	product, version, _ := strings.Cut(info.Product, "/")
	return Browser{
		Product:  product,
		Version:  version,
		Path:     info.Path,
		Remote:   info.Remote,
		Flags:    append([]string{}, info.Flags...),
		Posture:  Posture{BlockThirdPartyCookies: info.Posture.BlockThirdPartyCookies},
		Sandbox:  info.Sandbox,
		Protocol: info.Protocol,
	}
}

func newTarget(t scenarios.Target) Target {
	out := Target{
		URL:            t.URL,
		TrustedOrigins: t.DeclaredTrust(),
		Credentials:    []string{},
		Capabilities:   capabilities(t),
		Endpoints:      []string{},
		ExposedHeaders: []string{},
	}
	for _, c := range t.Credentials {
		out.Credentials = append(out.Credentials, string(c))
	}
	for _, e := range t.Endpoints {
		out.Endpoints = append(out.Endpoints, e.String())
	}
	for _, name := range t.Policy.Exposed {
		if name != "*" {
			out.ExposedHeaders = append(out.ExposedHeaders, name)
		}
	}
	return out
}

// capabilities are words for what a target declares.
func capabilities(t scenarios.Target) []string {
	writes := false
	for _, e := range t.Endpoints {
		writes = writes || !e.Safe() && !e.Reads
	}
	list := []string{}
	for _, c := range []struct {
		name string
		has  bool
	}{
		{"reads", len(t.Reads()) > 0},
		{"private-reads", len(t.PrivateReads()) > 0},
		{"writes", writes},
		{"errors", len(t.Errors) > 0},
		{"policy-methods", len(t.Policy.Methods) > 0},
		{"policy-headers", len(t.Policy.Headers) > 0},
	} {
		if c.has {
			list = append(list, c.name)
		}
	}
	return list
}

func newResults(record engine.Record) []Result {
	list := []Result{}
	for _, c := range record.Results {
		result := newResult(c)
		if a := result.Proof.Attempt; a != nil {
			a.Reads = declaredRead(record.Target, *a)
		}
		if c.Verdict() == scenarios.CannotTell {
			result.WouldTell = c.Judgement.Lack.WouldTell()
		}
		list = append(list, result)
	}
	return list
}

func newResult(c engine.Result) Result {
	r := Result{
		ID:          c.Scenario.ID,
		Title:       c.Scenario.Title,
		Family:      c.Scenario.Family(),
		Level:       c.Level(),
		Severity:    c.Judgement.Severity,
		Verdict:     c.Judgement.Verdict,
		Reason:      c.Judgement.Reason,
		Fails:       c.Fails,
		Excuse:      c.Excuse,
		Change:      c.Change,
		Exfiltrated: c.Judgement.Exfiltrated,
		FollowsFrom: c.Judgement.FollowsFrom,
		Subject:     newSubject(c.Subject),
		Proof:       newProof(c.Proof()),
		Guidance:    []Guidance{},
		Fix:         cmp.Or(c.Judgement.Fix, c.Scenario.Fix),
	}
	if c.Accepted != nil && c.Verdict() == scenarios.Violates {
		a := newAcceptance(*c.Accepted)
		r.Accepted, r.Acceptance = true, &a
	}
	for _, g := range c.Scenario.Guidance {
		r.Guidance = append(r.Guidance, Guidance{Source: g.Source, Ref: g.Ref, URL: g.URL})
	}
	return r
}

// newCookies are the victim's cookies, without their values.
func newCookies(record engine.Record) []Cookie {
	list := []Cookie{}
	for _, c := range record.Cookies {
		var row engine.CookieRow
		if i := slices.IndexFunc(record.CookieMatrix, func(row engine.CookieRow) bool { return row.Name == c.Name }); i >= 0 {
			row = record.CookieMatrix[i]
		}
		list = append(list, Cookie{
			Name: c.Name, Value: target.Redacted, Domain: c.Domain, Path: c.Path,
			SameSite: c.SameSite, Secure: c.Secure, HTTPOnly: c.HTTPOnly,
			CrossSite: fate(row.CrossSite), Sibling: fate(row.Sibling), ThirdPartyBlocked: fate(row.ThirdPartyBlocked),
		})
	}
	return list
}

func newFault(f *engine.Fault) *Fault {
	if f == nil {
		return nil
	}
	out := &Fault{Stage: string(f.Stage), Advice: f.Advice}
	if f.Err != nil {
		out.Error = f.Err.Error()
	}
	return out
}

func fate(c engine.CookieCell) CookieFate {
	return CookieFate{Sent: c.Sent, HeldBack: append([]string{}, c.HeldBack...), Basis: string(c.Basis)}
}
