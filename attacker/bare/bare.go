// Package bare opens the pages and makes the attempts of an examination with plain
// chromedp, and nothing else: no tap, no events, no evidence, no verdicts. It is
// what the benchmark measures the examination against. What the examination does in
// a frame or a worker, by a redirect, a script or a socket is done that way here too.
package bare

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// A Page is one navigation, or a frame of the host page, and the attempts that are
// made from it.
type Page struct {
	// Victim is whose browser it is. Each has a browser context of its own, as in an
	// examination: what one has logged in to must not help the other.
	Victim   scenarios.Credential
	Origin   cors.Origin
	Attempts []scenarios.Attempt
	Framed   bool
}

// visit opens the page and makes its attempts, those of a vector together. Vectors
// that need a page of their own come last; a file's page is a sandboxed one here,
// which costs the same.
func (p Page) visit(tab context.Context) error {
	var order []scenarios.Vector
	of := map[scenarios.Vector][]scenarios.Attempt{}
	for _, a := range p.Attempts {
		if of[a.Vector] == nil {
			order = append(order, a.Vector)
		}
		of[a.Vector] = append(of[a.Vector], a)
	}
	slices.SortStableFunc(order, func(a, b scenarios.Vector) int { return leaving(a) - leaving(b) })
	open := ""
	for _, v := range order {
		place := p.Origin.String() + attacker.PagePath
		if v.Place() == scenarios.OwnPage {
			place = p.Origin.String() + attacker.SandboxedPagePath
		}
		if place != open {
			if err := chromedp.Do(tab, chromedp.Navigate(place)); err != nil {
				return fmt.Errorf("opening %s: %w", place, err)
			}
			open = place
		}
		encoded, err := json.Marshal(asSpecs(p.Origin, of[v]))
		if err != nil {
			return err
		}
		call := fmt.Sprintf("run(%q, %s, %d).then(() => {})", v, encoded, atOnce(v))
		if v.Place() == scenarios.InWorker {
			call = "openWorker('bare').then(() => " + call + ")"
		}
		if err := chromedp.Do(tab, chromedp.Evaluate[chromedp.Void](call, chromedp.EvalAwaitPromise)); err != nil {
			return fmt.Errorf("making attempts by %s from %s: %w", v, p.Origin, err)
		}
	}
	return nil
}

func leaving(v scenarios.Vector) int {
	if v.Place() == scenarios.OwnPage {
		return 1
	}
	return 0
}

func atOnce(v scenarios.Vector) int {
	if v.OneAtATime() {
		return 1
	}
	return 6
}

// Probe sends the attempts that no page makes, one after the other, and reads the replies.
func Probe(ctx context.Context, stage *attacker.Stage, attempts []scenarios.Attempt) error {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: stage.Authority().Roots()},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, stage.Addr())
		},
	}
	defer transport.CloseIdleConnections()
	for _, a := range attempts {
		q, err := http.NewRequestWithContext(ctx, a.Method, a.URL, strings.NewReader(a.Body))
		if err != nil {
			return err
		}
		for _, h := range a.Headers {
			q.Header.Add(h.Name, h.Value)
		}
		q.Header.Set(cors.HeaderOrigin, a.Page.String())
		reply, err := transport.RoundTrip(q)
		if err != nil {
			return fmt.Errorf("sending %s %s: %w", a.Method, a.URL, err)
		}
		_, err = io.Copy(io.Discard, reply.Body)
		reply.Body.Close()
		if err != nil {
			return fmt.Errorf("reading %s %s: %w", a.Method, a.URL, err)
		}
	}
	return nil
}

// Run starts a browser on the stage, opens each page and makes its attempts, as
// many at once as an examination does, and ends the browser.
func Run(ctx context.Context, stage *attacker.Stage, pages []Page) error {
	path, err := attacker.FindBrowser("")
	if err != nil {
		return err
	}
	alloc, stop := chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(path),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-features", "HttpsUpgrades,IsolateSandboxedIframes"),
		chromedp.Flag("disable-site-isolation-trials", true),
		chromedp.Flag("host-resolver-rules", "MAP * "+stage.Addr()),
		chromedp.Flag("ignore-certificate-errors-spki-list", stage.Authority().SPKI()),
	)
	defer stop()
	browser, cancel := chromedp.NewContext(alloc)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		return fmt.Errorf("starting the browser: %w", err)
	}
	tabs := map[scenarios.Credential]context.Context{}
	var frames []frame
	for _, page := range pages {
		tab, ok := tabs[page.Victim]
		if !ok {
			tab = browser
			if len(tabs) > 0 {
				var end context.CancelFunc
				tab, end = chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
				defer end()
			}
			tabs[page.Victim] = tab
		}
		if page.Framed {
			stage.Play(page.Origin, attacker.Framed)
			frames = append(frames, asFrame(page))
			continue
		}
		stage.Play(page.Origin, attacker.Malicious)
		stage.PlayHop(page.Origin)
		if err := page.visit(tab); err != nil {
			return err
		}
	}
	if len(frames) == 0 {
		return nil
	}
	stage.Play(attacker.FrameHost, attacker.FrameHosting)
	encoded, err := json.Marshal(frames)
	if err != nil {
		return err
	}
	if err := chromedp.Do(browser,
		chromedp.Navigate(attacker.FrameHost.String()+attacker.PagePath),
		chromedp.Evaluate[chromedp.Void](fmt.Sprintf("runFrames(%s, 4, 6, 10000).then(() => {})", encoded), chromedp.EvalAwaitPromise),
	); err != nil {
		return fmt.Errorf("fetching from frames: %w", err)
	}
	return nil
}

// A frame is what the host page's own script takes; see frames.js.
type frame struct {
	Origin string `json:"origin"`
	Page   string `json:"page"`
	Specs  []spec `json:"specs"`
}

// A spec is what the script of a page takes; see attempt.js.
type spec struct {
	URL     string         `json:"url"`
	Init    map[string]any `json:"init"`
	Way     string         `json:"way"`
	Name    string         `json:"name"`
	Fill    int            `json:"fill,omitempty"`
	Offers  []string       `json:"offers"`
	Message string         `json:"message,omitempty"`
	Limit   int            `json:"limit"`
	Timeout int            `json:"timeout"`
}

func asFrame(p Page) frame {
	return frame{Origin: p.Origin.String(), Page: p.Origin.String() + attacker.PagePath, Specs: asSpecs(p.Origin, p.Attempts)}
}

func asSpecs(page cors.Origin, attempts []scenarios.Attempt) []spec {
	specs := make([]spec, len(attempts))
	for i, a := range attempts {
		specs[i] = spec{
			URL: attacker.AskedURL(page, a), Init: initOf(a), Way: string(a.Vector), Name: "bare",
			Fill: a.Fill, Offers: append([]string{}, a.Protocols...), Message: a.Message, Limit: 64 << 10, Timeout: 20000,
		}
	}
	return specs
}

func initOf(a scenarios.Attempt) map[string]any {
	headers := map[string]string{}
	for _, h := range a.Headers {
		headers[h.Name] = h.Value
	}
	init := map[string]any{"method": a.Method, "headers": headers, "credentials": "include"}
	if a.Omit {
		init["credentials"] = "omit"
	}
	if a.Body != "" {
		init["body"] = a.Body
	}
	return init
}
