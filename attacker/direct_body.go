package attacker

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/fetch"
	cdpio "github.com/chromedp/cdproto/io"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
)

// readBody reads the body as far as Chrome gives it: of a redirect it gives none,
// and that of a stream has no end. taken says that the browser has to be given the
// body back, which ends where reading did.
func (d *direct) readBody(e *fetch.EventRequestPaused, p *cors.Response) (taken bool) {
	redirect := p.Status >= 300 && p.Status < 400 && p.Headers.Has("Location")
	if redirect || p.Headers.MediaType() == "text/event-stream" {
		p.Truncated = true
		return false
	}
	if e.Request.Method == http.MethodHead || isNullBody(p.Status) {
		return false // Chrome never ends a stream that never began
	}
	bounded, cancel := context.WithTimeout(d.tab.ctx, bodyTime)
	defer cancel()
	limit := int(d.tap.BodyLimit())
	if isShort(p.Headers, limit) {
		body, err := chromedp.Call(bounded, fetch.GetResponseBody, fetch.GetResponseBodyParams{RequestID: e.RequestID})
		p.Body, p.Truncated = string(body.Body), err != nil
		return false
	}
	// Asked for the whole body, Chrome would send it in one message: some kilobytes
	// of gzip are gigabytes then.
	stream, err := chromedp.Call(bounded, fetch.TakeResponseBodyAsStream, fetch.TakeResponseBodyAsStreamParams{RequestID: e.RequestID})
	if err != nil {
		p.Truncated = true
		return false
	}
	// An error means that the page has gone.
	defer func() {
		_, _ = chromedp.Call(d.tab.ctx, cdpio.Close, cdpio.CloseParams{Handle: stream.Stream})
	}()
	var body []byte
	for len(body) <= limit {
		part, err := chromedp.Call(bounded, cdpio.Read, cdpio.ReadParams{Handle: stream.Stream, Size: int64(min(64<<10, limit+1-len(body)))})
		body = append(body, part.Data...)
		if p.Truncated = err != nil; err != nil || part.EOF {
			break
		}
	}
	p.Truncated = p.Truncated || len(body) > limit
	p.Body = string(body[:min(len(body), limit)])
	return true
}

// isNullBody reports whether status is a null body status (Fetch standard, "null body status").
func isNullBody(status int) bool {
	switch status {
	case http.StatusSwitchingProtocols, http.StatusEarlyHints, http.StatusNoContent, http.StatusResetContent, http.StatusNotModified:
		return true
	}
	return false
}

// isShort reports whether a body is known to be no longer than limit.
func isShort(h cors.Headers, limit int) bool {
	if encoding, ok := h.Get("Content-Encoding"); ok && !strings.EqualFold(strings.TrimSpace(encoding), "identity") {
		return false
	}
	length, _ := h.Get("Content-Length")
	n, err := strconv.Atoi(strings.TrimSpace(length))
	return err == nil && n <= limit
}

// giveBack gives the browser an answer of which the body was taken. What the headers
// say of how it was sent is not true of it any more.
func (d *direct) giveBack(e *fetch.EventRequestPaused, p *cors.Response) {
	headers := slices.DeleteFunc(slices.Clone(e.ResponseHeaders), func(h *fetch.HeaderEntry) bool {
		return slices.ContainsFunc([]string{"Content-Encoding", "Content-Length", "Transfer-Encoding"}, func(name string) bool { return strings.EqualFold(h.Name, name) })
	})
	_, _ = chromedp.Call(d.tab.ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{
		RequestID: e.RequestID, ResponseCode: e.ResponseStatusCode, ResponsePhrase: e.ResponseStatusText, ResponseHeaders: headers, Body: []byte(p.Body),
	})
}
