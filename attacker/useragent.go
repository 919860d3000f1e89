package attacker

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/http/httpguts"

	"github.com/crossexam/crossexam/child"
	"github.com/crossexam/crossexam/cors"
)

// A headless Chrome says that it is one, and filters against bots refuse those that
// do: then the filter would be judged, and not the API. So the browser says what
// Chrome says that has a window.
//
// What arrives was measured with Chromium 156 (TestUserAgentOnTheWire). The flag
// --user-agent covers everything: navigations, frames, preflights, WebSockets and
// all workers. Emulation.setUserAgentOverride, which is what there is for a browser
// that runs already, leaves out shared workers and service workers. Client hints
// have no trace of the headless mode, but for chrome-headless-shell, where the flag
// does not change them and the override does.

// acceptLanguage is what the browser is told to prefer, whatever the environment
// says, and acceptedLanguages the header that it makes of it.
const (
	acceptLanguage    = "en-US,en"
	acceptedLanguages = "en-US,en;q=0.9"
)

// versionTime bounds the wait for a browser to tell its version.
const versionTime = 10 * time.Second

// A product is a browser as it names itself in client hints.
type product struct {
	name    string // "Chromium", "Google Chrome"
	version string // "156.0.8078.108"
}

// aProduct is in a browser's answer to --version, and in its User-Agent.
var aProduct = regexp.MustCompile(`(Google Chrome|Chrome|Chromium)\b[^\d]*(\d+(?:\.\d+){1,3})`)

// parseProduct finds a product in what a browser says of itself. Its User-Agent does
// not tell Chromium from what is made of it.
func parseProduct(said string) product {
	m := aProduct.FindStringSubmatch(said)
	switch {
	case m == nil:
		return product{"Chromium", cdproto.ChromiumVersion()}
	case m[1] == "Chrome":
		return product{"Chromium", m[2]}
	}
	return product{m[1], m[2]}
}

func (p product) major() string {
	major, _, _ := strings.Cut(p.version, ".")
	return major
}

// userAgent is what Chrome of this version says where it has a window. Nothing but
// its major version and three kinds of systems are in it
// (https://www.chromium.org/updates/ua-reduction).
func (p product) userAgent(goos string) string {
	system := "X11; Linux x86_64"
	switch goos {
	case "darwin":
		system = "Macintosh; Intel Mac OS X 10_15_7"
	case "windows":
		system = "Windows NT 10.0; Win64; x64"
	}
	return fmt.Sprintf("Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.0.0 Safari/537.36", system, p.major())
}

// brands are those of Sec-CH-UA. One of them means nothing, and differs with the
// version as the order does, so that servers do not come to rely on either
// (https://wicg.github.io/ua-client-hints/#create-arbitrary-brands-section). The
// standard leaves open how; this is how Chrome does it.
func (p product) brands() []*emulation.UserAgentBrandVersion {
	seed, err := strconv.Atoi(p.major())
	if err != nil {
		return nil
	}
	chars := []string{" ", "(", ":", "-", ".", "/", ")", ";", "=", "?", "_"}
	versions := []string{"8", "99", "24"}
	all := []*emulation.UserAgentBrandVersion{
		{Brand: "Not" + chars[seed%len(chars)] + "A" + chars[(seed+1)%len(chars)] + "Brand", Version: versions[seed%len(versions)]},
		{Brand: "Chromium", Version: p.major()},
	}
	orders := [][]int{{0, 1}, {1, 0}}
	if p.name != "Chromium" {
		all = append(all, &emulation.UserAgentBrandVersion{Brand: p.name, Version: p.major()})
		orders = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
	}
	ordered := make([]*emulation.UserAgentBrandVersion, len(all))
	for i, place := range orders[seed%len(orders)] {
		ordered[place] = all[i]
	}
	return ordered
}

func platform(goos string) string {
	switch goos {
	case "darwin":
		return "macOS"
	case "windows":
		return "Windows"
	}
	return "Linux"
}

