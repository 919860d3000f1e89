package loopback

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
)

// ServeOwn is [ServeTLS], or [Serve] without an authority where config is nil, for
// this user alone: a connection that another user of this machine makes is closed
// before a byte of it is read. Loopback ports are open to everybody otherwise, and a
// run answers there in the name of a target.
//
// The kernel tells whose connection it is, on Linux: no key would do, since Chrome sends
// none with preflights and WebSockets, and its command line is for all to read.
// Elsewhere everybody is served; see [owned].
func ServeOwn(handler http.Handler, config *tls.Config, others ...int) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on 127.0.0.1: %w", err)
	}
	if owned() {
		l = &ownListener{l, append(slices.Clone(others), os.Geteuid())}
	}
	return serveOn(l, handler, config), nil
}

// owned reports whether this system tells which user a connection is of, so that
// [ServeOwn] can keep others out.
func owned() bool {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return false
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return false
	}
	defer c.Close()
	uid, ok := owner(c.LocalAddr(), c.RemoteAddr())
	return ok && uid == os.Geteuid()
}

// ListenerOwner gives the user who listens on an address, host:port with an IP address
// of this machine, where the system tells.
func ListenerOwner(address string) (uid int, ok bool) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return 0, false
	}
	return listenerOwner(at)
}

// ownListener accepts the connections of some users.
type ownListener struct {
	net.Listener
	users []int
}

func (l *ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, ok := owner(c.RemoteAddr(), c.LocalAddr()); ok && slices.Contains(l.users, uid) {
			return c, nil
		}
		c.Close()
	}
}
