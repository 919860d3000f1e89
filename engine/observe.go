package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/nginx"
	"github.com/crossexam/crossexam/scenarios"
)

// maxFailures of a page are forgiven. It is two and not one, because a renderer
// that dies during a navigation shows first as an aborted navigation and as a
// crash only at the next call.
const maxFailures = 2

// observeGroup makes all attempts of a group. A page that fails is opened again; a
// browser that dies is started once more a session. An error ends the session.
func (s *session) observeGroup(ctx context.Context, g *group) error {
	if s.hooks.Progress != nil {
		s.hooks.Progress(Progress{Scenario: s.current, Doing: g.String(), Attempts: len(s.observed), Of: len(s.planned)})
	}
	if g.probe {
		return s.probeGroup(ctx, g)
	}
	for failures := 0; ; {
		err := s.observePage(ctx, g)
		var f *Fault
		switch {
		case err == nil && s.outlasted(ctx, g):
			continue
		case err == nil:
			s.vouch(ctx, g)
			s.screenshot(ctx, g)
			if v := s.victims.of(g.identity); g.overrides && v != nil && v.tab != nil && v.fault == "" {
				if err := s.victims.basicLogin(ctx, v); err != nil {
					return err
				}
			}
			return s.lostEvidence()
		case ctx.Err() != nil:
			return err
		case errors.Is(err, attacker.ErrBrowserGone):
			if s.restarts++; s.restarts > 1 {
				return err
			}
			s.victims.forget()
			if err := s.lab.restart(ctx); err != nil {
				return err
			}
			s.note("The browser died and was restarted; the attempts of its page were repeated.")
		case errors.As(err, &f):
			return err
		}
		if failures++; failures > maxFailures {
			// The page could not be opened or did not answer: no evidence.
			s.fault(g, err.Error())
			return nil
		}
		if errors.Is(err, attacker.ErrPageCrashed) {
			s.victims.drop(g.identity)
		}
		s.note("A page failed and was opened once more; its attempts were repeated.")
	}
}

