package attacker

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// ErrNoBrowser says that no Chrome or Chromium was found.
var ErrNoBrowser = errors.New("no Chrome or Chromium found")

// ErrNoSandbox says that Chrome did not start because nothing lets it make a sandbox,
// which it does without as root alone.
var ErrNoSandbox = errors.New("no sandbox can be made for Chrome: neither user namespaces nor its setuid helper may be used here")

// A NoBrowserError is an [ErrNoBrowser] with the place and with what to do.
type NoBrowserError struct {
	Found  string // what was found instead, and where
	Advice string // what to do, without a full stop
}

func (e *NoBrowserError) Error() string { return e.Found + ": " + e.Advice }

// Is tells errors.Is that this is an [ErrNoBrowser].
func (e *NoBrowserError) Is(target error) bool { return target == ErrNoBrowser }

func noBrowser(advice, found string, args ...any) error {
	return &NoBrowserError{Found: ErrNoBrowser.Error() + fmt.Sprintf(found, args...), Advice: advice}
}

// FindBrowser gives the path of the browser's real binary: the wanted one (a
// path, or a name on PATH) where it is not empty, else CROSSEXAM_BROWSER of the
// environment, else the usual places. Where what is wanted is the address of a
// browser that runs already, ws://HOST:PORT or http://HOST:PORT, it gives that. The
// error is a [*NoBrowserError].
func FindBrowser(wanted string) (string, error) {
	source := "`browser.path`"
	if wanted == "" {
		wanted, source = os.Getenv("CROSSEXAM_BROWSER"), "CROSSEXAM_BROWSER"
	}
	if isAddress(wanted) {
		if _, err := parseAddress(wanted, source); err != nil {
			return "", err
		}
		return wanted, nil
	}
	if wanted != "" {
		path, err := exec.LookPath(wanted)
		if err != nil {
			return "", noBrowser("name an executable file, or leave it out to look in the usual places", " at %q (%s)", wanted, source)
		}
		return realBinary(path)
	}
	return findIn(usualPlaces(runtime.GOOS))
}

// Excuse is the reason for which a test may be skipped, and not fail, after an error
// that says that there is no browser; empty means that it has to fail. It has to
// where the wanted browser, or CROSSEXAM_BROWSER, names one that is not there; else
// CROSSEXAM_REQUIRE_BROWSER of the environment decides, and without it CI, which
// the usual services set: there nobody looks at what was skipped.
func Excuse(err error, wanted string) string {
	if !errors.Is(err, ErrNoBrowser) || wanted != "" || os.Getenv("CROSSEXAM_BROWSER") != "" {
		return ""
	}
	said := cmp.Or(os.Getenv("CROSSEXAM_REQUIRE_BROWSER"), os.Getenv("CI"), "false")
	if required, misread := strconv.ParseBool(said); required || misread != nil {
		return ""
	}
	return fmt.Sprintf("nothing was examined: %v; CROSSEXAM_REQUIRE_BROWSER=1 makes this a failure", err)
}

const nameAnother = "name another one with `browser.path` or CROSSEXAM_BROWSER"

// findIn gives the first browser that can be used.
func findIn(places []string) (string, error) {
	var unusable error
	for _, place := range places {
		path, err := exec.LookPath(place)
		if err != nil {
			continue
		}
		if path, err = realBinary(path); err == nil {
			return path, nil
		}
		if unusable == nil {
			unusable = err
		}
	}
	if unusable != nil {
		return "", unusable
	}
	return "", noBrowser("install one (Debian: apt-get install chromium), or name one with `browser.path` or CROSSEXAM_BROWSER",
		"; looked for %s", strings.Join(places, ", "))
}

// usualPlaces begins with the real binaries behind the wrapper scripts of the
// distributions.
func usualPlaces(goos string) []string {
	switch goos {
	case "darwin":
		return []string{
			"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
			"/Applications/Chromium.app/Contents/MacOS/Chromium",
		}
	case "windows":
		return []string{
			`C:\Program Files\Google\Chrome\Application\chrome.exe`,
			`C:\Program Files (x86)\Google\Chrome\Application\chrome.exe`,
			filepath.Join(os.Getenv("LOCALAPPDATA"), `Google\Chrome\Application\chrome.exe`),
		}
	}
	return []string{
		"/usr/lib/chromium/chromium",
		"/opt/google/chrome/chrome",
		"chromium", "chromium-browser",
		"google-chrome", "google-chrome-stable",
	}
}

// realBinary looks behind a wrapper script: Debian's splits flag values at
// blanks, and the host map has blanks. Ubuntu's starts the snap.
func realBinary(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", noBrowser(nameAnother, " at %q, which cannot be read (%v)", path, err)
	}
	head, err := readHead(resolved)
	if err != nil {
		return "", noBrowser(nameAnother, " at %q, which cannot be read (%v)", path, err)
	}
	script := bytes.HasPrefix(head, []byte("#!"))
	if script {
		for _, behind := range []string{
			"/usr/lib/" + filepath.Base(resolved) + "/" + filepath.Base(resolved),
			filepath.Join(filepath.Dir(resolved), "chrome"),
		} {
			if info, err := os.Stat(behind); err == nil && info.Mode().IsRegular() {
				return behind, nil
			}
		}
	}
	if strings.HasPrefix(resolved, "/snap/") || filepath.Base(resolved) == "snap" || script && bytes.Contains(head, []byte("/snap/")) {
		return "", noBrowser("install Google Chrome's .deb package and name it with `browser.path`",
			" that can be used; %q is a snap, which cannot see a profile in the temporary folder", path)
	}
	return resolved, nil
}

// readHead gives the beginning of a file, enough of it for a small script.
func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 4<<10))
}
