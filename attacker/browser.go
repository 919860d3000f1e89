package attacker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/child"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scratch"
)

// Posture is what the run decides about the browser that bears on verdicts. The
// zero value is the default posture.
type Posture struct {
	// BlockThirdPartyCookies has the browser keep every cookie home in
	// third-party requests. By default they are allowed, as in the browsers of
	// most users, so that the target's own defences are judged.
	BlockThirdPartyCookies bool `json:"block_third_party_cookies"`
}

// Options say how to start the browser.
type Options struct {
	// Path is of the browser, or the address of one that runs already, such as
	// ws://127.0.0.1:9222; empty means FindBrowser's choice.
	Path    string
	Posture Posture
	// UserAgent is what the browser says it is; empty for what a Chrome of its version
	// says that has a window.
	UserAgent string
	// Parallel is how many requests a page has under way at once; 0, and more than
	// that, is as many connections as Chrome opens to one host.
	Parallel int
	// ClientCertificate is what the browser proves itself with where the stage asks
	// for one; nil for nothing. Its Leaf is set. Where [Options.CannotHoldCertificate]
	// gives an error, the start fails with it.
	ClientCertificate *tls.Certificate
	Direct            Direct // the target, where the browser is to talk to it by itself

	// Only is the one origin that leads to the stage, where all others are reached as any
	// browser reaches them: for a front end that is somebody's own; see [Browser.OpenFrontEnd].
	// By default every host leads to the stage.
	Only cors.Origin
	// Window gives the browser a window, which needs a display; see [HasDisplay].
	Window bool
	// TrustedKey is that of a server whose certificate is of no authority that the
	// browser knows, as in [Direct.PublicKey]; empty for none.
	TrustedKey string
}

// Check tells what is wrong with the options, before anything is started.
func (o Options) Check() error {
	path, err := FindBrowser(o.Path)
	if err == nil && isAddress(path) && o.Posture.BlockThirdPartyCookies {
		err = errors.New("a browser that runs already keeps its own posture: leave out `browser.block_third_party_cookies`, or name the file of a browser with `browser.path`")
	}
	if err == nil && isAddress(path) && !o.Only.IsOpaque() {
		err = errors.New("a browser that runs already cannot be used here: it has its user's own cookies and settings; name the file of a browser with `browser.path`")
	}
	if err == nil && isAddress(path) && o.Direct != (Direct{}) {
		err = errors.New("a browser that runs already reaches the target through Crossexam only: leave out `direct`, or name the file of a browser with `browser.path`")
	}
	return err
}

// Info says which browser judged, for reports.
type Info struct {
	Product string `json:"product"` // "Chrome/156.0.8078.79"
	Path    string `json:"path"`    // or its address, where it is remote
	// Remote says that the browser ran already: its flags and its sandbox are not
	// known, and its posture is what the controls show.
	Remote  bool     `json:"remote"`
	Flags   []string `json:"flags"`
	Posture Posture  `json:"posture"`
	Sandbox bool     `json:"sandbox"`
	// Protocol is the Chromium version the DevTools protocol bindings were
	// generated from.
	Protocol string `json:"protocol"`
}

// ErrBrowserGone says that the browser process died or stopped answering.
var ErrBrowserGone = errors.New("the browser has gone")

// ErrPageCrashed says that the renderer of a page crashed; the browser lives.
var ErrPageCrashed = errors.New("the page's renderer crashed")

// startTimeout bounds the start of the browser. Cold containers are slow.
const startTimeout = 60 * time.Second

// A Browser is one headless Chrome with a throw-away profile, whose every host
// is mapped to one stage. Close ends it and removes the profile. It is used from
// one goroutine, and so is each of its tabs, which may be another one.
//
// It may be one that ran already, see [Options]. Then only its tabs are ours: each
// is in a browser context of its own, whose proxy leads to the stage, and Close
// closes those and nothing else.
type Browser struct {
	stage    *Stage
	parallel int // requests that a page has under way at once
	info     Info
	proxy    string          // address of the way to the stage, for a remote browser
	profile  *profile        // nil for a remote browser
	files    *scratch.Folder // for what a remote browser is to open; nil until then
	command  *exec.Cmd       // the browser's process; nil until it was started
	direct   Direct
	options  Options
	override *override // nil where it was started to say what it is to say
	root     context.Context
	stop     func()

	tabs        map[string]*Tab // by name
	rootTaken   bool
	navigations atomic.Int64

	closing  sync.Once
	closeErr error

	mu   sync.Mutex
	lost error // the first loss since it was asked for; nil for none
}

