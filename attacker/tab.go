package attacker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	cdptarget "github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// Limits on what a page may do.
const (
	// attemptTimeout bounds one request in the page. It is above the sum of the
	// tap's default deadlines, so that the tap's better explanation comes first; see
	// [Tab.WaitFor] for others.
	attemptTimeout = 30 * time.Second
	// eventTimeout bounds the wait for events that belong to a finished request.
	// They are there at once, unless the machine is very busy.
	eventTimeout = 10 * time.Second
	// openTimeout bounds a navigation; it is above the tap's deadlines too.
	openTimeout = 30 * time.Second
	// bodyLimit bounds what the page reads of a body, in bytes.
	bodyLimit = 64 << 10
	// reserve is how much later than the tap the page gives up.
	reserve = 5 * time.Second
	// parallel is how many requests a page has under way at once, unless the options
	// say less: as many connections as Chrome opens to one host.
	parallel = 6
)

// A Tab is the one tab of a victim: a browser context with a cookie jar and an
// authentication cache of its own. It is used from one goroutine.
type Tab struct {
	browser  *Browser
	ctx      context.Context
	end      context.CancelCauseFunc // of ctx
	close    func()                  // the tab itself
	recorder *recorder
	auth     *authentication
	direct   *direct                     // nil where the target is behind a tap
	longest  func() time.Duration        // see WaitFor; nil for the default
	frame    cdp.FrameID                 // the main one
	document atomic.Pointer[cors.Origin] // of the last document that was asked for in it
	handOut  atomic.Pointer[handOut]     // cookies on their way to it; nil for none
	front    atomic.Pointer[FrontEnd]    // that is open in it; nil for none

	origin cors.Origin // of the page that is open
	role   Role
	open   bool
	worker bool // of the page runs
	// parts are the worker and the frames of the page that have a session of their
	// own, which the func lets go of.
	parts map[cdptarget.ID]context.CancelFunc
}

// Tab gives the tab of a victim by its name and opens it the first time. The
// first gets the browser's own tab; each other one a browser context of its own,
// which costs a few hundred milliseconds.
func (b *Browser) Tab(ctx context.Context, victim string) (*Tab, error) {
	if t, ok := b.tabs[victim]; ok {
		return t, nil
	}
	t := &Tab{browser: b, recorder: newRecorder(), close: func() {}, parts: map[cdptarget.ID]context.CancelFunc{}}
	t.auth = &authentication{tab: t}
	t.document.Store(&cors.Origin{})
	parent := b.root
	if b.rootTaken {
		var cancel context.CancelFunc
		parent, cancel = chromedp.NewContext(b.root, chromedp.WithNewBrowserContext(b.led))
		t.close = cancel
	}
	b.rootTaken = true
	t.ctx, t.end = context.WithCancelCause(parent)
	if err := t.do(ctx, t.prepare); err != nil {
		t.end(nil)
		t.close()
		return nil, fmt.Errorf("opening a tab: %w", err)
	}
	b.tabs[victim] = t
	return t, nil
}

func (t *Tab) prepare(ctx context.Context) error {
	// The first Do of a new context opens its tab, and binds the tab to the
	// context it is given, so that one must not be the caller's.
	stop := context.AfterFunc(ctx, func() { t.end(context.Cause(ctx)) })
	err := chromedp.Do(t.ctx)
	stop()
	if err != nil {
		return err
	}
	t.frame = cdp.FrameID(chromedp.FromContext(t.ctx).Target.TargetID) // Chrome names both alike
	if err := chromedp.Listen(t.ctx, t.event); err != nil {
		return err
	}
	if err := t.trustStage(ctx); err != nil {
		return err
	}
	if err := t.present(ctx); err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	return err
}

