package attacker

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
)

// watchScript tells what a page asks for and which response headers it reads.
//
//go:embed pages/watch.js
var watchScript string

// watchName is the function by which it does; the script takes it from the page.
const watchName = "crossexamWatch"

const (
	// messageLimit bounds what a page may tell of one call, in bytes.
	messageLimit = 16 << 10
	// callLimit bounds how many different calls, reads and other hosts are kept.
	callLimit = 20_000
)

// A FrontEnd is a page that is somebody's own, open in a browser whose [Options.Only] is
// the API. It is watched: what its scripts ask for, and which response headers they
// read. Scripts of workers and of other windows are not.
type FrontEnd struct {
	tab    *Tab
	closed chan struct{} // when the page has gone

	mu    sync.Mutex
	calls map[PageCall]bool
	reads map[HeaderRead]bool
	asked map[PageRequest]bool // to other hosts than the API's
	once  sync.Once            // of closed
}

// A PageCall is a request as a script asked for it.
type PageCall struct {
	Method string
	URL    string // absolute, without a fragment
	// Credentials says that it was to have the user's credentials for another origin
	// (credentials: "include", withCredentials).
	Credentials bool
}

// A HeaderRead is a response header that a script asked for, or all of them at once.
type HeaderRead struct {
	URL  string // of the response
	Name string // in lower case; empty for all of them
}

// A PageRequest is a request of the page's to another host than the API's.
type PageRequest struct {
	Method, URL string
	// Type is Chrome's word for what it was for: Document, Script, Fetch, XHR and so on.
	Type string
}

// FrontEndState is what the browser has before the front end is opened.
type FrontEndState struct {
	Cookies []StoredCookie // each for its Domain, which begins with a dot where subdomains get it too
	// Local is what localStorage has, by origin.
	Local map[cors.Origin]map[string]string
	// Logins answer HTTP authentication. A browser without a window cancels other prompts.
	Logins map[cors.Origin]BasicLogin
}

// OpenFrontEnd opens a front end and watches it until the browser is closed. Where the
// page cannot be opened the error is a [*NotOpenedError].
func (b *Browser) OpenFrontEnd(ctx context.Context, u string, state FrontEndState) (*FrontEnd, error) {
	t, err := b.Tab(ctx, "front end")
	if err != nil {
		return nil, err
	}
	f := &FrontEnd{tab: t, closed: make(chan struct{}), calls: map[PageCall]bool{}, reads: map[HeaderRead]bool{}, asked: map[PageRequest]bool{}}
	if err := t.do(ctx, func(ctx context.Context) error { return f.prepare(ctx, state) }); err != nil {
		return nil, fmt.Errorf("preparing the front end's page: %w", err)
	}
	if len(state.Logins) > 0 {
		if err := t.AnswerPrompts(ctx, state.Logins); err != nil {
			return nil, err
		}
	}
	t.front.Store(f)
	gone, err := chromedp.Detached(t.ctx)
	if err != nil {
		return nil, err
	}
	go func() {
		select {
		case <-gone:
		case <-chromedp.FromContext(b.root).Browser.LostConnection:
		case <-t.ctx.Done():
		}
		f.end()
	}()
	return f, f.navigate(ctx, u)
}

// navigate opens the page, and does not wait for all of it: something of it may never
// come.
func (f *FrontEnd) navigate(ctx context.Context, u string) error {
	f.tab.browser.navigations.Add(1)
	why := ""
	err := f.tab.within(openTimeout, ctx, func(ctx context.Context) error {
		r, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: u})
		why = r.ErrorText
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("opening the front end %s: %w", u, err)
	case why != "":
		return &NotOpenedError{URL: u, Why: why}
	}
	return nil
}

