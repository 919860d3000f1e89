package attacker

import (
	"context"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
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
		parent, cancel = chromedp.NewContext(b.root, chromedp.WithNewBrowserContext(b.useProxy))
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
		t.answerDialog(e)
	}
	t.recorder.event(ev)
	t.auth.event(ev)
	if t.direct != nil {
		t.direct.event(ev)
	}
}

// answerDialog answers what a script of the page asks the user: a page that calls alert
// would wait for ever. The question whether to leave the page is answered with yes, any
// other is dismissed.
func (t *Tab) answerDialog(e *page.EventJavascriptDialogOpening) {
	leave := e.Type == page.DialogTypeBeforeunload
	go func() {
		_, _ = chromedp.Call(t.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: leave})
	}()
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
