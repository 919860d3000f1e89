package attacker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/crossexam/crossexam/scratch"
)

// profilePrefix begins the name of every profile directory of Crossexam.
const profilePrefix = "crossexam-profile-"

// profile is a throw-away browser profile.
type profile struct {
	dir    string
	folder *scratch.Folder
}

// newProfile makes a profile for the options in the temporary folder, after
// removing those that killed runs have left there.
func newProfile(ctx context.Context, o Options) (*profile, error) {
	folder, err := scratch.Make(ProfileRoot(), profilePrefix)
	if err != nil {
		return nil, fmt.Errorf("making a browser profile: %w", err)
	}
	made := &profile{dir: folder.Path, folder: folder}
	err = made.prepare(o)
	if err == nil && o.ClientCertificate != nil {
		err = made.storeCertificate(ctx, o.ClientCertificate)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the browser profile %s: %w", made.dir, err), made.remove())
	}
	return made, nil
}

func (p *profile) prepare(o Options) error {
	mode := 0 // third-party cookies allowed
	if o.Posture.BlockThirdPartyCookies {
		mode = 1
	}
	settings := map[string]any{"cookie_controls_mode": mode}
	if o.ClientCertificate != nil {
		settings["content_settings"] = map[string]any{"exceptions": anySite()}
	}
	preferences, err := json.Marshal(map[string]any{"profile": settings})
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(p.dir, "Default"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.dir, "Default", "Preferences"), preferences, 0o600)
}

// ProfileRoot is the folder in which the browser's profile is made: the temporary folder, or /tmp where that one's path is too long:
// Chrome makes a socket below the profile, whose path the kernel limits to 107
// bytes, and dies if it does not fit.
func ProfileRoot() string {
	const below = len("/" + profilePrefix + "0123456789" + "/org.chromium.Chromium.XXXXXX/SingletonSocket")
	if root, err := filepath.Abs(os.TempDir()); err == nil && len(root)+below <= 107 {
		return root
	}
	return "/tmp"
}

// environment makes the profile the browser's home and temporary folder, so that
// nothing it writes outlives the run: crash reports, downloads, caches, the folder
// of its socket, which a killed Chrome leaves behind. Of this process's own environment,
// which may hold the victim's credentials, the browser gets what a program needs to
// start and no more, and also what is given.
func (p *profile) environment(also ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return !slices.Contains(passedOn, strings.ToUpper(name)) && !strings.HasPrefix(name, "LC_")
	})
	return append(append(env, also...), "HOME="+p.dir, "TMPDIR="+p.dir, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "XDG_CACHE_HOME=")
}

// passedOn are the variables that the browser gets: where programs, libraries and fonts
// are, language and time zone, and what Windows needs.
var passedOn = []string{
	"PATH", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "CHROME_DEVEL_SANDBOX", "CHROMIUM_FLAGS", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME",
	"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP", "TMP", "LOCALAPPDATA", "APPDATA", "USERPROFILE", "PROGRAMFILES", "PROGRAMDATA",
}

// remove deletes the profile.
func (p *profile) remove() error { return p.folder.Remove() }