func (f *FrontEnd) prepare(ctx context.Context, state FrontEndState) error {
	for _, c := range state.Cookies {
		params := network.SetCookieParams{
			Name: c.Name, Value: c.Value, Path: c.Path, Domain: c.Domain, Secure: &c.Secure, HTTPOnly: &c.HTTPOnly, SameSite: network.CookieSameSite(c.SameSite),
		}
		// A cookie without a domain is its host's alone.
		if !strings.HasPrefix(c.Domain, ".") {
			scheme := "http"
			if c.Secure {
				scheme = "https"
			}
			params.Domain, params.URL = "", scheme+"://"+c.Domain+"/"
		}
		if _, err := chromedp.Call(ctx, network.SetCookie, params); err != nil {
			return fmt.Errorf("the cookie %s: %w", c.Name, err)
		}
	}
	for o, items := range state.Local {
		args, err := json.Marshal([]any{o.String(), items})
		if err != nil {
			return err
		}
		// Once, so that the front end may change it.
		const fill = `((origin, items) => {
			if (self.origin !== origin || sessionStorage.getItem("crossexam-filled")) return;
			sessionStorage.setItem("crossexam-filled", "1");
			for (const [name, value] of Object.entries(items)) localStorage.setItem(name, value);
		})(...`
		if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: fill + string(args) + ")"}); err != nil {
			return err
		}
	}
	if _, err := chromedp.Call(ctx, runtime.AddBinding, runtime.AddBindingParams{Name: watchName}); err != nil {
		return err
	}
	_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: strings.TrimSpace(watchScript) + fmt.Sprintf("(%q)", watchName),
	})
	return err
}

func (f *FrontEnd) end() { f.once.Do(func() { close(f.closed) }) }

// event takes the events of the tab; see [Tab.event].
func (f *FrontEnd) event(ev any) {
	switch e := ev.(type) {
	case *runtime.EventBindingCalled:
		if e.Name == watchName && len(e.Payload) <= messageLimit {
			f.told(e.Payload)
		}
	case *network.EventRequestWillBeSent:
		f.sent(PageRequest{Method: e.Request.Method, URL: e.Request.URL, Type: string(e.Type)})
	case *network.EventWebSocketCreated:
		f.sent(PageRequest{Method: "GET", URL: e.URL, Type: string(network.ResourceTypeWebSocket)})
	case *page.EventJavascriptDialogOpening:
		if !f.tab.browser.options.Window { // there the user answers
			f.tab.answerDialog(e)
		}
	}
}

// told takes what the page's script said. A page could say so too: it is an observation
// of a front end that is trusted.
func (f *FrontEnd) told(message string) {
	var m struct {
		Method, URL, Header string
		Include, All        bool
	}
	if json.Unmarshal([]byte(message), &m) != nil || m.URL == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(f.calls)+len(f.reads) >= callLimit:
	case m.Method != "":
		f.calls[PageCall{Method: cors.NormalizeMethod(m.Method), URL: m.URL, Credentials: m.Include}] = true
	case m.All || m.Header != "":
		f.reads[HeaderRead{URL: m.URL, Name: m.Header}] = true
	}
}

func (f *FrontEnd) sent(q PageRequest) {
	u, err := url.Parse(q.URL)
	if err != nil {
		return
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	}
	if u.Scheme != "http" && u.Scheme != "https" || cors.OriginOf(u) == f.tab.browser.options.Only {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.asked) < callLimit {
		f.asked[q] = true
	}
}

// Closed is closed when the page has gone: its window was closed, or the browser died.
func (f *FrontEnd) Closed() <-chan struct{} { return f.closed }

// Run runs a script in the page as soon as that is loaded, as the body of an asynchronous
// function, and waits for it. The error says what it threw.
func (f *FrontEnd) Run(ctx context.Context, script string) error {
	const loaded = `if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done));`
	err := f.tab.do(ctx, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("(async () => {\n"+loaded+"\n"+script+"\n})().then(() => {})", chromedp.EvalAwaitPromise))
	})
	select {
	case <-f.closed:
		if ctx.Err() == nil {
			return errors.New("the page was closed while the script ran")
		}
	default:
	}
	return err
}

// Seen is what was seen so far: the calls of scripts, the headers that they read, and
// the requests to other hosts, in no order.
func (f *FrontEnd) Seen() (calls []PageCall, reads []HeaderRead, others []PageRequest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.calls)), slices.Collect(maps.Keys(f.reads)), slices.Collect(maps.Keys(f.asked))
}

// A NotOpenedError says that a front end's page could not be opened.
type NotOpenedError struct {
	URL string
	// Why is Chrome's word, such as net::ERR_CONNECTION_REFUSED.
	Why string
}

func (e *NotOpenedError) Error() string {
	advice := "is it running, and is the address right?"
	switch {
	case strings.HasPrefix(e.Why, "net::ERR_CERT_"):
		advice = "its certificate is not trusted: mend it, or open it all the same with `insecure_skip_verify`"
	case e.Why == "net::ERR_SSL_PROTOCOL_ERROR":
		advice = "does it speak https on this port?"
	}
	return fmt.Sprintf("the front end %s cannot be opened (%s): %s", e.URL, e.Why, advice)
}
