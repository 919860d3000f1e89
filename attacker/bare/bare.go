// Package bare does the navigations and fetches of an examination with plain
// chromedp, and nothing else: no tap, no events, no evidence, no verdicts. It is
// what the benchmark measures the examination against. Pages that the examination
// shows as frames are frames here too.
package bare

import (
	"context"
	"encoding/json"
	"fmt"

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
		if err := chromedp.Do(tab, chromedp.Navigate(page.Origin.String()+attacker.PagePath)); err != nil {
			return fmt.Errorf("opening %s: %w", page.Origin, err)
		}
		requests := make([]request, len(page.Attempts))
		for i, a := range page.Attempts {
			requests[i] = asRequest(a)
		}
		encoded, err := json.Marshal(requests)
		if err != nil {
			return err
		}
		if _, err := chromedp.Run(tab, chromedp.Evaluate[int](fmt.Sprintf(fetchAll, encoded), chromedp.EvalAwaitPromise)); err != nil {
			return fmt.Errorf("fetching from %s: %w", page.Origin, err)
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

type spec struct {
	request
	Way     string `json:"way"`
	Name    string `json:"name"`
	Limit   int    `json:"limit"`
	Timeout int    `json:"timeout"`
}

func asFrame(p Page) frame {
	f := frame{Origin: p.Origin.String(), Page: p.Origin.String() + attacker.PagePath}
	for _, a := range p.Attempts {
		f.Specs = append(f.Specs, spec{request: asRequest(a), Way: "fetch", Name: "bare", Limit: 64 << 10, Timeout: 20000})
	}
	return f
}

type request struct {
	URL  string         `json:"url"`
	Init map[string]any `json:"init"`
}

func asRequest(a scenarios.Attempt) request {
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
	return request{URL: a.URL, Init: init}
}

// fetchAll makes the requests from six workers and counts what could be read.
const fetchAll = `(async () => {
  const requests = %s;
  let next = 0, read = 0;
  const worker = async () => {
    for (let i = next++; i < requests.length; i = next++) {
      try { await (await fetch(requests[i].url, requests[i].init)).text(); read++ } catch {}
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  return read;
})()`
