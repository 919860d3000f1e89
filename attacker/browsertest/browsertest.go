// Package browsertest starts browsers for tests: of how Crossexam uses one that runs
// already, and of the pages that Crossexam shows to people.
package browsertest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/child"
)

// Preferences of a profile.
const (
	CookiesAllowed           = `{"profile":{"cookie_controls_mode":0}}`
	ThirdPartyCookiesBlocked = `{"profile":{"cookie_controls_mode":1}}`
)

// Needed skips a test that starts a browser where `go test -short` was asked for, as
// `make test-fast` does. That command also names a browser that does not exist, so
// that a test which lacks this fails there.
func Needed(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a browser")
	}
}

// Run starts a browser as a user would who is to lend it, with a profile of its own
// and no flags but the necessary ones, and gives the address of its debugging
// session. It ends with the test.
func Run(t testing.TB, preferences string) (address string) {
	t.Helper()
	Needed(t)
	path, profile := prepare(t, preferences)
	t.Cleanup(func() {
		if err := os.RemoveAll(profile); err != nil {
			t.Error(err)
		}
	})
	args := []string{"--headless=new", "--remote-debugging-port=0", "--user-data-dir=" + profile, "--disable-dev-shm-usage"}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	printed, print := io.Pipe()
	browser, err := child.Start(child.Command{
		Argv: append(append([]string{path}, args...), "about:blank"), Env: append(os.Environ(), "HOME="+profile, "TMPDIR="+profile), Tee: print,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := browser.Close(); err != nil {
			t.Error(err)
		}
	})
	go func() {
		<-browser.Ended()
		print.Close()
	}()
	lines := bufio.NewScanner(printed)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "DevTools listening on "); ok {
			go func() { _, _ = io.Copy(io.Discard, printed) }() // what nobody reads would stop it
			return address
		}
	}
	t.Fatalf("the browser ended and told no address: %s", browser.Outcome())
	return ""
}

// Open starts a browser as a person has it, with a profile of its own, and gives its
// tab to drive. It ends with the test, and after two minutes, when what it shows hangs.
func Open(t testing.TB, preferences string, options ...chromedp.ExecAllocatorOption) (tab context.Context) {
	t.Helper()
	Needed(t)
	path, profile := prepare(t, preferences)
	// The last processes of the browser may still write there.
	t.Cleanup(func() { os.RemoveAll(profile) })
	alloc, stop := chromedp.NewExecAllocator(t.Context(), append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Env("HOME="+profile, "TMPDIR="+profile),
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-background-networking", true),
	}, options...)...)
	t.Cleanup(stop)
	root, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	if err := chromedp.Do(root); err != nil {
		t.Fatal(err)
	}
	tab, cancel := context.WithTimeoutCause(root, 2*time.Minute, errors.New("the page hangs"))
	t.Cleanup(cancel)
	return tab
}

// prepare finds the browser, and makes a profile with these preferences, which the
// caller removes.
func prepare(t testing.TB, preferences string) (path, profile string) {
	t.Helper()
	path, err := attacker.FindBrowser("")
	if err != nil {
		t.Fatal(err)
	}
	profile, err = os.MkdirTemp("", "cx-") // short: the browser makes a socket in it
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(profile, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(profile, "Default", "Preferences"), []byte(preferences), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, profile
}
