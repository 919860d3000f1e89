package tap

import (
	"net"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// What speaks another protocol is told at once, and named where it can be.
func TestOtherProtocols(t *testing.T) {
	for begin, want := range map[string]string{
		"SSH-2.0-OpenSSH_9.6\r\n":                          "an SSH server",
		"\x15\x03\x01\x00\x02\x02\x16":                     "https://",
		"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03":     "HTTP/2 without having been asked",
		"<html><body>It works":                             "HTTP/0.9",
		"220 mail.example ESMTP\r\n":                       `it begins with "220 mail.example ESMTP`,
		"+OK " + strings.Repeat("x", 4000) + "\r\n":        "is the port right?",
		"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n": "is not HTTP/1.1",
		"HTTX/1.1 200 OK\r\n\r\n":                          `it begins with "HTTX/1.1 200 OK"`,
	} {
		s := serveRaw(t, func(c net.Conn, r string) bool {
			// It then waits for what a client of its own would say.
			return says(begin)(c, r) && hangs(c)
		})
		tap := newTap(t, s.addr, func(*Options) {})
		e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/"})
		if e.Response != nil || !strings.Contains(e.Fault, want) || len(e.Fault) > 300 {
			t.Errorf("%.20q: %q", begin, e.Fault)
		}
	}
}
