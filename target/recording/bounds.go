package recording

import (
	"fmt"
	"io"
)

const (
	// sizeLimit bounds a recording, in bytes. Those of developer tools have the
	// bodies of all answers in them.
	sizeLimit = 512 << 20
	// requestLimit bounds how many requests one has.
	requestLimit = 100_000
	// textLimit bounds a text in a recording, in bytes as it is written; what is longer
	// is read as what it begins with. Bodies of answers are, which are not looked at.
	textLimit = 1 << 20
	// valueLimit bounds what has to be in memory at once: an entry, for one.
	valueLimit = 16 << 20
)

// A bounded reader gives an error, and not the end, at its limit.
type bounded struct {
	r    io.Reader
	left int64
	size int64
}

func newBounded(r io.Reader, size int64) *bounded { return &bounded{r, size, size} }

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		if n, err := io.ReadFull(b.r, make([]byte, 1)); n == 0 {
			return 0, err
		}
		return 0, fmt.Errorf("it is larger than %d bytes", b.size)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// shortened is JSON with the end of each long text left out, and the quotation mark
// kept. used tells how much of it was taken, so that nobody has to hold more than
// valueLimit of it.
type shortened struct {
	r    io.Reader
	used func() int64

	given   int64
	inside  bool // a text
	escape  bool // what comes is escaped
	cutting bool
	length  int // of the text, so far
}

func (s *shortened) Read(p []byte) (int, error) {
	if s.given-s.used() > valueLimit {
		return 0, fmt.Errorf("a value is larger than %d bytes", valueLimit)
	}
	for {
		n, err := s.r.Read(p)
		kept := s.keep(p[:n])
		s.given += int64(kept)
		if kept > 0 || err != nil || len(p) == 0 {
			return kept, err
		}
	}
}

// keep moves what is kept of p to its beginning, and gives how much that is.
func (s *shortened) keep(p []byte) int {
	kept := 0
	for _, c := range p {
		ends := s.inside && c == '"' && !s.escape
		switch {
		case !s.inside:
			s.inside, s.cutting, s.length = c == '"', false, 0
		case ends:
			s.inside = false
		default:
			// Never in the middle of an escape, of which the longest is \u and four digits.
			s.cutting = s.cutting || s.length >= textLimit && c == '\\' && !s.escape || s.length >= textLimit+8
			s.escape = c == '\\' && !s.escape
			s.length++
		}
		if ends || !s.cutting {
			p[kept] = c
			kept++
		}
	}
	return kept
}
