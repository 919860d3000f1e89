package loopback

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync"
	"time"
)

// tlsHandshake is the first byte of a TLS connection (RFC 8446, section 5.1,
// content type handshake). No HTTP method begins with it.
const tlsHandshake = 0x16

// sniffer hands out connections that find out by their first byte whether they
// speak TLS. The look happens in the connection's own goroutine, at its first
// read, so that a silent client holds nobody up.
type sniffer struct {
	net.Listener
	config *tls.Config
}

func newSniffer(l net.Listener, config *tls.Config) net.Listener {
	if config == nil {
		return l
	}
	return &sniffer{l, config}
}

func (s *sniffer) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &sniffedConn{Conn: c, raw: c, config: s.config}, nil
}

type sniffedConn struct {
	net.Conn // the raw connection, then the TLS one where the client speaks TLS
	raw      net.Conn
	config   *tls.Config

	once  sync.Once
	err   error
	isTLS bool
}

func (c *sniffedConn) sniff() {
	peeked := &peekedConn{Conn: c.raw, r: bufio.NewReaderSize(c.raw, 4096)}
	first, err := peeked.r.Peek(1)
	if err != nil {
		c.err = err
		return
	}
	if first[0] != tlsHandshake {
		c.Conn = peeked
		return
	}
	server := tls.Server(peeked, c.config)
	if c.err = server.Handshake(); c.err == nil {
		c.Conn, c.isTLS = server, true
	}
}

// secure is valid once the connection has been read from, as it has when a
// request of it is being handled.
func (c *sniffedConn) secure() bool { return c.isTLS }

// clientCertificate is valid when secure is.
func (c *sniffedConn) clientCertificate() *x509.Certificate {
	if secure, ok := c.Conn.(*tls.Conn); ok {
		if certs := secure.ConnectionState().PeerCertificates; len(certs) > 0 {
			return certs[0]
		}
	}
	return nil
}

// The deadlines and Close act on the raw connection: the server may call them
// while another goroutine is still looking at the first byte.

func (c *sniffedConn) Close() error                       { return c.raw.Close() }
func (c *sniffedConn) SetDeadline(t time.Time) error      { return c.raw.SetDeadline(t) }
func (c *sniffedConn) SetReadDeadline(t time.Time) error  { return c.raw.SetReadDeadline(t) }
func (c *sniffedConn) SetWriteDeadline(t time.Time) error { return c.raw.SetWriteDeadline(t) }
func (c *sniffedConn) LocalAddr() net.Addr                { return c.raw.LocalAddr() }
func (c *sniffedConn) RemoteAddr() net.Addr               { return c.raw.RemoteAddr() }

func (c *sniffedConn) Read(p []byte) (int, error) {
	c.once.Do(c.sniff)
	if c.err != nil {
		return 0, c.err
	}
	return c.Conn.Read(p)
}

type peekedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *peekedConn) Read(p []byte) (int, error) { return c.r.Read(p) }
