package attacker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"github.com/crossexam/crossexam/cors"
)

// A browser that runs already cannot be given a host map nor a key to trust. What
// it lets its debugger do instead it does for the tabs of this run alone: a proxy
// that leads every host to the stage, and no look at certificates there, which
// accepts no foreign one, since nothing but the stage is behind that proxy.

// howToStart is a command line of a browser that can be used while it runs.
const howToStart = "chromium --headless=new --remote-debugging-port=9222 --user-data-dir=/tmp/crossexam-remote"

// isAddress reports whether a browser is named by the address of its debugging port
// and not by a path.
func isAddress(wanted string) bool { return strings.Contains(wanted, "://") }

// parseAddress checks the address of a browser; source says where it was given. The
// error is a [*NoBrowserError].
func parseAddress(wanted, source string) (*url.URL, error) {
	u, err := url.Parse(wanted)
	switch {
	case err != nil:
		return nil, noBrowser("write ws://127.0.0.1:9222", ": %s is no address of one", source)
	case u.Scheme != "ws" && u.Scheme != "http", u.Port() == "", u.User != nil:
		return nil, noBrowser("write ws://127.0.0.1:9222, with the port of its --remote-debugging-port", " at %q (%s)", u.Redacted(), source)
	case !cors.NewOrigin("http", u.Hostname(), "").IsLoopback():
		return nil, noBrowser("run Crossexam on the browser's machine", " that can be used: %s (%s) is on another machine, from where it could not reach "+
			"the pages of the attack, which Crossexam serves on the loopback address of this one", u.Host, source)
	}
	return u, nil
}

// CannotHoldCertificate gives nil where a browser of these options can be given a
// client certificate, else the reason.
func (o Options) CannotHoldCertificate() error {
	if path, err := FindBrowser(o.Path); err == nil && isAddress(path) {
		return errors.New("a browser that runs already cannot be given a client certificate")
	}
	if o.Direct != (Direct{}) {
		return errors.New("where the browser talks to the target itself (`direct`), nobody sees whether it sends a client certificate")
	}
	return CanHoldCertificate()
}

// connect takes a running browser for a run.
func connect(ctx context.Context, stage *Stage, address string, o Options) (*Browser, error) {
	u, err := parseAddress(address, "`browser.path`")
	if err != nil {
		return nil, err
	}
	proxy, err := stage.startProxy(u.Host)
	if err != nil {
		return nil, err
	}
	b := newBrowser(stage, o)
	b.proxy = proxy
	b.rootTaken = true // its own tabs are its owner's
	// The path of a debugging URL is a key to the browser, and no affair of a report.
	b.info = Info{Path: u.Scheme + "://" + u.Host, Remote: true, Protocol: cdproto.ChromiumVersion()}
	if err := b.attach(ctx, u, o.UserAgent); err != nil {
		return nil, errors.Join(fmt.Errorf("using the browser at %s: %w; start one with: %s", b.info.Path, err, howToStart), b.Close())
	}
	return b, nil
}

// attach opens the connection, without a tab.
func (b *Browser) attach(ctx context.Context, u *url.URL, userAgent string) error {
	bounded, done := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("it did not answer within %s", startTimeout))
	defer done()
	debugger, err := debuggerOf(bounded, u)
	if err != nil {
		return err
	}
	life, end := context.WithCancel(context.Background())
	alloc, stopAlloc := remote.NewAllocator(life, debugger, remote.NoModifyURL)
	root, stopRoot := chromedp.NewContext(alloc, chromedp.WithErrorf(b.protocolError))
	b.root = root
	b.stop = func() { end(); stopRoot(); stopAlloc() }
	release := context.AfterFunc(bounded, end)
	version, err := chromedp.CallBrowser(root, browser.GetVersion, cdp.Empty{})
	b.info.Product = version.Product
	said := withWindow(version.UserAgent)
	b.override = overrideFor(parseProduct(said), cmp.Or(userAgent, said), version)
	if !release() {
		return context.Cause(bounded)
	}
	return err
}

// debuggerOf gives the URL of the browser's own debugging session, for which it has
// to be asked unless the user did already.
func debuggerOf(ctx context.Context, u *url.URL) (string, error) {
	const path = "/devtools/browser/"
	if len(u.Path) > len(path) && strings.HasPrefix(u.Path, path) {
		return "ws://" + u.Host + u.Path, nil
	}
	version, err := askVersion(ctx, u.Host)
	if err != nil {
		return "", err
	}
	said, err := url.Parse(version.Debugger)
	if err != nil || !strings.HasPrefix(said.Path, path) {
		return "", errors.New("what answers there is not the debugging port of Chrome or Chromium, or that port is not open to others")
	}
	// On the host that the user named, whatever the browser takes its own name for.
	return "ws://" + u.Host + said.Path, nil
}

// remoteVersion is what a browser's debugging port says of the browser.
type remoteVersion struct {
	Debugger  string `json:"webSocketDebuggerUrl"`
	UserAgent string `json:"User-Agent"`
}

func askVersion(ctx context.Context, host string) (v remoteVersion, err error) {
	const limit = 64 << 10
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/json/version", nil)
	if err != nil {
		return v, err
	}
	// Not http.Client: an answer that leads elsewhere is not followed.
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return v, fmt.Errorf("nothing answers there: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, limit))
	if err != nil {
		return v, fmt.Errorf("asking for its version: %w", err)
	}
	if answer.StatusCode != http.StatusOK || json.Unmarshal(body, &v) != nil {
		return v, fmt.Errorf("what answers there (%s) is not the debugging port of Chrome or Chromium", answer.Status)
	}
	return v, nil
}

// disconnect closes the tabs of the run, and their browser contexts with them, and
// leaves the browser. Should this process be killed before, the browser does the
// same when the connection ends.
func (b *Browser) disconnect() error {
	for victim := range b.tabs {
		b.CloseTab(victim)
	}
	b.stop()
	if b.files == nil {
		return nil
	}
	return b.files.Remove()
}

// useProxy has the requests of a browser context go to the stage, those to loopback hosts
// too, which Chrome sends to no proxy unless it is told to.
func (b *Browser) useProxy(p *target.CreateBrowserContextParams) {
	if b.info.Remote {
		p.ProxyServer = "http://" + b.proxy
		p.ProxyBypassList = "<-loopback>"
	}
}

// trustStage has the tab take the stage's certificates.
func (t *Tab) trustStage(ctx context.Context) error {
	if !t.browser.info.Remote {
		return nil // it was started with the key to trust
	}
	_, err := chromedp.Call(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
	return err
}
