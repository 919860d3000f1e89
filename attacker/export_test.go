package attacker

import (
	"context"
	"encoding/json"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Proxy is the proxy for a browser of this user.
func (s *Stage) Proxy() (string, error) { return s.startProxy("") }

// FetchInFrame adds a frame to the open page, "about:blank" or "srcdoc", which
// fetches the URL, and gives the frame's origin.
func (t *Tab) FetchInFrame(ctx context.Context, frame, u string) (origin string, err error) {
	args, err := json.Marshal([]string{frame, u})
	if err != nil {
		return "", err
	}
	const script = `(async (kind, url) => {
		const frame = document.createElement("iframe");
		if (kind === "srcdoc") frame.srcdoc = "<!doctype html><p>A frame";
		else frame.src = kind;
		const loaded = new Promise((resolve) => frame.onload = resolve);
		document.body.append(frame);
		await loaded;
		return frame.contentWindow.eval("fetch(" + JSON.stringify(url) + ").catch(() => {}).then(() => self.origin)");
	})(...`
	err = t.do(ctx, func(ctx context.Context) error {
		origin, err = chromedp.Run(ctx, chromedp.Evaluate[string](script+string(args)+")", chromedp.EvalAwaitPromise))
		return err
	})
	return origin, err
}

// CloseWindow closes the page as a user does.
func (f *FrontEnd) CloseWindow(ctx context.Context) error {
	return f.tab.do(ctx, func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, page.Close, cdp.Empty{})
		return err
	})
}

// crash kills the renderer of the open page, for tests of what happens then.
func (t *Tab) crash(ctx context.Context) error {
	return t.do(ctx, func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, page.Crash, cdp.Empty{})
		return err
	})
}
