package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// A controlPair is two fixtures with known answers for one kind of credential:
// an open one that any page may read with it, and a closed one that none may.
type controlPair struct {
	open, closed *controlTarget
}

// A controlTarget is a fixture behind a tap, mounted on the stage like a target.
type controlTarget struct {
	origin  cors.Origin
	server  *loopback.Server
	tap     *tap.Tap
	fixture fixtures.Notebook
}

func (c *controlPair) close() error {
	c.open.tap.Close()
	c.closed.tap.Close()
	return errors.Join(c.open.server.Close(), c.closed.server.Close())
}

// logins answer the controls' HTTP authentication prompts.
func (c *controlPair) logins() map[cors.Origin]attacker.BasicLogin {
	login := attacker.BasicLogin{Username: fixtures.User, Password: fixtures.Password}
	return map[cors.Origin]attacker.BasicLogin{c.open.origin: login, c.closed.origin: login}
}

const controlPath = "/api/notebooks"

// controlPair starts the fixtures of a credential the first time.
func (l *Lab) controlPair(c scenarios.Credential) (*controlPair, error) {
	if pair, ok := l.controls[c]; ok {
		return pair, nil
	}
	login, open := fixtures.NoLogin, fixtures.WildcardWithoutCredentials()
	switch c {
	case scenarios.Cookie:
		login, open = fixtures.SessionCookie, fixtures.WildcardEchoAlways()
	case scenarios.Basic:
		login, open = fixtures.HTTPBasic, fixtures.WildcardEchoAlways()
	case scenarios.ClientCert:
		login, open = fixtures.ClientCertificate, fixtures.WildcardEchoAlways()
	}
	pair := &controlPair{}
	for name, side := range map[string]struct {
		policy fixtures.Policy
		target **controlTarget
	}{"open": {open, &pair.open}, "closed": {fixtures.Hardened(), &pair.closed}} {
		host := fmt.Sprintf("%s.%s.control.test", name, orNetwork(c))
		made, err := l.controlTarget(host, fixtures.Notebook{
			Policy:  side.policy,
			Login:   login,
			Client:  l.leaf(),
			Origins: []cors.Origin{cors.NewOrigin("https", "trusted.control.test", "")},
		})
		if err != nil {
			return nil, fmt.Errorf("starting a control: %w", err)
		}
		*side.target = made
	}
	l.controls[c] = pair
	return pair, nil
}

func orNetwork(c scenarios.Credential) scenarios.Credential {
	if c.Ambient() {
		return c
	}
	return scenarios.Network
}

func (l *Lab) controlTarget(host string, n fixtures.Notebook) (*controlTarget, error) {
	c := &controlTarget{origin: cors.NewOrigin("https", host, ""), fixture: n}
	var err error
	// The tap takes its scheme from the URL: it dials the fixture in plain http,
	// while the browser, on the stage, speaks https.
	o := tap.Options{Upstream: tap.Upstream{URL: &url.URL{Scheme: "http", Host: host}}, Run: "crossexam-control", Prompts: n.Login == fixtures.HTTPBasic}
	if n.Login == fixtures.ClientCertificate { // which goes with https alone
		o.Upstream.URL.Scheme, o.Upstream.Roots = "https", l.stage.Authority().Roots()
		o.ClientCertificate = l.options.ClientCertificate
		config := l.stage.Authority().TLSConfig()
		config.ClientAuth = tls.RequestClientCert
		c.server, err = loopback.ServeOwn(n.Handler(), config)
	} else {
		c.server, err = loopback.ServeOwn(n.Handler(), nil)
	}
	if err != nil {
		return nil, err
	}
	o.Upstream.Address = c.server.Addr()
	c.tap, err = tap.New(o)
	if err != nil {
		return nil, errors.Join(err, c.server.Close())
	}
	l.stage.Mount(c.origin, c.tap)
	return c, nil
}

// controls are the attempts with known answers that are made in the browser of a
// lab. They need no target.
type controls struct {
	lab     *Lab
	results []Control
}

// keep takes the place of a result that was there before a restart.
func (cs *controls) keep(results ...Control) { cs.results = mergeControls(cs.results, results) }

// run makes the attempts with known answers in a victim's tab, for each kind of
// credential that it holds. A control that fails is a *Fault: nothing that this
// browser shows can be trusted then.
func (cs *controls) run(ctx context.Context, v *victim) error {
	kinds := slices.DeleteFunc(v.identity.Kinds(), func(c scenarios.Credential) bool { return c == scenarios.AnyCookie })
	if len(kinds) == 0 {
		kinds = []scenarios.Credential{scenarios.Network}
	}
	for _, kind := range kinds {
		if err := cs.runKind(ctx, v, kind); err != nil {
			return err
		}
	}
	return nil
}

func (cs *controls) runKind(ctx context.Context, v *victim, kind scenarios.Credential) error {
	pair, err := cs.lab.controlPair(kind)
	if err != nil {
		return err
	}
	identity := kind.OfBrowser()
	cs.lab.giveTurn(identity)
	if err := pair.logVictimIn(ctx, v, kind); err != nil {
		return err
	}
	if err := v.tab.Open(ctx, evil(), attacker.Malicious); err != nil {
		return err
	}
	both := []*controlTarget{pair.open, pair.closed}
	tasks := make([]attacker.Task, len(both))
	for i, c := range both {
		tasks[i].Attempt = scenarios.Attempt{
			Page: evil(), Vector: scenarios.Fetch, Identity: identity, Omit: kind == scenarios.Network,
			Method: "GET", URL: c.origin.String() + controlPath,
		}
	}
	sightings, err := v.tab.Run(ctx, tasks)
	if err != nil {
		return err
	}
	holder := &victim{identity: identity, cookies: []attacker.StoredCookie{{Name: fixtures.CookieName}}}
	open := join(tasks[0].Attempt, sightings[0], pair.open.tap.Exchange, holder)
	closed := join(tasks[1].Attempt, sightings[1], pair.closed.tap.Exchange, holder)
	results := []Control{judgeOpen(kind, open), judgeClosed(kind, closed)}
	cs.keep(results...)
	for _, c := range results {
		if c.Outcome == Failed {
			return &Fault{
				Stage:  StageControls,
				Err:    fmt.Errorf("the control %s failed: %s", c.ID, c.Detail),
				Advice: advice(kind, open, cs.lab.options.Posture, cs.lab.browser.Info().Remote),
			}
		}
	}
	return errors.Join(checkOracle(open), checkOracle(closed))
}

