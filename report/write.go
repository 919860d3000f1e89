package report

import (
	"crypto/rand"
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

// WriteAll writes report.json, report.html, results.sarif, summary.md, badge.json, poc/,
// screens/ and, where the policy was inferred, policy.yaml to the folder, which it makes. Each file appears whole or not at all,
// and one that fails does not keep the others from being written: the error joins
// what went wrong. What an earlier run left in poc/ and screens/ is removed.
//
// Files get the mode that is given. With 0 it is the umask's, and that of those in
// which there is private data of the victim, or a picture of it, is 0600.
func WriteAll(dir string, r Report, screens []engine.Screen, mode fs.FileMode) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	private := mode
	if mode == 0 && r.hasPrivateData() {
		private = 0o600
	}
	errs := []error{
		WriteFile(dir, "report.json", private, r.WriteJSON),
		WriteFile(dir, "report.html", private, func(w io.Writer) error { return r.writeHTML(w, screens) }),
		WriteFile(dir, "results.sarif", mode, r.writeSARIF),
		WriteFile(dir, "summary.md", mode, r.writeMarkdown),
		WriteFile(dir, "badge.json", mode, r.writeBadge),
	}
	if r.Inferred != nil {
		errs = append(errs, WriteFile(dir, "policy.yaml", mode, r.writePolicy))
	}
	pages := map[string]func(io.Writer) error{}
	proofs := r.proofsOfConcept()
	for _, p := range proofs {
		pages[p.Name] = p.writeHTML
	}
	if len(proofs) > 0 {
		pages["README.md"] = func(w io.Writer) error { return writeProofsReadme(w, proofs) }
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
		writeFolder(filepath.Join(dir, "poc"), mode, pages),
		writeFolder(filepath.Join(dir, "screens"), private, pictures))...)
}

// hasPrivateData reports whether there may be something in the report that the victim
// alone may read: the body of a reply, or what was stolen of one.
func (r Report) hasPrivateData() bool {
	return len(r.Screens) > 0 || slices.ContainsFunc(r.Results, func(c Result) bool {
		return c.Proof.LootExcerpt != "" || slices.ContainsFunc(c.Proof.Exchanges, func(x Exchange) bool { return x.Response != nil && x.Response.Body != "" })
	})
}

// TryFolder makes the folder of a report, and tries whether files can be written to
// it, so that it is known before a run that its report will not be lost.
func TryFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".crossexam-")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 64<<10)) // more than a full disk has left
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// writeFolder makes the folder hold these files, and no others that are ours.
func writeFolder(dir string, mode fs.FileMode, files map[string]func(io.Writer) error) error {
	errs := []error{clearFolder(dir)}
	if len(files) == 0 {
		return errors.Join(errs...)
	}
	_, err := os.Stat(dir)
	made := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return errors.Join(append(errs, err)...)
	}
	if made {
		errs = append(errs, WriteFile(dir, ownerMark, 0, func(w io.Writer) error {
			_, err := io.WriteString(w, "Crossexam made this folder, and removes what is in it when it writes another report here.\n")
			return err
		}))
	}
	for name, write := range files {
		errs = append(errs, WriteFile(dir, name, mode, write))
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

// WriteFile writes a file with a mode beside its place and then moves it there, so
// that nobody ever finds half of it. The mode 0 is the umask's. A name that leads
// out of the folder is an error.
func WriteFile(dir, name string, mode fs.FileMode, write func(io.Writer) error) error {
	if name == "." || name == ".." || name == "" || filepath.Base(name) != name {
		return fmt.Errorf("writing %s: it is no name of a file", name)
	}
	if err := wholeFile(filepath.Join(dir, name), mode, write); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// wholeFile writes a file with a mode, 0 for the umask's, beside its place and then
// moves it there. On an error nothing has changed.
func wholeFile(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	dir, name := filepath.Split(path)
	at := mode
	if mode == 0 {
		at = 0o666 // less what the umask takes
	}
	f, err := os.OpenFile(filepath.Join(dir, "."+name+"-"+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, at)
	if err != nil {
		return err
	}
	err = write(f)
	if mode != 0 {
		err = errors.Join(err, f.Chmod(mode))
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