// event takes the events of the tab. chromedp calls it in the goroutine that
// reads from the browser: it must be quick, and may call chromedp only in another
// goroutine. Such a call that fails belongs to a page that has gone.
func (t *Tab) event(ev any) {
	if f := t.front.Load(); f != nil {
		f.event(ev)
		t.auth.event(ev)
		return
	}
	switch e := ev.(type) {
	case *inspector.EventTargetCrashed:
		// Calls that are pending would hang for ever.
		t.end(ErrPageCrashed)
	case *network.EventRequestWillBeSent:
		if e.FrameID != t.frame || e.Type != network.ResourceTypeDocument {
			break
		}
		if u, err := url.Parse(e.Request.URL); err == nil {
			o := cors.OriginOf(u)
			t.document.Store(&o)
		}
	case *page.EventJavascriptDialogOpening:
		// A page of the target's that calls alert would wait for ever. The question
		// whether to leave a page is answered with yes, any other is dismissed.
		leave := e.Type == page.DialogTypeBeforeunload
		go func() {
			_, _ = chromedp.Call(t.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: leave})
		}()
	}
	t.recorder.event(ev)
	t.auth.event(ev)
	if t.direct != nil {
		t.direct.event(ev)
	}
}

// CloseTab closes the tab of a victim and forgets its cookies. (The browser's own
// tab stays open, unused, until the browser ends.)
func (b *Browser) CloseTab(victim string) {
	if t, ok := b.tabs[victim]; ok {
		delete(b.tabs, victim)
		t.end(nil)
		t.close()
	}
}

// do runs calls to the tab under the caller's context.
func (t *Tab) do(caller context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(t.ctx)
	defer cancel(nil)
	stop := context.AfterFunc(caller, func() { cancel(context.Cause(caller)) })
	defer stop()
	return t.browser.explain(caller, ctx, call(ctx))
}

// WaitFor says how long a request of the tab may take at the moment, where that can
// be more than by default: the tab gives nothing up before.
func (t *Tab) WaitFor(longest func() time.Duration) { t.longest = longest }

// extra is what a request may take beyond the default.
func (t *Tab) extra() time.Duration {
	if t.longest == nil {
		return 0
	}
	return max(0, t.longest()+reserve-attemptTimeout)
}

// within is do with a time limit, which the error names, and which is longer where a
// request of the tab may take longer.
func (t *Tab) within(limit time.Duration, caller context.Context, call func(context.Context) error) error {
	limit += t.extra()
	bounded, cancel := context.WithTimeoutCause(caller, limit, fmt.Errorf("the browser was not done within %s", limit))
	defer cancel()
	return t.do(bounded, call)
}

// Visit navigates the tab to a URL as the victim would, and waits for the page.
// It is no error that the answer makes no page: a download, a 204, a 404 without a
// body. Of a direct target no script runs there: it could start a worker that
// outlives the page, whose requests nobody would hold.
func (t *Tab) Visit(ctx context.Context, u string) error {
	if t.direct == nil {
		return t.visit(ctx, u)
	}
	scripts := func(disabled bool) error {
		return t.do(ctx, func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: disabled})
			return err
		})
	}
	if err := scripts(true); err != nil {
		return err
	}
	err := t.visit(ctx, u)
	// Only when the page has gone may scripts run again.
	if left := t.navigate(ctx, "about:blank"); left != nil {
		return errors.Join(err, left)
	}
	return errors.Join(err, scripts(false))
}

func (t *Tab) visit(ctx context.Context, u string) error {
	err := t.navigate(ctx, u)
	var refused *chromedp.LoadError
	if errors.As(err, &refused) {
		switch refused.ErrorText {
		case "net::ERR_ABORTED", "net::ERR_HTTP_RESPONSE_CODE_FAILURE":
			return nil
		}
	}
	return err
}

func (t *Tab) navigate(ctx context.Context, u string) error {
	t.open = false
	t.leaveParts()
	t.browser.navigations.Add(1)
	err := t.within(openTimeout, ctx, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Navigate(u))
	})
	if err != nil {
		return fmt.Errorf("visiting %s: %w", u, err)
	}
	return nil
}

