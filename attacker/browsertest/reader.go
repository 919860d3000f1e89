package browsertest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/child/childtest"
)

// A Reader is a person's Chrome with one page open, and what its console said.
type Reader struct {
	// Tab is the page's, to do with it what the methods do not.
	Tab context.Context

	t testing.TB

	mu       sync.Mutex
	problems []string
}

// OpenReader starts a Chrome in which names lead as rules say.
func OpenReader(t testing.TB, rules string) *Reader {
	t.Helper()
	tab := Open(t, "{}", chromedp.Flag("host-resolver-rules", rules))
	r := &Reader{t: t, Tab: tab}
	err := chromedp.Listen(tab, func(ev any) {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			r.problems = append(r.problems, ev.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
				r.problems = append(r.problems, ev.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Open leads the page to an address.
func (r *Reader) Open(url string) {
	r.t.Helper()
	if err := chromedp.Do(r.Tab, chromedp.Navigate(url)); err != nil {
		r.t.Fatal(err)
	}
}

// Says evaluates an expression in the page.
func (r *Reader) Says(expression string) string {
	r.t.Helper()
	got, err := chromedp.Run(r.Tab, chromedp.Evaluate[string]("(async () => String(await ("+expression+")))()", chromedp.EvalAwaitPromise))
	if err != nil {
		r.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// Press presses keys, as kb names them, one after another.
func (r *Reader) Press(keys string) {
	r.t.Helper()
	if err := chromedp.Do(r.Tab, chromedp.KeyEvent(keys)); err != nil {
		r.t.Fatal(err)
	}
}

// Quiet fails where the console complained.
func (r *Reader) Quiet(what string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.problems {
		r.t.Errorf("%s: the console says %s", what, p)
	}
	r.problems = nil
}

// Seen shows the page so many pixels wide, in the colour scheme "light" or "dark".
func (r *Reader) Seen(width int64, scheme string) {
	r.t.Helper()
	if err := chromedp.Do(r.Tab, chromedp.EmulateViewport(width, 900)); err != nil {
		r.t.Fatal(err)
	}
	_, err := chromedp.Call(r.Tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// axeCore is where scripts/stacks installs what judges accessibility, from the root of
// the project.
const axeCore = "bin/stacks/axe/node_modules/axe-core/axe.min.js"

// Accessible runs axe-core's rules of WCAG 2 A and AA, contrast among them. It comes in
// by the debugger, which the page's policy does not concern.
func (r *Reader) Accessible(what string) {
	r.t.Helper()
	_, here, _, _ := goruntime.Caller(0)
	source, err := os.ReadFile(filepath.Join(filepath.Dir(here), "..", "..", axeCore))
	if errors.Is(err, os.ErrNotExist) {
		childtest.Missing(r.t, errors.New("axe-core is not installed"))
	}
	if err != nil {
		r.t.Fatal(err)
	}
	if err := chromedp.Do(r.Tab, chromedp.Evaluate[chromedp.Void](string(source)+";undefined")); err != nil {
		r.t.Fatal(err)
	}
	found := r.Says(`axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).then(r => r.violations.map(v => v.id + ": " + v.help + "\n  " + v.nodes.slice(0, 3).map(n => n.target + " " + n.failureSummary.replace(/\s+/g, " ")).join("\n  ")).join("\n"))`)
	if found != "" {
		r.t.Errorf("%s:\n%s", what, found)
	}
}
