// Package scratch makes throw-away folders. Each is locked as long as this process
// lives: the kernel lets go of the lock even when the process is killed, so that a
// later run can tell a forgotten folder from one in use, and removes it.
package scratch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lockName is the file of a folder that is locked.
const lockName = "crossexam.lock"

// A Folder is removed by whoever made it.
type Folder struct {
	Path string // absolute
	lock *os.File
}

// Make makes a folder below root, the temporary folder where that is empty, that is
// open to this user alone. Its name begins with the prefix. Before, it removes the
// folders of that prefix that killed runs have left there.
func Make(root, prefix string) (*Folder, error) {
	if root == "" {
		root = os.TempDir()
	}
	// TMPDIR may be relative, and programs that we start have other ideas of what to.
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	Sweep(root, prefix)
	// It gets the name that others sweep by once it is locked.
	dir, err := os.MkdirTemp(root, "new-"+prefix)
	if err != nil {
		return nil, err
	}
	f := &Folder{Path: dir}
	if f.lock, err = lock(dir, os.O_CREATE); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", dir, err), f.Remove())
	}
	locked := filepath.Join(root, strings.TrimPrefix(filepath.Base(dir), "new-"))
	if err := os.Rename(dir, locked); err != nil {
		return nil, errors.Join(err, f.Remove())
	}
	f.Path = locked
	return f, nil
}

// Remove deletes the folder and lets go of its lock. Processes that were killed may
// write for a moment longer, so it tries again for up to five seconds.
func (f *Folder) Remove() error {
	deadline := time.Now().Add(5 * time.Second)
	err := os.RemoveAll(f.Path)
	for err != nil && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
		err = os.RemoveAll(f.Path)
	}
	if f.lock != nil {
		f.lock.Close()
	}
	return err
}

// Sweep removes the folders below root whose owner is dead, of those whose name
// begins with the prefix. Others may write to the temporary folder too: what does
// not belong to this user is left alone, and no link is followed. It is
// housekeeping: what cannot be removed now is left to the next run.
func Sweep(root, prefix string) {
	dirs, err := filepath.Glob(filepath.Join(root, prefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		// Nobody else can put something in the place of what is ours: the temporary
		// folder lets only its owner rename or remove a file.
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() || !isOurs(info) {
			continue
		}
		held, err := lock(dir, 0)
		if err != nil {
			continue // in use, or never locked
		}
		_ = os.RemoveAll(dir)
		held.Close()
	}
}
