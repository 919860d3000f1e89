package fleetreport

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/crossexam/crossexam/report"
)

// outcomes are those of the targets, what asks for work first.
func (f Fleet) outcomes() []Outcome {
	all := make([]Outcome, 0, len(f.targets))
	for _, t := range f.targets {
		all = append(all, t.Outcome)
	}
	return all
}

// WriteAll writes fleet.html, outcomes.jsonl, results.sarif and digest.md to the folder,
// which it makes, with the mode that is given or, with 0, the umask's. Each file appears
// whole or not at all, and one that fails does not keep the others from being written.
func WriteAll(dir string, f Fleet, mode fs.FileMode) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return errors.Join(
		report.WriteFile(dir, "fleet.html", mode, f.writeHTML),
		report.WriteFile(dir, "outcomes.jsonl", mode, func(w io.Writer) error { return WriteLines(w, f.outcomes()) }),
		report.WriteFile(dir, "results.sarif", mode, f.writeSARIF),
		report.WriteFile(dir, "digest.md", mode, f.writeDigest),
	)
}
