package report

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/scenarios"
)

// files lists what is below a folder, folders left out.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			list = append(list, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWriteAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on the way")
	record := sample()
	r := reportOf(record, Meta{})
	if err := WriteAll(dir, r, record.Screens, 0); err != nil {
		t.Fatal(err)
	}
	want := []string{"badge.json", "poc/.crossexam", "poc/README.md", "report.html", "report.json", "results.sarif", "screens/.crossexam", "screens/malicious-page-cookie.png", "summary.md"}
	for _, p := range r.proofsOfConcept() {
		want = append(want, "poc/"+p.Name)
	}
	slices.Sort(want)
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, name := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		mode := umasked(t)
		if slices.Contains([]string{"report.json", "report.html", "screens/malicious-page-cookie.png"}, name) {
			mode = 0o600 // what was stolen is in them
		}
		if err != nil || info.Size() == 0 || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}

	// Another run leaves nothing of this one.
	if err := WriteAll(dir, reportOf(of(judged("ORG-001", scenarios.Must, scenarios.Conforms, "")), Meta{}), nil, 0); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"badge.json", "report.html", "report.json", "results.sarif", "summary.md"}) {
		t.Errorf("after another run there is %q", got)
	}
}

func TestWriteAllLeavesOtherFilesAlone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"screens/holiday.png", "poc/mine.html", "notes.txt"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755), os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	record := sample()
	for range 2 {
		if err := WriteAll(dir, reportOf(record, Meta{}), record.Screens, 0); err != nil {
			t.Fatal(err)
		}
	}
	got := files(t, dir)
	for _, name := range []string{"screens/holiday.png", "poc/mine.html", "notes.txt", "screens/malicious-page-cookie.png"} {
		if !slices.Contains(got, name) {
			t.Errorf("%s has gone", name)
		}
	}
}

func TestWriteAllKeepsAFolderInAFolder(t *testing.T) {
	dir := t.TempDir()
	record := sample()
	if err := WriteAll(dir, reportOf(record, Meta{}), record.Screens, 0); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(dir, "poc", "mine")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteAll(dir, reportOf(of(), Meta{}), nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(inner); err != nil {
		t.Error(err)
	}
}

// One file that cannot be written does not keep the others from being written.
func TestWriteAllJoinsErrors(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"report.html", "poc"} {
		path := filepath.Join(dir, name)
		if name == "report.html" {
			// A folder with something in it cannot be replaced by a file.
			path = filepath.Join(path, "x")
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	record := sample()
	record.Screens = append(record.Screens, engine.Screen{Name: "../out.png", PNG: picturePNG()})
	err := WriteAll(dir, reportOf(record, Meta{}), record.Screens, 0)
	if err == nil {
		t.Fatal("there is no error")
	}
	for _, want := range []string{"report.html", "poc", "../out.png"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in the error: %v", want, err)
		}
	}
	got := files(t, dir)
	for _, want := range []string{"report.json", "results.sarif", "summary.md", "screens/malicious-page-cookie.png"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s was not written: %q", want, got)
		}
	}
	for _, name := range got {
		if strings.HasPrefix(filepath.Base(name), ".") && filepath.Base(name) != ownerMark {
			t.Errorf("%s is left over", name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "..", "out.png")); err == nil {
		t.Error("a file was written outside of the folder")
	}
}

func TestWriteFileIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.txt")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := WriteFile(dir, "x.txt", 0, func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" || len(files(t, dir)) != 1 {
		t.Errorf("the file is %q, there is %q", got, files(t, dir))
	}
	for _, name := range []string{"", ".", "..", "a/b", "../x", "/x"} {
		if WriteFile(dir, name, 0, func(io.Writer) error { return nil }) == nil {
			t.Errorf("a file with the name %q was written", name)
		}
	}
}

// umasked is the mode that a file gets which others may read.
func umasked(t *testing.T) fs.FileMode {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "x"), os.O_CREATE, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestModes(t *testing.T) {
	open := umasked(t)
	reply := sample()
	reply.Screens = nil
	for _, c := range []struct {
		name   string
		record engine.Record
		mode   fs.FileMode
		want   fs.FileMode // of report.json
		others fs.FileMode
	}{
		{"nothing was seen", faulty(engine.StageReach), 0, open, open},
		{"a private reply", of(judged("ORG-001", scenarios.Must, scenarios.Conforms, "", read(sampleEvil, false))), 0, 0o600, open},
		{"loot", reply, 0, 0o600, open},
		{"told otherwise", reply, 0o640, 0o640, 0o640},
	} {
		dir := t.TempDir()
		for range 2 { // a file that is there already makes no difference
			if err := WriteAll(dir, reportOf(c.record, Meta{}), c.record.Screens, c.mode); err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]fs.FileMode{"report.json": c.want, "report.html": c.want, "results.sarif": c.others, "summary.md": c.others} {
				if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
					t.Errorf("%s: %s has the mode %v, want %v (%v)", c.name, name, info.Mode().Perm(), want, err)
				}
			}
		}
	}
}

func TestTryFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := TryFolder(dir); err != nil || len(files(t, dir)) != 0 {
		t.Errorf("%v, left: %q", err, files(t, dir))
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if TryFolder(file) == nil || TryFolder(filepath.Join(file, "x")) == nil {
		t.Error("a file is taken for a folder")
	}
	if os.Geteuid() != 0 {
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		if TryFolder(dir) == nil {
			t.Error("a folder that cannot be written to is taken")
		}
	}
}