// Open shows the page of the role on an origin, unless it is open already.
func (t *Tab) Open(ctx context.Context, o cors.Origin, r Role) error {
	if t.open && t.origin == o && t.role == r {
		return nil
	}
	t.browser.stage.Play(o, r)
	if t.browser.info.Remote && o.Scheme() == "http" {
		// It tries https first, unless told not to when it started, and must not
		// find a page there.
		defer t.browser.stage.hide(o.WithScheme("https"))()
	}
	err := t.navigate(ctx, o.String()+PagePath)
	var refused *chromedp.LoadError
	if at := *t.document.Load(); at != o && (err == nil || errors.As(err, &refused)) {
		// A host of the preloaded HSTS list, for one.
		return fmt.Errorf("a page of %s cannot be opened in this browser: it became %s", o, at)
	}
	if err != nil {
		return err
	}
	var ours bool
	err = t.within(openTimeout, ctx, func(ctx context.Context) (err error) {
		ours, err = chromedp.Run(ctx, chromedp.Evaluate[bool](`"run" in self || "runFrames" in self`))
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("opening a page of %s: %w", o, err)
	case !ours:
		// net/http refuses a Host with a quotation mark, backtick or brace.
		return fmt.Errorf("a page of %s cannot be served", o)
	}
	t.origin, t.role, t.open = o, r, true
	return nil
}

func (t *Tab) evaluateOrigin(ctx context.Context) (string, error) {
	var origin string
	err := t.do(ctx, func(ctx context.Context) (err error) {
		origin, err = chromedp.Run(ctx, chromedp.Evaluate[string]("self.origin"))
		return err
	})
	return origin, err
}

// A Sighting is what the browser's side shows of one attempt: the page's view,
// Chrome's reason, and the ids under which the tap keeps the exchanges.
type Sighting struct {
	Page      *scenarios.PageView
	Block     scenarios.Block
	Exchanges []string
	// Handshake is the key of a WebSocket's handshake, by which the tap knows the
	// exchange; see [tap.Tap.Handshake].
	Handshake string
	HeldBack  []string
	Cookies   []scenarios.CookieFate
	Loot      *scenarios.Loot
	// Late says that the page gave the attempt up, or waited no longer for more of it.
	Late bool
	// Unreported says that Chrome told nothing of the attempt in the time that there was.
	Unreported bool
	Fault      string
}

// A Task is an attempt as the page is to make it: Headers is the complete list
// the page sets, secrets of the trusted front end included.
type Task struct {
	Attempt scenarios.Attempt
	Headers cors.Headers
}

// Run makes the attempts in the open page and gives a sighting for each, in
// order. An error means that the page or the browser is lost, and with it all
// sightings of this call; the next Open opens the page anew.
func (t *Tab) Run(ctx context.Context, tasks []Task) ([]Sighting, error) {
	sightings := make([]Sighting, len(tasks))
	t.recorder.forget()
	// Attempts of one vector run together.
	byVector := map[scenarios.Vector][]int{}
	var order []scenarios.Vector
	for i, task := range tasks {
		v := task.Attempt.Vector
		if byVector[v] == nil {
			order = append(order, v)
		}
		byVector[v] = append(byVector[v], i)
	}
	byPlace(order)
	for _, v := range order {
		err := t.runVector(ctx, v, byVector[v], tasks, sightings)
		var no *placeError
		switch {
		case errors.As(err, &no):
			for _, i := range byVector[v] {
				sightings[i].Fault = no.why
			}
		case err != nil:
			// Its requests may be under way still, and answer later.
			t.open = false
			return nil, err
		}
	}
	return sightings, nil
}

func (t *Tab) runVector(ctx context.Context, v scenarios.Vector, which []int, tasks []Task, sightings []Sighting) error {
	if err := t.takePlace(ctx, v); err != nil {
		return err
	}
	chosen := make([]Task, len(which))
	for n, i := range which {
		chosen[n] = tasks[i]
	}
	specs := t.specs(t.origin, chosen)
	encoded, err := json.Marshal(specs)
	if err != nil {
		return fmt.Errorf("encoding the attempts: %w", err)
	}
	if v == scenarios.EventSource {
		t.recorder.expectStreams(specs)
	}
	var views []view
	atOnce := t.browser.atOnce(v)
	err = t.within(runTimeout(len(specs), atOnce), ctx, func(ctx context.Context) (err error) {
		defer t.keepRunning(ctx, v)()
		call := fmt.Sprintf("run(%q, %s, %d)", v, encoded, atOnce)
		views, err = chromedp.Run(ctx, chromedp.Evaluate[[]view](call, chromedp.EvalAwaitPromise))
		return err
	})
	if err != nil {
		return fmt.Errorf("making attempts from %s: %w", t.origin, err)
	}
	if len(views) != len(specs) {
		return fmt.Errorf("making attempts from %s: %d views of %d attempts", t.origin, len(views), len(specs))
	}
	for n, s := range t.sightings(ctx, specs, views) {
		sightings[which[n]] = s
	}
	return nil
}

// runTimeout is for a page that does not keep the limits of its attempts.
func runTimeout(attempts, atOnce int) time.Duration {
	return attemptTimeout * time.Duration(2+attempts/atOnce)
}

// sightings joins what the page saw of the attempts with Chrome's events and with
// the loot.
func (t *Tab) sightings(ctx context.Context, specs []spec, views []view) []Sighting {
	readable := make(map[string]bool, len(specs))
	for n, s := range specs {
		if !views[n].Unsent {
			readable[s.Name] = views[n].Readable
		}
	}
	bounded, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	seen := t.recorder.await(bounded, readable)
	all := make([]Sighting, len(specs))
	for n, spec := range specs {
		s := seen[spec.Name]
		// As many as the tap keeps.
		views[n].Headers, _ = views[n].Headers.Bound(500, 64<<10)
		all[n] = Sighting{
			Page:      &views[n].PageView,
			Block:     s.block,
			Exchanges: s.exchanges,
			Handshake: s.key,
			HeldBack:  s.heldBack,
			Cookies:   s.cookies,
			Loot:      t.browser.stage.Collector.take(spec.Name),
			Late:      views[n].Late,
		}
		switch {
		case views[n].Unsent:
			all[n].Fault = "no page can make this request: " + views[n].Error
		case !s.seen:
			all[n].Unreported, all[n].Fault = true, "Chrome reported no network event for the attempt"
		}
	}
	return all
}

// view is what attempt.js gives.
type view struct {
	scenarios.PageView
	// Unsent says that the page was not even let make a request of it.
	Unsent bool `json:"unsent"`
	// Late says that the time of the attempt was over.
	Late bool `json:"late"`
}

// spec is what attempt.js takes.
type spec struct {
	Name    string         `json:"name"`
	Way     string         `json:"way"` // the vector; see ways.js
	URL     string         `json:"url"`
	Init    map[string]any `json:"init"`
	Fill    int            `json:"fill,omitempty"` // bytes of body
	Offers  []string       `json:"offers"`         // subprotocols of a WebSocket
	Message string         `json:"message,omitempty"`
	Loot    string         `json:"loot,omitempty"`
	Limit   int            `json:"limit"`
	Timeout int64          `json:"timeout"` // milliseconds
}

// specs names the attempts of a page.
func (t *Tab) specs(page cors.Origin, tasks []Task) []spec {
	specs := make([]spec, len(tasks))
	for i, task := range tasks {
		// Not to be guessed, and never used again: what the collector has under a
		// name is from this attempt.
		specs[i] = newSpec(attemptPrefix+rand.Text(), page, AskedURL(t.origin, task.Attempt), task)
		specs[i].Timeout = (attemptTimeout + t.extra()).Milliseconds()
	}
	return specs
}

func newSpec(name string, page cors.Origin, asked string, task Task) spec {
	a := task.Attempt
	s := spec{
		Name: name, Way: string(a.Vector), URL: asked, Fill: a.Fill, Offers: append([]string{}, a.Protocols...), Message: a.Message,
		Limit: bodyLimit, Timeout: attemptTimeout.Milliseconds(),
	}
	headers := make([][2]string, len(task.Headers))
	for i, h := range task.Headers {
		headers[i] = [2]string{h.Name, h.Value}
	}
	s.Init = map[string]any{"method": a.Method, "headers": headers, "credentials": "include"}
	if a.Omit {
		s.Init["credentials"] = "omit"
	}
	if a.Body != "" {
		s.Init["body"] = a.Body
	}
	if space := addressSpace(a); space != "" {
		s.Init["targetAddressSpace"] = space
	}
	if !a.Trusted {
		s.Loot = page.String() + collectorPath + "?attempt=" + url.QueryEscape(name)
	}
	return s
}

// Show puts a title and a text on the malicious page.
func (t *Tab) Show(ctx context.Context, title, text string) error {
	args, err := json.Marshal([]string{title, text})
	if err != nil {
		return err
	}
	if err := t.reopen(ctx); err != nil {
		return err
	}
	return t.do(ctx, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("show(..."+string(args)+")"))
	})
}

