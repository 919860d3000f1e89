package tap

import (
	"bufio"
	"bytes"
	"net"
	"strings"
	"testing"
	"time"
)

// A scriptedConn is a connection to a target that says its piece and closes.
type scriptedConn struct {
	net.Conn
	says *bytes.Reader
}

func (c scriptedConn) Read(p []byte) (int, error)  { return c.says.Read(p) }
func (c scriptedConn) Write(p []byte) (int, error) { return len(p), nil }
func (c scriptedConn) SetDeadline(time.Time) error { return nil }

// Whatever a target says, it is a response within the limits or an error, and a
// connection on which more was said is not used again.
func FuzzExchange(f *testing.F) {
	f.Add("GET", []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
	f.Add("HEAD", []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
	f.Add("GET", []byte("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))
	f.Add("GET", []byte("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\nContent-Length: -1\r\n\r\n"))
	f.Add("OPTIONS", []byte("HTTP/1.0 204\nA:b\n\nrest"))
	f.Add("GET", []byte("HTTP/1.1 101 Switching Protocols\r\n\r\n"))
	limits := Limits{BodyBytes: 16, HeaderBytes: 1 << 10, Header: time.Second, Body: time.Second}
	f.Fuzz(func(t *testing.T, method string, in []byte) {
		says := bytes.NewReader(in)
		raw := scriptedConn{says: says}
		c := &conn{Conn: raw, raw: raw, reader: bufio.NewReader(raw)}
		p, reusable, err := c.exchange(t.Context(), method, nil, limits)
		if err != nil {
			if p != nil || reusable || err.Error() == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: %v, reusable %t, %v", in, p, reusable, err)
			}
			return
		}
		if p.Status < 200 || p.Status > 999 || int64(len(p.Body)) > limits.BodyBytes {
			t.Errorf("%q: status %d, %d bytes of body", in, p.Status, len(p.Body))
		}
		if reusable && (p.Truncated || c.reader.Buffered()+says.Len() > 0) {
			t.Errorf("%q: a connection on which more was said would be used again", in)
		}
	})
}
