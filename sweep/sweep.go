// Package sweep asks a target, by header and without a browser: what is private
// ([Asker.Premises]), which origins it trusts where nobody said which ([Asker.Infer]), and
// how each of its endpoints decides ([Asker.Sweep], and [Run] for all of it). Endpoints
// that decide alike are one policy class. It says what is granted and what is not, and
// never that a target conforms: that takes a browser.
package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// A Request says what is swept.
type Request struct {
	// Config is what the operator says of the target. What it does not say is discovered.
	Config target.Config
	// Deployment is a target that is complete already, of which Config says nothing; nil
	// where Config says it.
	Deployment *target.Deployment
	// Run is the name that the target finds in its log, "crossexam-sweep" where it is empty;
	// see [tap.RunHeader].
	Run string
	// Browser are the header lines of the browser that the requests should resemble.
	Browser cors.Headers
	// Redact gives the function that replaces the secrets of a deployment in a sentence:
	// a reply, of which a sentence may quote, can repeat what it was sent. Nil for none.
	Redact func(target.Deployment) func(string) string
}

const (
	// bodyBytes is how much is read of each reply: enough to tell a stranger's from the
	// victim's, and to keep the connection for most.
	bodyBytes = 64 << 10
)

// Run sweeps one target. Its errors are [target.Problems] with the configuration, and
// those of a target that does not answer ([*target.UnreachableError]), a context that
// ended, or a program that does not start. A sweep that is not done within the time of its
// limits has what it found by then. It keeps nothing open.
func Run(ctx context.Context, r Request) (Result, error) {
	begun := time.Now()
	d, requests, done, err := r.deploy(ctx)
	defer done()
	if err != nil {
		return Result{}, err
	}
	t, err := tap.New(tap.Options{
		Upstream: d.Upstream, Limits: d.Limits, Run: r.run(), Browser: r.Browser,
		AllowWrite: d.Facts.AllowsWrite, Expected: d.Facts.ExpectsError,
		ClientCertificate: d.Credentials.Certificate(), Conceal: d.Credentials.Without,
	})
	if err != nil {
		return Result{}, err
	}
	defer t.Close()
	ctx, cancel := d.Limits.InTime(ctx, begun)
	defer cancel()
	if err := t.Reach(ctx); err != nil {
		if ctx.Err() != nil {
			return Result{}, context.Cause(ctx)
		}
		return Result{}, &target.UnreachableError{Err: err}
	}
	d = d.SetAside(func(scenarios.Endpoint) bool { return false }) // the sweep finds out of these what is private
	a := NewAsker(ctx, t, d)
	facts := a.Premises()
	if facts.Assumed {
		_, facts = a.Infer(facts)
	}
	result := a.Sweep(facts, ItemsOf(facts, d))
	result.Requests, result.DurationMS = requests+t.Requests(), time.Since(begun).Milliseconds()
	result.Notes = append(slices.Clone(d.Notes), result.Notes...)
	if r.Redact != nil {
		result.redact(r.Redact(d))
	}
	if err := context.Cause(ctx); err != nil && !errors.As(err, new(tap.LateError)) {
		return result, err
	}
	return result, nil
}

// deploy makes the deployment that is swept, with how many requests that took. done must
// be called.
func (r Request) deploy(ctx context.Context) (d target.Deployment, requests int, done func(), err error) {
	done = func() {}
	if r.Deployment != nil {
		return *r.Deployment, 0, done, nil
	}
	c := r.Config
	c.AskAs(r.Browser)
	if c.ReadsLog() {
		if err := c.ReadLog(ctx, nil); err != nil {
			return d, 0, done, err
		}
	}
	if c.Starts() {
		launched, err := c.Start(ctx)
		if err != nil {
			return d, 0, done, err
		}
		done = func() { _ = launched.Close() }
	}
	if d, err = c.Deployment(ctx); err != nil {
		return d, 0, done, err
	}
	c, followed, err := c.Followed(ctx, d, r.run())
	if err == nil && followed != "" {
		requests++
		d, err = c.Redeploy(ctx, d)
	}
	if err == nil && c.NeedsDiscovery() {
		var found target.Discovery
		c, found, err = c.DiscoverAt(ctx, d)
		requests += found.Requests
		if err == nil {
			d, err = c.Redeploy(ctx, d)
		}
	}
	if followed != "" {
		d.Notes = append([]string{followed}, d.Notes...)
	}
	return d, requests, done, err
}

// run is the name of the run.
func (r Request) run() string { return cmp.Or(r.Run, "crossexam-sweep") }

// An Item is an endpoint to be swept.
type Item struct {
	scenarios.Endpoint
	// methods are those, besides its own, that its path is known to have.
	methods []string
}