// Screenshot gives a PNG of the open page.
func (t *Tab) Screenshot(ctx context.Context) ([]byte, error) {
	var png []byte
	err := t.do(ctx, func(ctx context.Context) error {
		shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
		png = shot.Data
		return err
	})
	return png, err
}

// A StoredCookie is a cookie as the browser keeps it: the attributes are what the
// browser made of the server's Set-Cookie.
type StoredCookie struct {
	Name, Value      string
	Domain, Path     string // Domain begins with a dot where other hosts below it have the cookie too
	SameSite         string // "Strict", "Lax", "None", or empty, which is treated as Lax
	Secure, HTTPOnly bool
	Partitioned      bool // it is sent only below the site where it was set (CHIPS)
}

// Cookies gives the cookies the browser keeps for a URL.
func (t *Tab) Cookies(ctx context.Context, u string) ([]StoredCookie, error) {
	var cookies []StoredCookie
	err := t.do(ctx, func(ctx context.Context) error {
		r, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{u}})
		for _, c := range r.Cookies {
			cookies = append(cookies, StoredCookie{
				Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
				SameSite: string(c.SameSite), Secure: c.Secure, HTTPOnly: c.HTTPOnly, Partitioned: c.PartitionKey != nil,
			})
		}
		return err
	})
	return cookies, err
}

