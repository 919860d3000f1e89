package attacker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
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

// Visit navigates the tab to a URL as the victim would, waits for the page, and leaves it.
// It is no error that the answer makes no page: a download, a 204, a 404 without a
// body. No script runs there: it could hold the browser for ever, ask the target for
// anything with the victim's session, and start a worker that outlives the page.
func (t *Tab) Visit(ctx context.Context, u string) error {
	scripts := func(disabled bool) error {
		return t.do(ctx, func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: disabled})
			return err
		})
	}
	if err := scripts(true); err != nil {
		return err
	}
	err := t.Browse(ctx, u)
	// Only when the page has gone may scripts run again, and then they must, even if the caller has given up.
	ctx = context.WithoutCancel(ctx)
	if left := t.navigate(ctx, "about:blank"); left != nil {
		return errors.Join(err, left)
	}
	return errors.Join(err, scripts(false))
}

// Browse is [Tab.Visit] of a page that is trusted to behave: its scripts run, and it stays
// open.
func (t *Tab) Browse(ctx context.Context, u string) error {
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

// crash kills the renderer of the open page, for tests of what happens then.
func (t *Tab) crash(ctx context.Context) error {
	return t.do(ctx, func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, page.Crash, cdp.Empty{})
		return err
	})
}
