package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/crossexam/crossexam/engine"
)

// ownerMark is the file that marks a folder as ours to clear: one that a person
// has under the same name stays as it is.
const ownerMark = ".crossexam"

// WriteAll writes report.json, report.html, results.sarif, summary.md, poc/ and
// screens/ to the folder, which it makes. Each file appears whole or not at all,
// and one that fails does not keep the others from being written: the error joins
// what went wrong. What an earlier run left in poc/ and screens/ is removed.
func WriteAll(dir string, r Report, screens []engine.Screen) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	errs := []error{
		writeFile(dir, "report.json", r.WriteJSON),
		writeFile(dir, "report.html", func(w io.Writer) error { return r.WriteHTML(w, screens) }),
		writeFile(dir, "results.sarif", r.WriteSARIF),
		writeFile(dir, "summary.md", r.WriteMarkdown),
	}
	pages := map[string]func(io.Writer) error{}
	for _, p := range r.ProofsOfConcept() {
		pages[p.Name] = p.WriteHTML
	}
	pictures := map[string]func(io.Writer) error{}
	for _, s := range screens {
		if slices.Contains(r.Screens, s.Name) {
			pictures[s.Name] = func(w io.Writer) error {
				_, err := w.Write(s.PNG)
				return err
			}
		}
	}
	return errors.Join(append(errs,
		writeFolder(filepath.Join(dir, "poc"), pages),
		writeFolder(filepath.Join(dir, "screens"), pictures))...)
}

// writeFolder makes the folder hold these files, and no others that are ours.
func writeFolder(dir string, files map[string]func(io.Writer) error) error {
	errs := []error{clearFolder(dir)}
	if len(files) == 0 {
		return errors.Join(errs...)
	}
	_, err := os.Stat(dir)
	made := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return errors.Join(append(errs, err)...)
	}
	if made {
		errs = append(errs, writeFile(dir, ownerMark, func(w io.Writer) error {
			_, err := io.WriteString(w, "Crossexam made this folder, and removes what is in it when it writes another report here.\n")
			return err
		}))
	}
	for name, write := range files {
		errs = append(errs, writeFile(dir, name, write))
	}
	return errors.Join(errs...)
}

// clearFolder removes a folder with the files in it, where it has our mark.
func clearFolder(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, ownerMark)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	entries, err := os.ReadDir(dir)
	errs := []error{err}
	left := false
	for _, e := range entries {
		if e.IsDir() {
			left = true // never ours
			continue
		}
		if e.Name() != ownerMark {
			errs = append(errs, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	if err := errors.Join(errs...); err != nil || left {
		return err
	}
	// The mark goes last: a folder that is not yet cleared stays ours.
	return errors.Join(os.Remove(filepath.Join(dir, ownerMark)), os.Remove(dir))
}

// writeFile writes a file beside its place and then moves it there, so that
// nobody ever finds half of it. A name that leads out of the folder is an error,
// which CreateTemp gives.
func writeFile(dir, name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", name, err)
			os.Remove(f.Name())
		}
	}()
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
