package scratch

import (
	"os"
	"path/filepath"
	"testing"
)

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Lstat(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return err == nil
}

func TestFolder(t *testing.T) {
	root := t.TempDir()
	f, err := Make(root, "test-")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o700 || filepath.Dir(f.Path) != root {
		t.Errorf("%v, %v", info, err)
	}
	Sweep(root, "test-")
	if !exists(t, f.Path) {
		t.Error("a folder in use was swept")
	}
	if err := f.Remove(); err != nil || exists(t, f.Path) {
		t.Errorf("it is not removed: %v", err)
	}
}

// What a killed process leaves is a folder with a lock that nobody holds.
func TestSweepingRemovesWhatIsForgotten(t *testing.T) {
	root := t.TempDir()
	f, err := Make(root, "test-")
	if err != nil {
		t.Fatal(err)
	}
	f.lock.Close() // as the kernel does
	if _, err := Make(root, "other-"); err != nil || !exists(t, f.Path) {
		t.Errorf("a folder of another prefix was swept: %v", err)
	}
	if _, err := Make(root, "test-"); err != nil || exists(t, f.Path) {
		t.Errorf("a forgotten folder was not swept: %v", err)
	}
}

// Neither what others have put there under the name is touched, nor where it leads.
func TestSweepingFollowsNoLink(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link, folder, plain := filepath.Join(root, "test-link"), filepath.Join(root, "test-folder"), filepath.Join(root, "test-file")
	for _, err := range []error{os.Symlink(elsewhere, link), os.Mkdir(folder, 0o700), os.Symlink(filepath.Join(elsewhere, "made"), filepath.Join(folder, lockName)), os.WriteFile(plain, nil, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	Sweep(root, "test-")
	entries, err := os.ReadDir(elsewhere)
	if err != nil || len(entries) != 1 {
		t.Errorf("where the links lead there is %v, %v", entries, err)
	}
	for _, path := range []string{link, folder, plain} {
		if !exists(t, path) {
			t.Errorf("%s was removed", path)
		}
	}
}

func TestRelativeTemporaryFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("tmp", 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", "tmp")
	f, err := Make("", "test-")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Remove()
	if !filepath.IsAbs(f.Path) || !exists(t, filepath.Join("tmp", filepath.Base(f.Path))) {
		t.Errorf("it is %s", f.Path)
	}
}
