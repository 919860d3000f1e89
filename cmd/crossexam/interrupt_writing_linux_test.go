package main

import (
	"encoding/json"
	"encoding/xml"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// TestInterruptedWhileWriting: a signal while the files of a report are written leaves each
// whole or absent, and an exit code that is the report's own.
func TestInterruptedWhileWriting(t *testing.T) {
	browsertest.Needed(t)
	for _, first := range []string{"report.json", "junit.xml"} {
		t.Run("from "+first+" on", func(t *testing.T) {
			url := serve(t, behindSession)
			r := crossexamWhile(t, nil, &meanwhile{running: func(p *os.Process, r ran) {
				if err := os.MkdirAll(r.out, 0o755); err != nil {
					t.Error(err)
				}
				if !watchFolder(t, r.out)(first) {
					t.Errorf("%s was never written", first)
				}
				send(t, p, syscall.SIGTERM)
			}}, "test", url, "--trusted=https://app.example", "--read=/private",
				"--cookie=session=0123456789; SameSite=None; Secure", "--label=WLD-001")
			wholeFiles(t, r.out)
			if told := r.report(t).Summary.ExitCode; r.code != told && r.code != 3 {
				t.Errorf("exit code %d, and the report says %d", r.code, told)
			}
		})
	}
}

// wholeFiles holds every file of a report to being whole, and none to be half written.
func wholeFiles(t *testing.T, out string) {
	t.Helper()
	err := filepath.WalkDir(out, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		whole := len(text) > 0
		switch filepath.Ext(path) {
		case ".json", ".sarif", ".har":
			whole = json.Valid(text)
		case ".xml":
			whole = xml.Unmarshal(text, new(struct{ XMLName xml.Name })) == nil
		case ".html":
			whole = strings.HasSuffix(strings.TrimSpace(string(text)), "</html>")
		}
		if !whole || strings.HasPrefix(e.Name(), ".") && e.Name() != ".crossexam" {
			t.Errorf("%s is not whole, with %d bytes", path, len(text))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// watchFolder gives a func that waits until a file of this name is put into the folder;
// it is false where it cannot be known.
func watchFolder(t *testing.T, dir string) (put func(name string) bool) {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if _, err := syscall.InotifyAddWatch(fd, dir, syscall.IN_MOVED_TO|syscall.IN_CREATE); err != nil {
		t.Fatal(err)
	}
	return func(name string) bool {
		events := make([]byte, 64<<10)
		for {
			n, err := syscall.Read(fd, events)
			if err != nil {
				return false
			}
			if strings.Contains(string(events[:n]), name) {
				return true
			}
		}
	}
}
