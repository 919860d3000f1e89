package attacker

import (
	"context"
	"fmt"
	"net/http"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
)

// A handOut is cookies for one origin on their way to a tab. They go by the pipe to the
// browser alone: no server has them, so that nobody else can fetch them.
type handOut struct {
	url   string
	lines []string // values of Set-Cookie
}

// handOutPath is what the tab seems to visit on the origin. Nothing is sent there.
const handOutPath = "/crossexam-cookies"

// TakeCookies gives the tab cookies as if the origin had set them, each as the value of
// a Set-Cookie line: what becomes of its attributes is for the browser to say.
func (t *Tab) TakeCookies(ctx context.Context, o cors.Origin, lines []string) error {
	h := &handOut{url: o.String() + handOutPath, lines: lines}
	t.handOut.Store(h)
	if err := t.intercept(ctx); err != nil {
		return fmt.Errorf("giving the victim its cookies: %w", err)
	}
	err := t.Visit(ctx, h.url)
	t.handOut.Store(nil)
	if after := t.intercept(ctx); err == nil {
		err = after
	}
	if err != nil {
		return fmt.Errorf("giving the victim its cookies: %w", err)
	}
	return nil
}

// is reports whether a request that Chrome holds is the one to hand out at.
func (h *handOut) is(e *fetch.EventRequestPaused) bool { return h != nil && e.Request.URL == h.url }

// answer fulfils the request. Where the call fails the page has gone, which its visit
// says.
func (h *handOut) answer(ctx context.Context, e *fetch.EventRequestPaused) {
	params := fetch.FulfillRequestParams{RequestID: e.RequestID, ResponseCode: http.StatusOK, Body: []byte("The victim now has the cookies that were given by value.\n")}
	params.ResponseHeaders = append(params.ResponseHeaders, &fetch.HeaderEntry{Name: "Content-Type", Value: "text/plain"}, &fetch.HeaderEntry{Name: "Cache-Control", Value: "no-store"})
	for _, line := range h.lines {
		params.ResponseHeaders = append(params.ResponseHeaders, &fetch.HeaderEntry{Name: "Set-Cookie", Value: line})
	}
	_, _ = chromedp.Call(ctx, fetch.FulfillRequest, params)
}
