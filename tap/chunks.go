package tap

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http/httputil"
)

var errTrailersTooLarge = errors.New("the trailers of the answer are larger than the limit HeaderBytes")

// chunks is a body in chunks (RFC 9112, section 7.1). Its trailers are read and dropped,
// whatever they say, as browsers do: net/http would take a line that is no header for the
// end of the body.
type chunks struct {
	content io.Reader
	r       *bufio.Reader
	left    int64 // bytes that the trailers may have
	end     error // where it was read
}

func newChunks(r *bufio.Reader, limit int64) *chunks {
	return &chunks{content: httputil.NewChunkedReader(r), r: r, left: limit}
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.end != nil {
		return 0, c.end
	}
	n, err := c.content.Read(p)
	if errors.Is(err, io.EOF) {
		err = c.skipTrailers()
	}
	c.end = err
	return n, err
}

// skipTrailers reads to the empty line that ends the body; its error is io.EOF there.
func (c *chunks) skipTrailers() error {
	for begins := true; ; {
		part, err := c.r.ReadSlice('\n')
		isWhole := err == nil
		switch {
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case !isWhole && !errors.Is(err, bufio.ErrBufferFull):
			return err
		case isWhole && begins && len(bytes.TrimRight(part, "\r\n")) == 0:
			return io.EOF
		}
		if c.left -= int64(len(part)); c.left < 0 {
			return errTrailersTooLarge
		}
		begins = isWhole
	}
}