// ItemsOf are all the endpoints of a target that can be read: those of its facts, as far as
// they are known by now, and those beyond them. The methods of a path are those that the
// document has, and those that the operator named.
func ItemsOf(t scenarios.Target, d target.Deployment) []Item {
	methods := map[string][]string{}
	if d.Discovery != nil {
		maps.Copy(methods, d.Discovery.Methods)
	}
	for _, e := range t.Endpoints {
		if !e.Safe() && !e.Reads {
			methods[pathOf(e)] = append(slices.Clone(methods[pathOf(e)]), e.Method)
		}
	}
	var items []Item
	known := map[string]bool{}
	for _, e := range slices.Concat(t.Reads(), d.Beyond) {
		if !known[e.String()] {
			known[e.String()] = true
			items = append(items, Item{e, methods[pathOf(e)]})
		}
	}
	return items
}

// pathOf is the path of an endpoint, without its query.
func pathOf(e scenarios.Endpoint) string {
	path, _, _ := strings.Cut(e.Path, "?")
	return path
}

// Sweep asks each of the endpoints all that tells policies apart, several at once, and
// files them into classes. The facts say what is trusted and which credentials there are.
func (a *Asker) Sweep(t scenarios.Target, items []Item) Result {
	begun, before := time.Now(), a.tap.Requests()
	result := Result{Schema: Schema, Target: t.URL, Trusted: t.Trusted, Assumed: t.Assumed, LoginRefused: t.LoginRefused, Endpoints: make([]Endpoint, len(items))}
	if result.Trusted == nil {
		result.Trusted = []cors.Origin{}
	}
	// What is asked once is asked before there are several that want it.
	a.cookies(t.URL)
	unknown := a.unknownPath()
	asks := newScript(t)
	interviews := make([]*interview, len(items))
	var sideBySide errgroup.Group
	sideBySide.SetLimit(a.deployment.Limits.AtOnce())
	for i := range items {
		sideBySide.Go(func() error {
			w := &witness{Asker: a, script: asks, item: items[i], unknown: unknown}
			result.Endpoints[i], interviews[i] = w.examine()
			return nil
		})
	}
	_ = sideBySide.Wait() // each endpoint says itself what it lacks
	result.Classes = file(t, result.Endpoints, interviews)
	result.Requests, result.DurationMS = a.tap.Requests()-before, time.Since(begun).Milliseconds()
	result.Notes, result.Protocol = a.tap.Notes(), a.tap.Protocol()
	return result
}

// A witness asks one endpoint, and remembers what tells the victim's reply from a
// stranger's.
type witness struct {
	*Asker
	*script
	item    Item
	unknown *cors.Response

	victims  []*cors.Response // replies to the victim, the successes first two
	first    *cors.Response   // to the victim
	stranger *cors.Response
	why      string // there is no answer
	shut     bool   // the last request: TLS was broken off for want of the client certificate, which grants nothing
}

// examine asks everything, with the first credential that opens the endpoint.
func (w *witness) examine() (Endpoint, *interview) {
	e := Endpoint{Endpoint: w.item.String()}
	var v *interview
	cs := claimed(w.target)
	if p, c, ok := opening(w.target, w.item.Endpoint); ok {
		cs, e.Finding = []scenarios.Credential{c}, p.Finding
	}
	for i, c := range cs {
		w.victims, w.first, w.stranger, w.why = nil, nil, nil, ""
		v = &interview{script: w.script, with: c, methods: methodsOf(w.item.Endpoint, w.item.methods), ask: w.ask}
		if i < len(cs)-1 && !w.opens(v) {
			continue
		}
		v.run()
		break
	}
	if w.first != nil {
		e.Status = w.first.Status
	}
	if v.silent {
		e.Unanswered = w.why
		return e, v
	}
	if e.Finding == "" {
		e.Finding = w.finding(v.with)
	}
	return e, v
}

// opens reports whether the victim gets anything with the interview's credential.
func (w *witness) opens(v *interview) bool {
	v.granted(v.read(v.arbitrary))
	return w.first != nil && w.first.Status != http.StatusUnauthorized && w.first.Status != http.StatusForbidden
}

// opening is the credential that was found to open an endpoint.
func opening(t scenarios.Target, e scenarios.Endpoint) (scenarios.Premise, scenarios.Credential, bool) {
	for _, c := range claimed(t) {
		if p, ok := t.Premise(e, c); ok && p.Holds() {
			return p, c, true
		}
	}
	return scenarios.Premise{}, "", false
}