// hints are the client hints that go with every request to a trustworthy origin.
func (p product) hints(goos string) cors.Headers {
	list := make([]string, 0, 3)
	for _, b := range p.brands() {
		list = append(list, fmt.Sprintf(`"%s";v="%s"`, b.Brand, b.Version))
	}
	return cors.Headers{
		{Name: "Sec-Ch-Ua", Value: strings.Join(list, ", ")},
		{Name: "Sec-Ch-Ua-Mobile", Value: "?0"},
		{Name: "Sec-Ch-Ua-Platform", Value: `"` + platform(goos) + `"`},
	}
}

// Headers are the lines by which a fetch of this browser is known: its User-Agent,
// what it accepts, and its client hints. Requests that Crossexam makes itself have
// them too. A browser that does not tell its version, or is not there, is taken for
// the Chromium that this program knows.
func (o Options) Headers(ctx context.Context) cors.Headers {
	p, userAgent := o.product(ctx)
	return append(cors.Headers{
		{Name: "User-Agent", Value: userAgent},
		{Name: "Accept", Value: "*/*"},
		{Name: "Accept-Language", Value: acceptedLanguages},
	}, p.hints(runtime.GOOS)...)
}

// product asks the browser what it is, and gives the User-Agent that it is to have.
func (o Options) product(ctx context.Context) (p product, userAgent string) {
	path, err := FindBrowser(o.Path)
	ctx, done := context.WithTimeout(ctx, versionTime)
	defer done()
	said := ""
	switch {
	case err != nil:
	case isAddress(path):
		if u, err := url.Parse(path); err == nil {
			v, _ := askVersion(ctx, u.Host) // of one that does not answer the start says so
			if said = withWindow(v.UserAgent); httpguts.ValidHeaderFieldValue(said) {
				userAgent = said
			}
		}
	default:
		said = askForVersion(ctx, path)
	}
	p = parseProduct(said)
	return p, cmp.Or(o.UserAgent, userAgent, p.userAgent(runtime.GOOS))
}

// withWindow is a User-Agent without the trace of the headless mode.
func withWindow(userAgent string) string {
	return strings.Replace(userAgent, "HeadlessChrome/", "Chrome/", 1)
}

// askForVersion gives what an executable says of its version. One that says nothing
// is no error here: whether it is a browser shows when it is started.
func askForVersion(ctx context.Context, path string) string {
	c := exec.CommandContext(ctx, path, "--version")
	child.OwnGroup(c)
	c.Cancel = func() error {
		child.KillGroup(c.Process.Pid)
		return nil
	}
	c.WaitDelay = time.Second
	said, err := c.Output()
	if err != nil {
		return ""
	}
	return string(said)
}

// An override is what the pages of a browser are to say where it was not, or could
// not be, started to say it; nil for none.
type override = emulation.SetUserAgentOverrideParams

// overrideFor gives the override that a browser needs which says this of itself.
func overrideFor(p product, userAgent string, v browser.GetVersionResult) *override {
	shell := strings.HasPrefix(v.Product, "HeadlessChrome/")
	if v.UserAgent == userAgent && !shell {
		return nil
	}
	full := p.brands()
	for _, b := range full {
		if b.Version == p.major() {
			b.Version = p.version
		}
	}
	return &override{
		UserAgent:      userAgent,
		AcceptLanguage: acceptLanguage,
		UserAgentMetadata: &emulation.UserAgentMetadata{
			Brands: p.brands(), FullVersionList: full, Platform: platform(runtime.GOOS), Bitness: "64",
			Architecture: map[string]string{"amd64": "x86", "arm64": "arm"}[runtime.GOARCH],
		},
	}
}

// present has the pages of the tab say what its browser was not started to say.
func (t *Tab) present(ctx context.Context) error {
	if t.browser.override == nil {
		return nil
	}
	_, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, *t.browser.override)
	return err
}
