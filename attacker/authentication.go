package attacker

import (
	"context"
	"maps"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
)

// authentication answers the login prompts of a tab. A headless Chrome has no
// window for them, and a request that is challenged would wait for ever.
//
// Chrome asks us only for requests that it pauses for us, so all requests that
// match the patterns are paused and continued; that costs a round trip each and
// is turned on for targets that challenge.
type authentication struct {
	tab *Tab

	mu     sync.Mutex
	logins map[cors.Origin]BasicLogin
	tried  map[fetch.RequestID]bool
}

// BasicLogin is a user name and password for HTTP authentication.
type BasicLogin struct {
	Username string
	Password string
}

// AnswerPrompts has the tab answer the HTTP authentication prompts of these
// origins, once a request, and replaces what was set before; none turns it off.
// The zero login cancels the prompt.
func (t *Tab) AnswerPrompts(ctx context.Context, logins map[cors.Origin]BasicLogin) error {
	t.auth.mu.Lock()
	t.auth.logins = maps.Clone(logins)
	t.auth.tried = map[fetch.RequestID]bool{}
	t.auth.mu.Unlock()
	return t.intercept(ctx)
}

// intercept has Chrome pause what may be challenged, what goes to a target directly,
// and the visit at which cookies are handed out.
func (t *Tab) intercept(ctx context.Context) error {
	handle := true
	params := fetch.EnableParams{HandleAuthRequests: &handle}
	t.auth.mu.Lock()
	for origin := range t.auth.logins {
		params.Patterns = append(params.Patterns, &fetch.RequestPattern{URLPattern: origin.String() + "/*"})
	}
	t.auth.mu.Unlock()
	if h := t.handOut.Load(); h != nil {
		params.Patterns = append(params.Patterns, &fetch.RequestPattern{URLPattern: h.url})
	}
	if t.direct != nil {
		params.Patterns = append(params.Patterns, &fetch.RequestPattern{URLPattern: t.browser.direct.Origin.String() + "/*"})
	}
	return t.do(ctx, func(ctx context.Context) error {
		if len(params.Patterns) == 0 {
			// Fetch.enable without patterns would pause every request.
			_, err := chromedp.Call(ctx, fetch.Disable, cdp.Empty{})
			return err
		}
		_, err := chromedp.Call(ctx, fetch.Enable, params)
		return err
	})
}

// event answers in a goroutine of its own; see [Tab.event].
func (a *authentication) event(ev any) {
	switch e := ev.(type) {
	case *fetch.EventRequestPaused:
		if h := a.tab.handOut.Load(); h.is(e) {
			go h.answer(a.tab.ctx, e)
			return
		}
		if d := a.tab.direct; d != nil && d.concerns(e.Request) {
			go d.paused(e)
			return
		}
		go func() {
			_, _ = chromedp.Call(a.tab.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
		}()
	case *fetch.EventAuthRequired:
		response := a.response(e)
		go func() {
			_, _ = chromedp.Call(a.tab.ctx, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{
				RequestID: e.RequestID, AuthChallengeResponse: response,
			})
		}()
	}
}

func (a *authentication) response(e *fetch.EventAuthRequired) *fetch.AuthChallengeResponse {
	cancelled := &fetch.AuthChallengeResponse{Response: "CancelAuth"}
	origin, err := cors.ParseOrigin(e.AuthChallenge.Origin)
	if err != nil {
		return cancelled
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	login := a.logins[origin]
	if login == (BasicLogin{}) || a.tried[e.RequestID] {
		return cancelled
	}
	a.tried[e.RequestID] = true
	return &fetch.AuthChallengeResponse{Response: "ProvideCredentials", Username: login.Username, Password: login.Password}
}
