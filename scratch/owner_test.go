//go:build unix

package scratch

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSweepingLeavesOtherUsersFoldersAlone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a folder of another user")
	}
	root := t.TempDir()
	dir := filepath.Join(root, "test-theirs")
	for _, err := range []error{os.Mkdir(dir, 0o777), os.WriteFile(filepath.Join(dir, lockName), nil, 0o666), os.Chown(dir, 65534, 65534)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	Sweep(root, "test-")
	if !exists(t, dir) {
		t.Error("the folder of another user was removed")
	}
}