// logVictimIn gives the victim the credential of this kind for the control fixtures.
func (c *controlPair) logVictimIn(ctx context.Context, v *victim, kind scenarios.Credential) error {
	both := []*controlTarget{c.open, c.closed}
	switch kind {
	case scenarios.Cookie:
		for _, fixture := range both {
			session, err := fixture.logIn(ctx)
			if err != nil {
				return err
			}
			if err := v.tab.SetCookie(ctx, fixture.origin, session.Name, session.Value); err != nil {
				return err
			}
		}
	case scenarios.Basic:
		if err := v.tab.AnswerPrompts(ctx, c.logins()); err != nil {
			return err
		}
		for _, fixture := range both {
			if err := v.tab.Visit(ctx, fixture.origin.String()+controlPath); err != nil {
				return err
			}
		}
	}
	return nil
}

// logIn begins a session at a control fixture, without the browser: what the
// control is about is whether the browser sends the cookie.
func (c *controlTarget) logIn(ctx context.Context) (*http.Cookie, error) {
	form := url.Values{fixtures.PasswordField: {fixtures.Password}}
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+c.server.Addr()+fixtures.LoginPath, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("logging in at a control: %w", err)
	}
	defer answer.Body.Close()
	for _, cookie := range answer.Cookies() {
		return cookie, nil
	}
	return nil, fmt.Errorf("logging in at a control: it answered %s without a cookie", answer.Status)
}

// judgeOpen wants the read, with the credential, at the collector.
func judgeOpen(kind scenarios.Credential, o scenarios.Observation) Control {
	c := Control{ID: string(kind) + "/open", Outcome: Failed}
	switch {
	case o.Inconclusive() != "":
		c.Detail = o.Inconclusive()
	case !o.Read():
		c.Detail = fmt.Sprintf("a fixture that any page may read was not readable (%s)", o.Block.Reason)
	case kind != scenarios.Network && !o.Credential.Sent:
		c.Detail = fmt.Sprintf("the fixture was read, but without the victim's credential (%v)", o.Credential.HeldBack)
	case o.Page.Status != 200:
		c.Detail = fmt.Sprintf("the fixture answered %d instead of 200", o.Page.Status)
	case o.Loot == nil:
		c.Detail = "what was read did not arrive at the collector"
	default:
		c.Outcome = Passed
		c.Detail = fmt.Sprintf("read as expected, %d bytes at the collector", o.Loot.Bytes)
	}
	return c
}

// judgeClosed wants the block, for the reason that the fixture gives.
func judgeClosed(kind scenarios.Credential, o scenarios.Observation) Control {
	c := Control{ID: string(kind) + "/closed", Outcome: Failed}
	switch {
	case o.Read():
		c.Detail = "a fixture that grants nothing was readable: this browser does not enforce CORS"
	case o.Inconclusive() != "":
		c.Detail = o.Inconclusive()
	case o.Block.Reason != cors.MissingAllowOriginHeader:
		c.Detail = fmt.Sprintf("blocked for %s instead of %s", o.Block.Reason, cors.MissingAllowOriginHeader)
	case kind != scenarios.Network && !o.Credential.Sent:
		c.Detail = fmt.Sprintf("blocked, but the victim's credential was not sent (%v)", o.Credential.HeldBack)
	default:
		c.Outcome = Passed
		c.Detail = "blocked as expected, " + string(o.Block.Reason)
	}
	return c
}

// advice says what to do about a control that failed.
func advice(kind scenarios.Credential, open scenarios.Observation, p attacker.Posture, remote bool) string {
	if p.BlockThirdPartyCookies && kind == scenarios.Basic {
		return "a browser that blocks third-party cookies keeps passwords at home too: run without `browser.block_third_party_cookies`"
	}
	for _, why := range open.Credential.HeldBack {
		if why == "ThirdPartyPhaseout" || why == "ThirdPartyBlockedInFirstPartySet" || why == "UserPreferences" {
			if remote {
				return "that browser blocks third-party cookies, so that a cookie attack cannot be seen: allow them in its settings, under " +
					"chrome://settings/cookies, or by {\"profile\":{\"cookie_controls_mode\":0}} in Default/Preferences of its profile before it starts"
			}
			return "this browser blocks third-party cookies, so that a cookie attack cannot be seen: run without `browser.block_third_party_cookies`"
		}
	}
	return fmt.Sprintf("nothing about %s credentials can be judged in this browser: try another one with `browser.path`", kind)
}

// mergeControls replaces controls that were run again after a restart.
func mergeControls(have, news []Control) []Control {
	for _, n := range news {
		replaced := false
		for i := range have {
			if have[i].ID == n.ID {
				have[i], replaced = n, true
			}
		}
		if !replaced {
			have = append(have, n)
		}
	}
	return have
}
