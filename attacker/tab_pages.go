package attacker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
)

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