// Start launches the browser, or connects to one that runs already. The context
// bounds that only; the browser lives until Close.
func Start(ctx context.Context, stage *Stage, o Options) (*Browser, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	path, err := FindBrowser(o.Path)
	if err != nil {
		return nil, err
	}
	if isAddress(path) {
		return connect(ctx, stage, path, o)
	}
	prof, err := newProfile(ctx, o)
	if err != nil {
		return nil, err
	}
	b := newBrowser(stage, o)
	b.profile = prof
	p, userAgent := o.product(ctx)
	b.info = Info{Path: path, Posture: o.Posture, Sandbox: os.Getuid() != 0, Protocol: cdproto.ChromiumVersion()}
	if err := b.launch(ctx, p, userAgent); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the browser %s: %w", path, err), b.Close())
	}
	return b, nil
}

func newBrowser(stage *Stage, o Options) *Browser {
	b := &Browser{stage: stage, tabs: map[string]*Tab{}, parallel: parallel, direct: o.Direct, options: o, stop: func() {}}
	if o.Parallel > 0 {
		b.parallel = min(o.Parallel, parallel)
	}
	return b
}

// launch starts the process and waits until it answers.
func (b *Browser) launch(ctx context.Context, p product, userAgent string) error {
	var printed complaints
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(b.info.Path),
		chromedp.CombinedOutput(&printed),
		chromedp.NoInheritEnv,
		chromedp.Env(b.profile.environment(b.options.variables()...)...),
		chromedp.ModifyCmdFunc(func(c *exec.Cmd) {
			child.OwnGroup(c)
			b.command = c
		}),
	}
	for _, f := range launchFlags(b.stage, b.profile.dir, userAgent, b.options) {
		options = append(options, chromedp.Flag(f.name, f.value))
		b.info.Flags = append(b.info.Flags, f.String())
	}
	life, end := context.WithCancel(context.Background())
	alloc, stopAlloc := chromedp.NewExecAllocator(life, options...)
	root, stopRoot := chromedp.NewContext(alloc, chromedp.WithErrorf(b.protocolError))
	b.root = root
	b.stop = func() { end(); stopRoot(); stopAlloc() }

	// The first Do starts the browser and binds its life to the context it is
	// given, which therefore has no deadline: a watchdog ends it instead.
	watchdog, done := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("it did not answer within %s", startTimeout))
	defer done()
	watchdog, refuse := context.WithCancelCause(watchdog)
	defer refuse(nil)
	printed.told = func(line string) { time.AfterFunc(refusedPatience, func() { refuse(tooManyProcesses(line)) }) }
	release := context.AfterFunc(watchdog, end)
	err := chromedp.Do(root)
	if err == nil {
		var version browser.GetVersionResult
		version, err = chromedp.CallBrowser(root, browser.GetVersion, cdp.Empty{})
		b.info.Product = version.Product
		b.override = overrideFor(p, userAgent, version)
	}
	switch {
	case !release():
		return context.Cause(watchdog)
	case err != nil && strings.Contains(err.Error(), "No usable sandbox"):
		return ErrNoSandbox
	case err != nil:
		// The text quotes what the program printed.
		if isRefusal(err.Error()) {
			return tooManyProcesses(err.Error())
		}
		return fmt.Errorf("it does not behave as Chrome or Chromium does: %s", strings.Trim(err.Error(), ": \n"))
	}
	return nil
}

// Info describes the browser.
func (b *Browser) Info() Info { return b.info }

// Navigations counts the pages that were opened.
func (b *Browser) Navigations() int { return int(b.navigations.Load()) }

// PID is the browser's process, and 0 where it could not be started.
func (b *Browser) PID() int {
	if b.command == nil || b.command.Process == nil {
		return 0
	}
	return b.command.Process.Pid
}

// Close ends the browser with all its processes and removes its profile; in a
// remote browser it closes the tabs of this run. It may be called more than once.
func (b *Browser) Close() error {
	b.closing.Do(func() {
		if b.info.Remote {
			b.closeErr = b.disconnect()
			return
		}
		if pid := b.PID(); pid != 0 {
			child.KillGroup(pid)
		}
		b.stop()
		b.closeErr = b.profile.remove()
	})
	return b.closeErr
}

// explain turns an error of a call on ctx into ours: the cause of a crash, the
// browser's death, or the caller's own cancellation.
func (b *Browser) explain(caller, ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrPageCrashed) {
		return cause
	}
	if caller.Err() != nil {
		return context.Cause(caller)
	}
	if b.root.Err() != nil {
		return fmt.Errorf("%w: %v", ErrBrowserGone, err)
	}
	select {
	case <-chromedp.FromContext(b.root).Browser.LostConnection:
		return fmt.Errorf("%w: %v", ErrBrowserGone, err)
	default:
		return err
	}
}
