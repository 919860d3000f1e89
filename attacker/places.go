package attacker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	cdptarget "github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/scratch"
)

// Where else than in the page itself a vector makes its requests: in a page of
// opaque origin, in a worker, by way of another host.

// atOnce is how many requests of a vector are under way at once.
func (b *Browser) atOnce(v scenarios.Vector) int {
	if v.OneAtATime() {
		return 1
	}
	return b.parallel
}

// byPlace puts the vectors last whose page takes the place of the one that is
// open.
func byPlace(vectors []scenarios.Vector) {
	leaves := func(v scenarios.Vector) int {
		if v.Place() == scenarios.OwnPage {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(vectors, func(a, b scenarios.Vector) int { return leaves(a) - leaves(b) })
}

// takePlace makes the tab ready for a vector.
func (t *Tab) takePlace(ctx context.Context, v scenarios.Vector) error {
	if v == scenarios.WebSocket && t.direct != nil {
		return &placeError{"the browser talks to the target itself (`direct`), and Chrome lets nobody hold or see a WebSocket"}
	}
	switch v {
	case scenarios.SandboxedPage:
		return t.openOpaque(ctx, t.origin.String()+SandboxedPagePath)
	case scenarios.FilePage:
		u, err := t.browser.pageFile(t.origin, t.role)
		if err != nil {
			return err
		}
		err = t.openOpaque(ctx, u)
		var refused *chromedp.LoadError
		if t.browser.info.Remote && errors.As(err, &refused) {
			return &placeError{"this browser, which runs already, may not see the files of Crossexam: " + err.Error()}
		}
		return err
	}
	if err := t.reopen(ctx); err != nil {
		return err
	}
	if v.Redirect() != 0 {
		t.browser.stage.PlayHop(t.origin)
	}
	switch v.Place() {
	case scenarios.InWorker:
		return t.startWorker(ctx)
	case scenarios.InFrame:
		return t.startFrame(ctx, v)
	}
	return nil
}

// A placeError says that the browser cannot take the place of a vector, which is no
// fault of the page that is open.
type placeError struct{ why string }

func (e *placeError) Error() string { return e.why }

// reopen shows the page again, after another one took its place.
func (t *Tab) reopen(ctx context.Context) error {
	if t.role == "" {
		return errors.New("no page was opened in this tab")
	}
	return t.Open(ctx, t.origin, t.role)
}

// openOpaque visits a page whose origin is opaque. (A file's page has the origin
// file:// to itself and null to servers.)
func (t *Tab) openOpaque(ctx context.Context, u string) error {
	if err := t.Browse(ctx, u); err != nil {
		return err
	}
	got, err := t.evaluateOrigin(ctx)
	if err != nil {
		return err
	}
	if got != "null" && got != "file://" {
		return fmt.Errorf("the page %s should be of origin null, and is of %s", u, got)
	}
	return nil
}

// pageFile writes a page to a file that is removed with the browser's profile, or
// when a remote one is let go, and gives its URL.
func (b *Browser) pageFile(origin cors.Origin, role Role) (string, error) {
	page, err := b.stage.pageOf(origin, string(role))
	if err != nil {
		return "", err
	}
	dir, err := b.folder()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "crossexam-page.html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		return "", fmt.Errorf("writing a page to a file: %w", err)
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") { // Windows
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed}).String(), nil
}

// folder is where files for the browser go.
func (b *Browser) folder() (string, error) {
	if b.profile != nil {
		return b.profile.dir, nil
	}
	if b.files == nil {
		folder, err := scratch.Make("", "crossexam-files-")
		if err != nil {
			return "", fmt.Errorf("making a folder for the browser: %w", err)
		}
		b.files = folder
	}
	return b.files.Path, nil
}

// startWorker starts the page's worker, unless it runs already, and listens to
// its network events: they come in a session of the worker's own, and the rest of
// the same request in the page's.
func (t *Tab) startWorker(ctx context.Context) error {
	if t.worker {
		return nil
	}
	label := rand.Text()
	err := t.do(ctx, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("openWorker(%q)", label), chromedp.EvalAwaitPromise))
	})
	if err != nil {
		return fmt.Errorf("starting a worker: %w", err)
	}
	found, err := t.listenToParts(ctx, func(info *cdptarget.Info) bool {
		return info.Type == "worker" && strings.Contains(info.URL, label)
	})
	if err != nil {
		return fmt.Errorf("listening to a worker: %w", err)
	}
	if found == 0 {
		return errors.New("the browser does not know of the worker that was started")
	}
	t.worker = true
	return nil
}

// startFrame opens the vector's frame, and listens to its network events where the
// browser has given it a process of its own, as one does that was not started with
// our flags.
func (t *Tab) startFrame(ctx context.Context, v scenarios.Vector) error {
	if !t.browser.info.Remote {
		return nil
	}
	err := t.within(frameTimeout, ctx, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("frameOf(%q).then(() => {})", v), chromedp.EvalAwaitPromise))
	})
	if err != nil {
		return fmt.Errorf("opening a frame: %w", err)
	}
	_, err = t.listenToParts(ctx, func(info *cdptarget.Info) bool {
		return info.Type == "iframe" && info.ParentFrameID == t.frame
	})
	if err != nil {
		return fmt.Errorf("listening to a frame: %w", err)
	}
	return nil
}

// listenToParts listens to the network events of parts of the page that have a
// session of their own, and tells how many there are.
func (t *Tab) listenToParts(ctx context.Context, wanted func(*cdptarget.Info) bool) (int, error) {
	targets, err := chromedp.Targets(t.ctx)
	if err != nil {
		return 0, err
	}
	found := 0
	for _, info := range targets {
		if !wanted(info) {
			continue
		}
		found++
		if t.parts[info.TargetID] != nil {
			continue
		}
		session, detach := chromedp.NewContext(t.ctx,
			chromedp.WithTargetID(info.TargetID), chromedp.WithDetachOnCancel(), chromedp.WithListener(t.recorder.event))
		// Like a tab's, the first Do binds its life to the context it is given.
		err := t.do(ctx, func(context.Context) error {
			if err := chromedp.Do(session); err != nil {
				return err
			}
			_, err := chromedp.Call(session, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
			return err
		})
		if err != nil {
			detach()
			return found, err
		}
		t.parts[info.TargetID] = detach
	}
	return found, nil
}

// leaveParts forgets the worker and the frames of a page that is being left.
func (t *Tab) leaveParts() {
	t.worker = false
	for id, detach := range t.parts {
		detach()
		delete(t.parts, id)
	}
}

// answerTime is how long the page may be busy with a target's script.
const answerTime = 2 * time.Second

// keepRunning ends scripts of the target that never end, and with them the whole
// page would stand still. stop must be called.
func (t *Tab) keepRunning(ctx context.Context, v scenarios.Vector) (stop func()) {
	if v != scenarios.Script {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(answerTime)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			bounded, stop := context.WithTimeout(ctx, answerTime)
			err := chromedp.Do(bounded, chromedp.Evaluate[chromedp.Void]("0"))
			stop()
			if err != nil && ctx.Err() == nil {
				// If it fails, the page has gone, which others notice.
				_, _ = chromedp.Call(ctx, runtime.TerminateExecution, cdp.Empty{})
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}
