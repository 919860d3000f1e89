package attacker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program writes an executable file.
func program(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil { //nolint:gosec // it is to be executed
		t.Fatal(err)
	}
	return path
}

func TestFindBrowserPrecedence(t *testing.T) {
	dir := t.TempDir()
	flag := program(t, dir+"/flag", "\x7fELF flag")
	env := program(t, dir+"/env", "\x7fELF env")
	usual := program(t, dir+"/chromium", "\x7fELF usual")

	t.Setenv("CROSSEXAM_BROWSER", env)
	if got, err := FindBrowser(flag); got != flag || err != nil {
		t.Errorf("the flag: %q, %v", got, err)
	}
	if got, err := FindBrowser(""); got != env || err != nil {
		t.Errorf("the environment: %q, %v", got, err)
	}
	t.Setenv("PATH", dir)
	if got, err := FindBrowser("flag"); got != flag || err != nil {
		t.Errorf("a name on PATH: %q, %v", got, err)
	}
	if got, err := findIn([]string{dir + "/missing", "absent", "chromium", "env"}); got != usual || err != nil {
		t.Errorf("the usual places: %q, %v", got, err)
	}
	// The real usual places, whatever this machine has there.
	t.Setenv("CROSSEXAM_BROWSER", "")
	if got, err := FindBrowser(""); err == nil {
		if _, err := os.Stat(got); err != nil {
			t.Error(err)
		}
	} else if !errors.Is(err, ErrNoBrowser) {
		t.Error(err)
	}
}

func TestFindBrowserErrors(t *testing.T) {
	dir := t.TempDir()
	noExec := program(t, dir+"/noexec", "\x7fELF")
	if err := os.Chmod(noExec, 0o600); err != nil {
		t.Fatal(err)
	}
	snap := program(t, dir+"/bin/snap", "\x7fELF")
	if err := os.Symlink(snap, dir+"/linked"); err != nil {
		t.Fatal(err)
	}
	ubuntu := program(t, dir+"/chromium-browser", "#!/bin/sh\nexec /snap/bin/chromium \"$@\"\n")
	real := program(t, dir+"/real", "\x7fELF")

	for _, c := range []struct {
		name string
		find func() (string, error)
		says []string
	}{
		{"flag", func() (string, error) { return FindBrowser(dir + "/missing") }, []string{dir + "/missing", "`browser.path`", "name an executable"}},
		{"not executable", func() (string, error) { return FindBrowser(noExec) }, []string{noExec, "`browser.path`", "name an executable"}},
		{"environment", func() (string, error) {
			t.Setenv("CROSSEXAM_BROWSER", dir)
			return FindBrowser("")
		}, []string{dir, "CROSSEXAM_BROWSER", "name an executable"}},
		{"nowhere", func() (string, error) { return findIn([]string{dir + "/missing"}) }, []string{"install one", "`browser.path`", "CROSSEXAM_BROWSER"}},
		{"snap", func() (string, error) { return FindBrowser(dir + "/linked") }, []string{"snap", "install Google Chrome"}},
		{"script of a snap", func() (string, error) { return FindBrowser(ubuntu) }, []string{"snap", "install Google Chrome"}},
		{"snap alone", func() (string, error) { return findIn([]string{dir + "/linked"}) }, []string{"snap", "install Google Chrome"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.find()
			if !errors.Is(err, ErrNoBrowser) {
				t.Fatalf("%q, %v", got, err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("the error does not say %q: %v", s, err)
				}
			}
		})
	}
	// One that cannot be used does not hide one that can.
	if got, err := findIn([]string{dir + "/linked", real}); got != real || err != nil {
		t.Errorf("behind a snap: %q, %v", got, err)
	}
}

func TestFindBrowserBehindWrapper(t *testing.T) {
	dir := t.TempDir()
	// Google's: a script beside the binary, under links.
	chrome := program(t, dir+"/opt/google/chrome/chrome", "\x7fELF")
	script := program(t, dir+"/opt/google/chrome/google-chrome", "#!/bin/bash\nexec \"$HERE/chrome\" \"$@\"\n")
	if err := os.Symlink(script, dir+"/google-chrome-stable"); err != nil {
		t.Fatal(err)
	}
	if got, err := FindBrowser(dir + "/google-chrome-stable"); got != chrome || err != nil {
		t.Errorf("Google's wrapper: %q, %v", got, err)
	}
	// One that nothing is known of is taken as it is.
	other := program(t, dir+"/other", "#!/bin/sh\nexec something \"$@\"\n")
	if got, err := FindBrowser(other); got != other || err != nil {
		t.Errorf("another wrapper: %q, %v", got, err)
	}
	empty := program(t, dir+"/empty", "")
	if got, err := FindBrowser(empty); got != empty || err != nil {
		t.Errorf("an empty file: %q, %v", got, err)
	}
	const debian, binary = "/usr/bin/chromium", "/usr/lib/chromium/chromium"
	if !exists(debian) || !exists(binary) {
		t.Skip("Debian's chromium is not installed")
	}
	if got, err := FindBrowser(debian); got != binary || err != nil {
		t.Errorf("Debian's wrapper: %q, %v", got, err)
	}
}

// A test is skipped without a browser only where nobody asked for one.
func TestExcuse(t *testing.T) {
	for _, c := range []struct {
		required, ci, env, wanted string
		excused                   bool
	}{
		{excused: true},
		{required: "0", excused: true},
		{ci: "false", excused: true},
		{required: "0", ci: "true", excused: true},
		{required: "1"},
		{required: "yes"}, // what cannot be read is no permission
		{ci: "true"},
		{ci: "woodpecker"},
		{env: "/nonexistent"},
		{wanted: "/nonexistent"},
		{required: "0", wanted: "/nonexistent"},
	} {
		t.Setenv("CROSSEXAM_REQUIRE_BROWSER", c.required)
		t.Setenv("CI", c.ci)
		t.Setenv("CROSSEXAM_BROWSER", c.env)
		if why := Excuse(fmt.Errorf("%w: install one", ErrNoBrowser), c.wanted); (why != "") != c.excused {
			t.Errorf("%+v: %q", c, why)
		}
		if why := Excuse(ErrBrowserGone, c.wanted); why != "" {
			t.Errorf("another error is excused: %q", why)
		}
	}
}
