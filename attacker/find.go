package attacker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// ErrNoBrowser says that no Chrome or Chromium was found.
var ErrNoBrowser = errors.New("no Chrome or Chromium found")

// FindBrowser gives the path of the browser's real binary: the wanted one (a
// path, or a name on PATH) where it is not empty, else CROSSEXAM_BROWSER of the
// environment, else the usual places. The error says what to do.
func FindBrowser(wanted string) (string, error) {
	source := "--browser"
	if wanted == "" {
		wanted, source = os.Getenv("CROSSEXAM_BROWSER"), "CROSSEXAM_BROWSER"
	}
	if wanted != "" {
		path, err := exec.LookPath(wanted)
		if err != nil {
			return "", fmt.Errorf("%w at %q (%s): name an executable file, or leave it out to look in the usual places", ErrNoBrowser, wanted, source)
		}
		return realBinary(path)
	}
	for _, place := range usualPlaces(runtime.GOOS) {
		if path, err := exec.LookPath(place); err == nil {
			return realBinary(path)
		}
	}
	return "", fmt.Errorf("%w: install one (Debian: apt-get install chromium), or name one with --browser or CROSSEXAM_BROWSER", ErrNoBrowser)
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
// blanks, and the host map has blanks.
func realBinary(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("%w at %q: %v", ErrNoBrowser, path, err)
	}
	if strings.HasPrefix(resolved, "/snap/") || filepath.Base(resolved) == "snap" {
		return "", fmt.Errorf("%w that can be used: %q is a snap, which cannot see a profile in the temporary folder; install Google Chrome's .deb package and name it with --browser", ErrNoBrowser, path)
	}
	head := make([]byte, 2)
	f, err := os.Open(resolved)
	if err != nil {
		return "", fmt.Errorf("%w at %q: %v", ErrNoBrowser, path, err)
	}
	defer f.Close()
	if n, _ := f.Read(head); n < 2 || !bytes.Equal(head, []byte("#!")) {
		return resolved, nil
	}
	for _, behind := range []string{
		"/usr/lib/" + filepath.Base(resolved) + "/" + filepath.Base(resolved),
		filepath.Join(filepath.Dir(resolved), "chrome"),
	} {
		if info, err := os.Stat(behind); err == nil && info.Mode().IsRegular() {
			return behind, nil
		}
	}
	return resolved, nil
}
