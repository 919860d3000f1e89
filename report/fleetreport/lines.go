package fleetreport

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/crossexam/crossexam/report"
)

//go:embed outcome.schema.json
var schema []byte

// maxLine is how long a line of outcomes.jsonl can be, in bytes. An outcome has a few
// causes, each of a few sentences.
const maxLine = 4 << 20

// WriteLines writes outcomes.jsonl: an outcome a line, in the order given.
func WriteLines(w io.Writer, outcomes []Outcome) error {
	b := bufio.NewWriter(w)
	for _, o := range outcomes {
		line, err := report.JSONLine(o)
		if err != nil {
			return err
		}
		_, _ = b.Write(append(line, '\n')) // Flush has the error
	}
	return b.Flush()
}

// ReadLines reads outcomes.jsonl. The error names the line.
func ReadLines(r io.Reader) ([]Outcome, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	var all []Outcome
	n := 0
	for lines.Scan() {
		n++
		if len(lines.Bytes()) == 0 {
			continue
		}
		o, err := parse(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, o)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d is longer than %d MiB, and no outcome", n+1, maxLine>>20)
	}
	return all, lines.Err()
}

// parse reads an outcome of this version. Fields that it does not know are those of a
// newer Crossexam, and are left out.
func parse(text []byte) (Outcome, error) {
	var o Outcome
	if err := json.Unmarshal(text, &o); err != nil {
		return Outcome{}, fmt.Errorf("it is no outcome of a fleet: %w", err)
	}
	if o.Schema != Version {
		return Outcome{}, fmt.Errorf("it is of %q, and this Crossexam reads %s", o.Schema, Version)
	}
	return o, nil
}
