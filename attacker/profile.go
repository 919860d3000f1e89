package attacker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// newProfile makes a profile for the posture in the temporary folder, after
// removing those that killed runs have left there.
func newProfile(p Posture) (*profile, error) {
	root := profileRoot()
	sweepProfiles(root)
	dir, err := os.MkdirTemp(root, profilePrefix)
	if err != nil {
		return nil, fmt.Errorf("making a browser profile: %w", err)
	}
	made := &profile{dir: dir}
	if made.lock, err = lockProfile(dir); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, fmt.Errorf("locking the browser profile %s: %w", dir, err)
	}
	mode := 0 // third-party cookies allowed
	if p.BlockThirdPartyCookies {
		mode = 1
	}
	preferences, err := json.Marshal(map[string]any{
		"profile": map[string]any{"cookie_controls_mode": mode},
	})
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "Default"), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "Default", "Preferences"), preferences, 0o600)
	}
	if err != nil {
		made.remove()
		return nil, fmt.Errorf("writing the browser profile: %w", err)
	}
	return made, nil
}

// profileRoot is the temporary folder, or /tmp where that one's path is too long:
// Chrome makes a socket below the profile, whose path the kernel limits to 107
// bytes, and dies if it does not fit.
func profileRoot() string {
	const below = len("/" + profilePrefix + "0123456789" + "/org.chromium.Chromium.XXXXXX/SingletonSocket")
	if root := os.TempDir(); len(root)+below <= 107 {
		return root
	}
	return "/tmp"
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
