package fleet

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// The bounds of an archive that is unpacked: a report has a few pictures of a page.
const (
	archiveLimit = 64 << 20  // bytes, packed
	reportLimit  = 256 << 20 // bytes, unpacked
	archiveFiles = 1000
)

// packed is a ZIP file of a folder.
func packed(dir string) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.AddFS(os.DirFS(dir)); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// unpack writes the files of an archive to a folder, which it makes, and nothing outside.
// They are private, as the victim's data may be in them.
func unpack(data []byte, dir string) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	if len(z.File) > archiveFiles {
		return fmt.Errorf("there are %d files in it", len(z.File))
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	left := int64(reportLimit)
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		n, err := unpackFile(root, f, left)
		if err != nil {
			return fmt.Errorf("%q: %w", f.Name, err)
		}
		left -= n
	}
	return nil
}

func unpackFile(root *os.Root, f *zip.File, limit int64) (int64, error) {
	if parent := path.Dir(f.Name); parent != "." {
		if err := root.MkdirAll(parent, 0o777); err != nil {
			return 0, err
		}
	}
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := root.OpenFile(f.Name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, io.LimitReader(in, limit+1))
	if err == nil && n > limit {
		err = errors.New("it is too large")
	}
	return n, errors.Join(err, out.Close())
}

// reportPath is where the report of a target is, from the folder of the fleet's report
// on and with slashes.
func (t Target) reportPath() string { return "targets/" + t.key() + "/report.html" }

// archiveName is the file by which a folder knows which archive it has.
const archiveName = ".archive"

// WriteReports writes the report of each known target below a folder, unless it is there.
func (s *Store) WriteReports(ctx context.Context, k Known, dir string) error {
	var errs []error
	for i, o := range k.Outcomes {
		if k.archives[i] == "" || !fs.ValidPath(o.Report) { // of a configuration that is no hash
			continue
		}
		folder := filepath.Join(dir, filepath.FromSlash(path.Dir(o.Report)))
		if have, err := os.ReadFile(filepath.Join(folder, archiveName)); err == nil && string(have) == k.archives[i] {
			continue
		}
		if err := s.writeReport(ctx, k.archives[i], folder); err != nil {
			errs = append(errs, fmt.Errorf("the report of %s: %w", o.Target, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Store) writeReport(ctx context.Context, archive, folder string) error {
	data, err := s.object(ctx, archive, archiveLimit)
	switch {
	case errors.Is(err, errDamaged):
		s.removeObject(ctx, archive) // so that it is missed
		return err
	case err != nil:
		return err
	case data == nil:
		return errors.New("it is not stored any more, and the same command makes it again")
	}
	if err := errors.Join(os.RemoveAll(folder), unpack(data, folder)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, archiveName), []byte(archive), 0o600)
}
