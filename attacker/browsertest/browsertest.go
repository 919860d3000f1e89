// Package browsertest starts browsers for tests of how Crossexam uses one that
// runs already.
package browsertest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/attacker"
)

// Preferences of a profile.
const (
	CookiesAllowed           = `{"profile":{"cookie_controls_mode":0}}`
	ThirdPartyCookiesBlocked = `{"profile":{"cookie_controls_mode":1}}`
)

// Run starts a browser as a user would who is to lend it, with a profile of its own
// and no flags but the necessary ones, and gives the address of its debugging
// session. It ends with the test.
func Run(t testing.TB, preferences string) (address string) {
	t.Helper()
	path, err := attacker.FindBrowser("")
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "cx-") // short: the browser makes a socket in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(profile); err != nil {
			t.Error(err)
		}
	})
	if err := os.Mkdir(filepath.Join(profile, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(profile, "Default", "Preferences"), []byte(preferences), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--headless=new", "--remote-debugging-port=0", "--user-data-dir=" + profile, "--disable-dev-shm-usage"}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	c := exec.Command(path, append(args, "about:blank")...)
	c.WaitDelay = 10 * time.Second
	c.Env = append(os.Environ(), "HOME="+profile, "TMPDIR="+profile)
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Asked to, it ends with all its helpers, before its profile is removed. An
		// error says that it was interrupted, or that it has gone.
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
	})
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "DevTools listening on "); ok {
			go func() {
				for lines.Scan() { // what nobody reads would stop it
				}
			}()
			return address
		}
	}
	t.Fatal("the browser ended and told no address")
	return ""
}
