package fleet

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestArchives(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "to")
	if err := os.MkdirAll(filepath.Join(from, "poc"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"report.json": "{}", "poc/a.html": "<p>"} {
		if err := os.WriteFile(filepath.Join(from, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := packed(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := unpack(data, to); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(to, "poc", "a.html")); string(got) != "<p>" {
		t.Errorf("%q, %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(to, "report.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v, %v", info.Mode(), err)
	}
}

// Whoever wrote an archive to the store, it leads to no file outside of its folder.
func TestHostileArchives(t *testing.T) {
	for _, name := range []string{"../outside", "/outside", "a/../../outside", `..\outside`, "."} {
		dir := t.TempDir()
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte("x"))
		_ = z.Close()
		err = unpack(b.Bytes(), filepath.Join(dir, "in"))
		left, _ := os.ReadDir(dir)
		if _, outside := os.Stat("/outside"); outside == nil || len(left) > 1 {
			t.Errorf("%s: it is written outside: %v, %v", name, left, err)
		}
	}
	if err := unpack([]byte("PK and no more"), t.TempDir()); err == nil {
		t.Error("it takes what is no archive")
	}
	many := func() []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for i := range archiveFiles + 1 {
			_, _ = z.Create(string(rune('a' + i)))
		}
		_ = z.Close()
		return b.Bytes()
	}()
	if err := unpack(many, t.TempDir()); err == nil {
		t.Error("it takes any number of files")
	}
}