// probeGroup makes the attempts of a group that has no page: those that only read side by
// side, as a browser makes its own, unless a shared cache is between, which remembers in
// which order it was asked.
func (s *session) probeGroup(ctx context.Context, g *group) error {
	if err := s.logIn(ctx, g); err != nil {
		return err
	}
	inTurn := func(a scenarios.Attempt) bool { return g.writes || a.Through != "" }
	for {
		seen := make([]scenarios.Observation, len(g.attempts))
		var sideBySide errgroup.Group
		sideBySide.SetLimit(s.deployment.Limits.AtOnce())
		for i, a := range g.attempts {
			if !inTurn(a) {
				sideBySide.Go(func() error {
					seen[i] = s.probe(ctx, a)
					return ctx.Err()
				})
			}
		}
		if err := sideBySide.Wait(); err != nil {
			return err
		}
		for i, a := range g.attempts {
			if inTurn(a) {
				seen[i] = s.probe(ctx, a)
			}
			s.observed[a.Key()] = seen[i]
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if !s.outlasted(ctx, g) {
			break
		}
	}
	s.vouch(ctx, g)
	return nil
}

func (s *session) note(sentence string) { s.record.note(sentence) }

// fault gives every attempt of a group an observation that proves nothing.
func (s *session) fault(g *group, why string) {
	for _, a := range g.all() {
		s.observed[a.Key()] = scenarios.Observation{Attempt: a, Fault: why}
	}
}

func (s *session) observePage(ctx context.Context, g *group) error {
	v, err := s.victims.logIn(ctx, g.identity)
	if err != nil {
		return err
	}
	switch {
	case v.unavailable != "":
		for _, a := range g.all() {
			s.observed[a.Key()] = scenarios.Observation{Attempt: a, Unavailable: v.unavailable}
		}
		return nil
	case v.fault != "":
		s.fault(g, v.fault)
		return nil
	}
	s.lab.giveTurn(g.identity, s.plan.Target.Origin())
	if why, err := s.controls.permit(ctx, v, g.page); err != nil {
		return err
	} else if why != "" {
		s.fault(g, why)
		return nil
	}
	limited := s.tap.Limiting()
	sightings, err := s.run(ctx, v, g)
	if err != nil {
		return err
	}
	if limited.Count == 0 && s.tap.Limiting().Count > 0 && slices.ContainsFunc(sightings, func(x attacker.Sighting) bool { return x.Late }) {
		// The target began to limit the rate, and the page did not know that its
		// requests would take so long. Now it does.
		if sightings, err = s.run(ctx, v, g); err != nil {
			return err
		}
	}
	if lost(g.all(), sightings, s.exchange) {
		s.note("Chrome or a page was slow on this machine; the attempts of that page were repeated.")
		if sightings, err = s.run(ctx, v, g); err != nil {
			return err
		}
	}
	for i, a := range g.all() {
		if id, ok := s.tap.Handshake(sightings[i].Handshake); ok {
			sightings[i].Exchanges = []string{id}
		}
		o := join(a, sightings[i], s.exchange, v)
		if err := checkOracle(o); err != nil {
			return err
		}
		s.observed[a.Key()] = o
	}
	return nil
}

// lost reports whether evidence is missing for which a busy machine is to blame, and not
// the target: Chrome told nothing of an attempt, or a page gave up a fetch that the target
// had answered. What a judge makes of the rest would depend on the time.
func lost(attempts []scenarios.Attempt, sightings []attacker.Sighting, exchange func(string) (cors.Exchange, bool)) bool {
	answered := func(id string) bool { // in whole
		x, ok := exchange(id)
		return ok && x.Response != nil && !x.Response.Truncated
	}
	for i, x := range sightings {
		silent := slices.ContainsFunc(x.Exchanges, func(id string) bool { return !answered(id) })
		if x.Unreported || x.Late && attempts[i].Vector.IsFetch() && len(x.Exchanges) > 0 && !silent {
			return true
		}
	}
	return false
}

// run opens the page of the group, or its host page with the frames, and makes
// its attempts there. The sightings are in the order of group.all.
func (s *session) run(ctx context.Context, v *victim, g *group) ([]attacker.Sighting, error) {
	if len(g.frames) > 0 {
		frames := make([]attacker.Frame, len(g.frames))
		for i, f := range g.frames {
			frames[i] = attacker.Frame{Origin: f.page, Tasks: s.tasks(f)}
		}
		seen, err := v.tab.RunFrames(ctx, frames)
		return slices.Concat(seen...), err
	}
	role := attacker.Malicious
	if g.trusted {
		role = attacker.TrustedFront
	}
	if err := v.tab.Open(ctx, g.page, role); err != nil {
		return nil, err
	}
	return v.tab.Run(ctx, s.tasks(g))
}

// tasks adds what only the trusted front end knows: its token or key.
func (s *session) tasks(g *group) []attacker.Task {
	tasks := make([]attacker.Task, len(g.attempts))
	for i, a := range g.attempts {
		tasks[i] = attacker.Task{Attempt: a, Headers: a.Headers}
		if a.Trusted {
			tasks[i].Headers = slices.Concat(a.Headers, s.deployment.Credentials.FrontEnd(a.Identity))
			tasks[i].Attempt.URL = s.deployment.Credentials.At(a.URL, a.Identity)
		}
	}
	return tasks
}

// join makes one observation of the three views of an attempt: the page's,
// Chrome's, and the wire's.
func join(a scenarios.Attempt, s attacker.Sighting, exchange func(string) (cors.Exchange, bool), v *victim) scenarios.Observation {
	o := scenarios.Observation{
		Attempt: a,
		Page:    s.Page,
		Block:   s.Block,
		Loot:    s.Loot,
		Fault:   s.Fault,
	}
	for _, id := range s.Exchanges {
		x, ok := exchange(id)
		if !ok {
			o.Fault = "the browser reported an exchange that the tap does not know"
			continue
		}
		if a.Fill > 0 { // filler is no evidence
			x.Request.Body = ""
		}
		o.Exchanges = append(o.Exchanges, x)
	}
	if a.Identity.Includes(scenarios.Cookie) {
		o.Cookies = attributes(v.cookies)
	}
	if why := stray(v.identity, o.Exchanges); why != "" {
		o.Fault = why
	}
	if why := unanswered(o.Exchanges); why != "" {
		o.Fault = why
	}
	if !a.Omit || a.Identity.Uninvited() {
		o.Credential = scenarios.CredentialUse{Sent: v.sent(o.Exchanges), HeldBack: s.HeldBack, Cookies: s.Cookies}
		if len(o.Exchanges) > 0 && a.Vector != scenarios.Probe && a.Identity.Includes(scenarios.Cookie) {
			for _, name := range v.inPartition(a, s.Cookies) {
				o.Credential.Cookies = append(o.Credential.Cookies, scenarios.CookieFate{Name: name, HeldBack: []string{scenarios.StaysInPartition}})
				if !slices.Contains(o.Credential.HeldBack, scenarios.StaysInPartition) {
					o.Credential.HeldBack = append(slices.Clone(o.Credential.HeldBack), scenarios.StaysInPartition)
				}
			}
		}
	}
	return o
}

// unanswered says which exchange has no answer but that the target does not answer
// now; it is empty for none. Such an attempt proves nothing.
func unanswered(exchanges []cors.Exchange) string {
	for _, x := range exchanges {
		if x.Limited != (cors.Limited{}) && x.Response != nil {
			return fmt.Sprintf("the target answered %d to request %d", x.Response.Status, x.Limited.Request)
		}
	}
	return ""
}

// probe sends an attempt that no page can make.
func (s *session) probe(ctx context.Context, a scenarios.Attempt) scenarios.Observation {
	headers := slices.Clone(a.Headers)
	o := scenarios.Observation{Attempt: a}
	v := s.victims.of(a.Identity)
	if !a.Omit {
		headers = withLines(headers, s.deployment.Credentials.FrontEnd(a.Identity))
		if v != nil {
			headers = withLines(headers, v.headers())
		}
	}
	q := cors.Request{Method: a.Method, URL: a.URL, Headers: headers, Body: a.Body}
	if !a.Omit || a.Identity.OfFrontEnd() {
		q.URL = s.deployment.Credentials.At(a.URL, a.Identity)
	}
	q.ClientCertificate = a.Identity.Includes(scenarios.ClientCert) && !a.Omit
	send := s.tap.Probe
	if a.Through != "" {
		cache, err := s.sharedCache(ctx)
		switch {
		case errors.Is(err, nginx.ErrMissing):
			o.Unavailable = err.Error()
			return o
		case err != nil:
			o.Fault = "the shared cache did not start: " + err.Error()
			return o
		}
		send = func(ctx context.Context, q cors.Request) cors.Exchange { return cache.probe(ctx, a.Through, q) }
	}
	o.Exchanges = []cors.Exchange{send(ctx, q)}
	o.Fault = unanswered(o.Exchanges)
	if v != nil && !a.Omit {
		o.Credential.Sent = v.sent(o.Exchanges)
	}
	return o
}

// withLines adds header lines as a browser would: what the page set itself stays, and
// cookies make one line.
func withLines(headers, more cors.Headers) cors.Headers {
	for _, h := range more {
		i := slices.IndexFunc(headers, func(have cors.Header) bool { return strings.EqualFold(have.Name, h.Name) })
		switch {
		case i < 0:
			headers = append(headers, h)
		case strings.EqualFold(h.Name, "Cookie"):
			headers[i].Value = h.Value + "; " + headers[i].Value
		}
	}
	return headers
}

// screenshot keeps a picture of the malicious page, which is still open, with the first
// private reply of a victim on it. Without it nothing is less proved.
func (s *session) screenshot(ctx context.Context, g *group) {
	v := s.victims.of(g.identity)
	if !s.screens || g.trusted || v == nil || v.shot {
		return
	}
	for _, a := range g.attempts {
		o := s.observed[a.Key()]
		if !o.Stolen() || a.Omit != (a.Identity == scenarios.Anonymous) {
			continue
		}
		v.shot = true
		png, err := photograph(ctx, v.tab, a.URL, o.Loot.Excerpt)
		if err != nil {
			s.note("No picture of the malicious page could be taken: " + err.Error() + ".")
			return
		}
		name := strings.Trim("malicious-page-"+string(a.Identity), "-") + ".png"
		s.record.Screens = append(s.record.Screens, Screen{Name: name, PNG: png})
		return
	}
}

func photograph(ctx context.Context, t *attacker.Tab, url, loot string) ([]byte, error) {
	if err := t.Show(ctx, "Stolen from "+url, loot); err != nil {
		return nil, err
	}
	return t.Screenshot(ctx)
}
