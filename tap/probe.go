package tap

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// Probe sends a request of Crossexam's own to the target and gives what came of
// it, as it is recorded, which the browser's exchanges are under the same rules:
// withheld unless safe or allowed, within rate and limits. ctx bounds it all.
//
// The header lines go out exactly as they are in q and in their order, duplicates
// and odd cases included, so that a probe can say what no page can. Only those
// between browser and tap are not sent (Connection and its like,
// Accept-Encoding, Expect), and a Content-Length counts the body. The Host line
// is the URL's authority unless q has one, and the lines by which the browser is
// known, if there are any, go with what does not have them: a filter should treat
// both alike. Whatever host the URL names, the request goes to the target.
func (t *Tap) Probe(ctx context.Context, q cors.Request) cors.Exchange {
	return t.probe(ctx, q, t.limits)
}

// Ask is [Tap.Probe] for one of very many questions whose answers are used at once: the
// exchange is no evidence, and not recorded, and of the body there are at most so many
// bytes. It is in HTTP/2 where the target has that; see [Tap.Protocol].
func (t *Tap) Ask(ctx context.Context, q cors.Request, body int64) cors.Exchange {
	l := t.limits
	l.BodyBytes = min(l.BodyBytes, body)
	e := t.made(ctx, q, l, t.askOnce)
	e.Request.URL = t.shown(e.Request.URL)
	t.record.notice(e)
	return e
}

func (t *Tap) probe(ctx context.Context, q cors.Request, l Limits) cors.Exchange {
	kept, _ := t.Exchange(t.keep(t.made(ctx, q, l, t.roundTrip)))
	return kept
}

// made is the exchange of a request of Crossexam's own.
func (t *Tap) made(ctx context.Context, q cors.Request, l Limits, send sender) cors.Exchange {
	asked := q.Headers
	q.Headers = make(cors.Headers, 0, 1+len(asked)+len(t.browser))
	if authority, _, ok := splitURL(q.URL); ok && !asked.Has("Host") {
		q.Headers = append(q.Headers, cors.Header{Name: "Host", Value: authority})
	}
	q.Headers = append(q.Headers, asked...)
	sends := browserSends(q)
	for _, h := range t.browser {
		if !asked.Has(h.Name) && sends(h.Name) {
			q.Headers = append(q.Headers, h)
		}
	}
	if len(t.browser) > 0 {
		q.Headers = append(q.Headers, t.fetchMetadata(q)...)
	}
	ctx, stop := t.untilClose(ctx)
	defer stop()
	return t.exchange(ctx, ctx, q, l, send)
}

// fetchMetadata is the line by which Chrome says whose page asks, where q has none: a check
// that goes by it, and not by the Origin, should answer a probe as it answers the browser.
// It goes to trustworthy URLs only (Fetch Metadata Request Headers, section 2.4). What has
// no Origin is as a page of the target's own asks, and what has one that is no origin, as
// another site does. How a request is made (Sec-Fetch-Mode) is not told: no page makes a
// probe.
func (t *Tap) fetchMetadata(q cors.Request) cors.Headers {
	if isHandshake(q) || q.Headers.Has("Sec-Fetch-Site") {
		return nil
	}
	asked := t.origin
	if host, ok := q.Headers.Get("Host"); ok && host != t.base.Host { // by which a browser would know the target
		asked = cors.OriginOf(&url.URL{Scheme: t.base.Scheme, Host: host})
	}
	if !asked.IsPotentiallyTrustworthy() {
		return nil
	}
	site := "same-origin"
	if asks, ok := q.Headers.Get(cors.HeaderOrigin); ok {
		switch page, err := cors.ParseOrigin(asks); {
		case err != nil:
			site = "cross-site"
		case page == asked:
		case page.SameSite(asked):
			site = "same-site"
		default:
			site = "cross-site"
		}
	}
	return cors.Headers{{Name: "Sec-Fetch-Site", Value: site}}
}

// browserSends returns what tells whether Chrome has a line of a name in this request:
// client hints go in no preflight and no handshake, and to trustworthy origins only
// (https://wicg.github.io/client-hints-infrastructure/#append-client-hints).
func browserSends(q cors.Request) (sends func(name string) bool) {
	handshake, hints := isHandshake(q), false
	if !handshake && q.Method != http.MethodOptions {
		u, err := url.Parse(q.URL)
		hints = err == nil && (u.Scheme == "https" || cors.OriginOf(u).IsLoopback())
	}
	return func(name string) bool {
		switch {
		case hasPrefixFold(name, "sec-ch-"):
			return hints
		case strings.EqualFold(name, "accept"):
			return !handshake
		}
		return true
	}
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