// SetCookie gives the tab a cookie for an origin that goes with cross-site
// requests, as if the origin had set it: SameSite=None; Secure; HttpOnly.
func (t *Tab) SetCookie(ctx context.Context, o cors.Origin, name, value string) error {
	return t.do(ctx, func(ctx context.Context) error {
		yes := true
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{
			Name: name, Value: value, URL: o.String() + "/",
			SameSite: network.CookieSameSiteNone, Secure: &yes, HTTPOnly: &yes,
		})
		return err
	})
}

// SetPartitioned gives the tab a partitioned cookie of an origin as if the origin had set
// it below a page of below, which may be its own.
func (t *Tab) SetPartitioned(ctx context.Context, c StoredCookie, of, below cors.Origin) error {
	site := below.RegistrableDomain()
	if site == "" {
		site = below.Host()
	}
	if strings.Contains(site, ":") {
		site = "[" + site + "]" // an IPv6 address
	}
	domain := ""
	if strings.HasPrefix(c.Domain, ".") {
		domain = c.Domain
	}
	return t.do(ctx, func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{
			Name: c.Name, Value: c.Value, URL: of.String() + c.Path, Path: c.Path, Domain: domain,
			SameSite: network.CookieSameSite(c.SameSite), Secure: &c.Secure, HTTPOnly: &c.HTTPOnly,
			PartitionKey: &network.CookiePartitionKey{TopLevelSite: below.Scheme() + "://" + site, HasCrossSiteAncestor: !below.SameSite(of)},
		})
		return err
	})
}

// Post makes a POST from a page on the URL's own origin, as a login form does, and
// gives the status of the answer. The page is one of the stage: whatever page the
// target has there, or none, the login depends on its answer alone.
func (t *Tab) Post(ctx context.Context, u, contentType, body string) (status int, err error) {
	parsed, err := url.Parse(u)
	if err != nil {
		return 0, err
	}
	if err := t.Open(ctx, cors.OriginOf(parsed), TrustedFront); err != nil {
		return 0, err
	}
	args, err := json.Marshal([]any{u, map[string]any{
		"method": "POST", "body": body, "headers": map[string]string{"Content-Type": contentType},
	}})
	if err != nil {
		return 0, err
	}
	err = t.within(attemptTimeout, ctx, func(ctx context.Context) (err error) {
		status, err = chromedp.Run(ctx, chromedp.Evaluate[int]("fetch(..."+string(args)+").then(r => r.status)", chromedp.EvalAwaitPromise))
		return err
	})
	return status, err
}

// Crash kills the renderer of the open page, for tests of what happens then.
func (t *Tab) Crash(ctx context.Context) error {
	return t.do(ctx, func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, page.Crash, cdp.Empty{})
		return err
	})
}
