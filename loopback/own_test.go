//go:build unix

package loopback

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestOwnUserOnly connects as this user and as another one, in the clear and with TLS.
func TestOwnUserOnly(t *testing.T) {
	if !owned() {
		t.Skip("this system does not tell whose connections they are")
	}
	a := newAuthority(t)
	s, err := ServeOwn(scheme, a.TLSConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := get(t, client(t, s, a), "https://api.test/"); got != "https" {
		t.Errorf("this user gets %q", got)
	}
	if uid, ok := ListenerOwner(s.Addr()); !ok || uid != os.Geteuid() {
		t.Errorf("the listener is of user %d, %v", uid, ok)
	}
	if out := asNobody(t, s.Addr(), "GET / HTTP/1.1\r\nHost: api.test\r\n\r\n"); out != "" {
		t.Errorf("another user gets %q", out)
	}
	admitted, err := ServeOwn(scheme, nil, nobody)
	if err != nil {
		t.Fatal(err)
	}
	defer admitted.Close()
	if out := asNobody(t, admitted.Addr(), "GET / HTTP/1.0\r\n\r\n"); out == "" {
		t.Error("a user who is admitted gets nothing")
	}
}

// A client that has gone is nobody's: the kernel says user 0 of what it left.
func TestClosedConnectionIsNobodys(t *testing.T) {
	if !owned() {
		t.Skip("this system does not tell whose connections they are")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	from, to := c.LocalAddr(), c.RemoteAddr()
	if _, ok := owner(from, to); !ok {
		t.Error("a connection that is open has no owner")
	}
	c.Close()
	if uid, ok := owner(from, to); ok {
		t.Errorf("a connection that was closed is of user %d", uid)
	}
}

const nobody = 65534

// asNobody has another user say something to an address, and gives what is answered.
func asNobody(t *testing.T, address, say string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can connect as another user")
	}
	var out bytes.Buffer
	c := exec.Command("/proc/self/exe", "-test.run=^$")
	c.Env = []string{"LOOPBACK_CONNECT=" + address, "LOOPBACK_SAY=" + say}
	c.Dir = "/"
	c.Stdout = &out
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if err := c.Run(); err != nil {
		t.Skipf("a program cannot be started as another user: %v", err)
	}
	return out.String()
}

func TestMain(m *testing.M) {
	address := os.Getenv("LOOPBACK_CONNECT")
	if address == "" {
		os.Exit(m.Run())
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		os.Exit(3)
	}
	_, _ = io.WriteString(c, os.Getenv("LOOPBACK_SAY"))
	_, _ = io.Copy(os.Stdout, c)
}
