package target

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is what is wrong with one entry of a configuration, and what to write
// instead. It repeats no secret.
type Problem struct {
	// file, Line and Column are where the entry stands; File is empty where it
	// came from somewhere else, and Line 0 where the whole file is meant.
	file         string
	line, column int
	// entry is the path of the entry, such as "trusted[0]".
	entry string
	// From is the variable of the environment that the entry came from, or empty.
	From string
	err  error
}

func (p *Problem) Error() string {
	switch {
	case p.file == "" && p.From == "":
		return p.err.Error()
	case p.file == "":
		return p.From + ": " + p.err.Error()
	case p.line == 0:
		return p.file + ": " + p.err.Error()
	case p.entry == "":
		return fmt.Sprintf("%s:%d:%d: %s", p.file, p.line, p.column, p.err)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.file, p.line, p.column, p.entry, p.err)
}

func (p *Problem) Unwrap() error { return p.err }

// InFile reports whether the entry stands in a file, where it is mended by that name.
func (p *Problem) InFile() bool { return p.file != "" }

// Problems are all that is wrong with a configuration, a line each.
type Problems []*Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the single problems.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// orNil is an error that is nil where there is no problem. The problems are put
// in the order of the file.
func (ps Problems) orNil() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortStableFunc(ps, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return ps
}

// A place is where an entry stands in a file.
type place struct{ line, column int }

// provenance knows where the entries of a configuration came from.
type provenance struct {
	file   string
	places map[string]place
	// given are the entries that were overridden, with the variable of the
	// environment that did it, or "" for a flag.
	given map[string]string
}

// problem says what is wrong with an entry, and where it stands.
func (o *provenance) problem(entry string, err error) *Problem {
	p := &Problem{entry: entry, err: err}
	if o == nil {
		return p
	}
	for e := entry; e != ""; e = parent(e) {
		if from, ok := o.given[e]; ok {
			p.From = from
			return p
		}
	}
	// What is missing has no place of its own: that of what it is missing in.
	for e := entry; e != ""; e = parent(e) {
		if at, ok := o.places[e]; ok {
			p.file, p.line, p.column = o.file, at.line, at.column
			return p
		}
	}
	return p
}

// parent is the entry that an entry is part of: that of "a.b[0]" is "a.b".
func parent(entry string) string {
	return entry[:max(strings.LastIndexAny(entry, ".["), 0)]
}

// Problem is an error, [Problems], that says what is wrong with an entry of the
// configuration, such as "trusted", and where that stands.
func (c Config) Problem(entry string, err error) error {
	return Problems{c.from.problem(entry, err)}
}
