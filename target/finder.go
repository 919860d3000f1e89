package target

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/tap"
)

// A finder makes one discovery.
type finder struct {
	config     Config
	deployment Deployment
	tap        *tap.Tap
	ctx        context.Context
	offline    bool
	preset     Preset // the empty one where none is named
	// behindLogin says that there is a read that needs a login nobody gave.
	behindLogin bool
	carried     int // bytes of what might have been a document
	// posts is the URL that may be asked by POST, because it says that it is JSON-RPC;
	// empty for none.
	posts string
	// rebased says that the target's URL was that of an endpoint or a document, and is its
	// origin now.
	rebased bool
	found   Discovery
}

func (f *finder) note(format string, args ...any) {
	f.found.Notes = append(f.found.Notes, fmt.Sprintf(format, args...))
}

// get asks the target for an absolute URL on its own origin.
func (f *finder) get(u string, anonymous bool) *cors.Response { return f.getBy(f.tap, u, anonymous) }

// getBy asks by a tap with limits of its own.
func (f *finder) getBy(t *tap.Tap, u string, anonymous bool) *cors.Response {
	h := cors.Headers{{Name: "Accept", Value: "*/*"}} // as a fetch of a page has it
	if !anonymous {
		h = append(h, f.deployment.Credentials.headers()...)
	}
	if !anonymous {
		u = f.deployment.Credentials.At(u, scenarios.Query)
	}
	return t.Probe(f.ctx, cors.Request{
		Method: http.MethodGet, URL: u, Headers: h,
		ClientCertificate: !anonymous && f.deployment.Credentials.ClientCertificate != nil,
	}).Response
}

func (f *finder) newTap(l tap.Limits) (*tap.Tap, error) {
	return tap.New(tap.Options{Upstream: f.deployment.Upstream, Limits: l, Run: "crossexam-discovery", Browser: f.config.browser,
		ClientCertificate: f.deployment.Credentials.Certificate(), Conceal: f.deployment.Credentials.Without,
		AllowWrite: func(method, u string) bool {
			return method == http.MethodPost && f.posts != "" && f.deployment.Credentials.Without(u) == f.posts
		}})
}

// headers are the credentials as far as they can be written without a browser.
func (c Credentials) headers() cors.Headers {
	var h cors.Headers
	var pairs []string
	for _, line := range c.Cookies {
		pair, _, _ := strings.Cut(line, ";")
		pairs = append(pairs, strings.TrimSpace(pair))
	}
	if len(pairs) > 0 {
		h = append(h, cors.Header{Name: "Cookie", Value: strings.Join(pairs, "; ")})
	}
	h = append(h, c.Headers...)
	switch {
	case h.Has("Authorization"):
	case c.Bearer != "":
		h = append(h, cors.Header{Name: "Authorization", Value: "Bearer " + c.Bearer})
	case c.Basic != nil:
		h = append(h, cors.Header{Name: "Authorization", Value: c.Basic.Header()})
	}
	return h
}
