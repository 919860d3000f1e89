package attacker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// profilePrefix begins the name of every profile directory of Crossexam.
const profilePrefix = "crossexam-profile-"

// profile is a throw-away browser profile. Its lock is held as long as this
// process lives, so that a later run can tell a forgotten profile from one in
// use: the kernel lets go of the lock even when the process is killed.
type profile struct {
	dir  string
	lock *os.File
}

// newProfile makes a profile for the options in the temporary folder, after
// removing those that killed runs have left there.
func newProfile(ctx context.Context, o Options) (*profile, error) {
	root := ProfileRoot()
	sweepProfiles(root)
	// It gets the name that others sweep by once it is locked.
	dir, err := os.MkdirTemp(root, "new-"+profilePrefix)
	if err != nil {
		return nil, fmt.Errorf("making a browser profile: %w", err)
	}
	made := &profile{dir: dir}
	err = made.prepare(o)
	if err == nil && o.ClientCertificate != nil {
		err = made.storeCertificate(ctx, o.ClientCertificate)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the browser profile %s: %w", dir, err), made.remove())
	}
	return made, nil
}

func (p *profile) prepare(o Options) (err error) {
	if p.lock, err = lockProfile(p.dir); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("locking it: %w", err)
	}
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
	if err := os.WriteFile(filepath.Join(p.dir, "Default", "Preferences"), preferences, 0o600); err != nil {
		return err
	}
	parent, name := filepath.Split(p.dir)
	locked := filepath.Join(parent, strings.TrimPrefix(name, "new-"))
	if err := os.Rename(p.dir, locked); err != nil {
		return err
	}
	p.dir = locked
	return nil
}

// ProfileRoot is the folder in which the browser's profile is made: the temporary folder, or /tmp where that one's path is too long:
// Chrome makes a socket below the profile, whose path the kernel limits to 107
// bytes, and dies if it does not fit.
func ProfileRoot() string {
	const below = len("/" + profilePrefix + "0123456789" + "/org.chromium.Chromium.XXXXXX/SingletonSocket")
	if root := os.TempDir(); len(root)+below <= 107 {
		return root
	}
	return "/tmp"
}

// environment makes the profile the browser's home and temporary folder, so that
// nothing it writes outlives the run: crash reports, downloads, caches, the folder
// of its socket, which a killed Chrome leaves behind.
func (p *profile) environment() []string {
	return []string{"HOME=" + p.dir, "TMPDIR=" + p.dir, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "XDG_CACHE_HOME="}
}

// remove deletes the profile and lets go of its lock. Processes of a browser
// that was killed may write for a moment longer, so it tries again.
func (p *profile) remove() error {
	err := removeDir(p.dir)
	if p.lock != nil {
		p.lock.Close()
	}
	return err
}

func removeDir(dir string) error {
	deadline := time.Now().Add(5 * time.Second)
	for {
		err := os.RemoveAll(dir)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// sweepProfiles removes the profiles whose owner is dead. It is housekeeping: a
// profile that cannot be removed now is left to the next run.
func sweepProfiles(root string) {
	dirs, err := filepath.Glob(filepath.Join(root, profilePrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		lock, err := lockProfile(dir)
		if err != nil {
			continue // in use
		}
		_ = os.RemoveAll(dir)
		lock.Close()
	}
}
