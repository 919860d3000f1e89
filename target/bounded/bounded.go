// Package bounded reads JSON and YAML that somebody else wrote: a target's
// description of its API, and files that came by mail. Libraries make trees of
// such text that can be thousands of times as large as the text, and some take
// time that grows with its square. Here the size, the depth and the number of
// values are bounded before a tree is made, and aliases before they are followed.
package bounded

import (
	"fmt"
	"io"
	"os"
)

// Limits bound a document. Every field counts.
type Limits struct {
	Bytes  int // of the text, and of what its aliases make of it
	Depth  int // of lists and groups in each other
	Values int // texts, numbers, lists and groups, and the keys of groups
}

// An Error says why a document is not read, and where, if it is known. It repeats
// nothing of the document.
type Error struct {
	Line, Column int // from 1; 0 where the whole document is meant
	text         string
}

func (e *Error) Error() string { return e.text }

func refuse(format string, args ...any) *Error { return &Error{text: fmt.Sprintf(format, args...)} }

func (l Limits) tooLarge() *Error { return refuse("it is larger than %d bytes", l.Bytes) }

func (l Limits) tooDeep() *Error {
	return refuse("it has lists and groups in each other, more than %d deep", l.Depth)
}

func (l Limits) tooMany() *Error { return refuse("it has more than %d values", l.Values) }

// Read reads all of r, which may have as many bytes and no more.
func Read(r io.Reader, bytes int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(bytes)+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > bytes:
		return nil, Limits{Bytes: bytes}.tooLarge()
	}
	return data, nil
}

// ReadFile is [Read] of a file. Its errors name the file.
func ReadFile(path string, bytes int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := Read(f, bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}