// ask sends one question. Where a browser asks by a preflight before it makes the request
// of a read, what that lets a page do counts too.
func (w *witness) ask(q Question) (Decision, bool) {
	if q.Preflight != "" {
		return w.askConsent(q, q.Preflight, nil)
	}
	r, ok := w.answer(w.request(w.item.Endpoint, q.With, cors.OriginLine(q.Origin.String())...))
	switch {
	case w.shut:
		return NotGranted, true
	case !ok:
		return "", false
	}
	seen := r
	if r.Status >= http.StatusInternalServerError {
		if seen, ok = w.throws(q, r); !ok {
			w.why, w.first = fmt.Sprintf("it answered %d", r.Status), r
			return "", false
		}
	}
	switch {
	case q.With == scenarios.Anonymous:
		w.stranger = seen
		if w.first == nil {
			w.first = seen
		}
	default:
		if w.first == nil || w.first.Status >= 300 && seen.Status < 300 {
			w.first = seen
		}
		if seen.Status < 300 && len(w.victims) < 2 {
			w.victims = append(w.victims, seen)
		}
	}
	d := decide(q, r)
	set := slices.Concat(w.item.Headers, w.deployment.Credentials.FrontEnd(q.With))
	if d == NotGranted || !cors.NeedsPreflight(w.item.Method, set) {
		return d, true
	}
	asked, ok := w.askConsent(q, w.item.Method, cors.UnsafeHeaders(set))
	return narrower(d, asked), ok
}

// throws reports whether a 500 is how the target refuses an Origin, as where Express's cors
// is given a function that calls back with an error: it grants nothing, comes again, and
// does not come to the same request without the Origin, whose reply is returned.
func (w *witness) throws(q Question, r *cors.Response) (without *cors.Response, ok bool) {
	if r.Status != http.StatusInternalServerError {
		return nil, false
	}
	again, ok := w.answer(w.request(w.item.Endpoint, q.With, cors.OriginLine(q.Origin.String())...))
	if !ok || again.Status != r.Status || decide(q, again) != NotGranted {
		return nil, false
	}
	without, ok = w.answer(w.request(w.item.Endpoint, q.With, cors.OriginLine(w.needed)...))
	return without, ok && without.Status < http.StatusInternalServerError
}

// askConsent asks by a preflight for a request with this method and these headers.
func (w *witness) askConsent(q Question, method string, unsafe []string) (Decision, bool) {
	p := cors.PreflightRequest{Origin: q.Origin.String(), Method: method, UnsafeHeaders: unsafe}
	asked := preflight(w.target.At(w.item.Path), p)
	asked.ClientCertificate = w.target.Has(scenarios.ClientCert) // which Chrome presents there too, whatever is asked for
	r, ok := w.answer(asked)
	if !ok {
		return NotGranted, w.shut
	}
	return consent(p, r), true
}

// answer is what the target says to a request; ok is false where it says nothing that can be
// judged.
func (w *witness) answer(q cors.Request) (_ *cors.Response, ok bool) {
	x := w.tap.Ask(w.ctx, q, bodyBytes)
	w.shut = x.CertificateRequired
	switch {
	case w.shut:
	case x.Response == nil && tap.Over(w.ctx):
		if w.why = context.Cause(w.ctx).Error(); errors.As(context.Cause(w.ctx), new(tap.LateError)) {
			w.why += ": raise `limits.timeout` if it needs longer"
		}
	case x.Response == nil:
		w.why = x.Fault
	case x.Limited.Request > 0:
		w.why = fmt.Sprintf("it answered %d, that requests are too many", x.Response.Status)
	default:
		return x.Response, true
	}
	return nil, false
}

// finding is what the replies come to. What is missing for it is asked: the victim's
// reply twice, and a stranger's without an Origin where the target refuses origins.
func (w *witness) finding(c scenarios.Credential) scenarios.Finding {
	bare := func(c scenarios.Credential) *cors.Response {
		return w.tap.Ask(w.ctx, w.request(w.item.Endpoint, c, cors.OriginLine(w.needed)...), bodyBytes).Response
	}
	asked := scenarios.Asked{Named: !w.item.Discovered, Declared: w.deployment.NetworkDeclared, Victim: w.first, Unknown: w.unknown}
	if len(w.victims) > 0 {
		asked.Victim = w.victims[0]
	}
	switch {
	case asked.Victim == nil || asked.Victim.Status >= 300:
		return scenarios.NewPremise(w.item.Endpoint, c, asked).Finding
	case len(w.victims) > 1:
		asked.Again = w.victims[1]
	default:
		asked.Again = bare(c)
	}
	if c != scenarios.Network && c != scenarios.Anonymous {
		if asked.Stranger = w.stranger; asked.Stranger == nil || asked.Stranger.Status >= 300 {
			asked.Stranger = bare(scenarios.Anonymous)
		}
	}
	return scenarios.NewPremise(w.item.Endpoint, c, asked).Finding
}
