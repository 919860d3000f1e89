package tap

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// FuzzChunks: whatever stands where chunks are expected, reading it ends, gives no more
// than came, and takes no more than the limit of trailers. A body that was written as it
// should be is read as it was, whatever its trailers say, and the next answer stays where
// it is.
func FuzzChunks(f *testing.F) {
	for _, s := range []string{"", "0\r\n\r\n", "3\r\nabc\r\n0\r\nX: y\r\n\r\n", "3;ext=\"\x00\"\r\nabc\r\n0\r\nno colon\r\n: \r\n\r\nHTTP/1.1", "ffffffffffffffff\r\n", "0\r\n" + strings.Repeat("a", 5000), "2\nhi\n0\n\n", "-1\r\n", "3\r\nab"} {
		f.Add([]byte(s), "X-Trailer: of "+s)
	}
	f.Fuzz(func(t *testing.T, wire []byte, trailer string) {
		const limit = 4096
		source := bytes.NewReader(wire)
		body, err := io.ReadAll(newChunks(bufio.NewReaderSize(source, 64), limit))
		if len(body) > len(wire) || err == nil && len(body)+len("0\n\n") > len(wire) {
			t.Fatalf("%d bytes of %q are %q, %v", len(body), wire, body, err)
		}
		if strings.ContainsAny(trailer, "\r\n") || trailer == "" || len(trailer) > limit-2 {
			return
		}
		var b strings.Builder
		for part := range slices.Chunk(wire, 7) {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
		}
		const next = "HTTP/1.1 200 OK"
		r := bufio.NewReaderSize(strings.NewReader(b.String()+"0\r\n"+trailer+"\r\n\r\n"+next), 64)
		body, err = io.ReadAll(newChunks(r, limit))
		if rest, _ := io.ReadAll(r); err != nil || !bytes.Equal(body, wire) || string(rest) != next {
			t.Fatalf("%q with the trailer %q is read as %q, %v, and %q is left", wire, trailer, body, err, rest)
		}
	})
}
