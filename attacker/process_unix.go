//go:build unix

package attacker

import (
	"os"
	"path/filepath"
	"syscall"
)

// lockProfile takes the lock of a profile, or fails at once when its owner lives.
// It follows no link: others may write to the temporary folder too.
func lockProfile(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "crossexam.lock"), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
