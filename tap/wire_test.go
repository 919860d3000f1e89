package tap

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
)

// A target that gives no answer: the fault says why, and the browser gets a 502
// that can be joined with it.
func TestFaults(t *testing.T) {
	short := 50 * time.Millisecond
	for _, c := range []struct {
		name   string
		answer func(c net.Conn, request string) bool
		want   string
	}{
		{
			"hangs up", func(net.Conn, string) bool { return false },
			"closed the connection without an answer",
		},
		{
			"resets", func(c net.Conn, _ string) bool {
				_ = c.(*net.TCPConn).SetLinger(0)
				return false
			},
			"closed the connection without an answer",
		},
		{
			"hangs up in the head", func(c net.Conn, r string) bool {
				says("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Or")(c, r)
				return false
			},
			"in the middle of the head",
		},
		{
			"never answers", func(c net.Conn, _ string) bool { return hangs(c) },
			"gave no answer within 50ms",
		},
		{
			"never ends the head", func(c net.Conn, r string) bool {
				says("HTTP/1.1 200 OK\r\nX: y\r\n")(c, r)
				return hangs(c)
			},
			"did not finish the head within 50ms",
		},
		{
			"10 MB of header lines", func(c net.Conn, r string) bool {
				line := "X-Bomb: " + strings.Repeat("b", 1000) + "\r\n"
				says("HTTP/1.1 200 OK\r\n")(c, r)
				for range 10_000 {
					if !says(line)(c, r) {
						return false
					}
				}
				return hangs(c)
			},
			"larger than 262144 bytes, the limit HeaderBytes",
		},
		{
			"one line without end", func(c net.Conn, r string) bool {
				for says("HTTP/1.1 200 OK ")(c, r) {
				}
				return false
			},
			"the limit HeaderBytes",
		},
		{
			"early hints without end", func(c net.Conn, r string) bool {
				for says("HTTP/1.1 103 Early Hints\r\n\r\n")(c, r) {
				}
				return false
			},
			"the limit HeaderBytes",
		},
		{
			"another protocol", says("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
			"the target is an SSH server",
		},
		{
			"a status that is none", says("HTTP/1.1 2OO OK\r\n\r\n"),
			`it has the status "2OO"`,
		},
		{
			"a line without colon", says("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin *\r\n\r\n"),
			"is not a header line",
		},
		{
			"a control character", says("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\x00" + strings.Repeat("x", 1000) + "\r\n\r\n"),
			"not HTTP/1.1",
		},
		{
			"two lengths", says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
			"not HTTP/1.1",
		},
		{
			"switches protocols", says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
			"switched protocols",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serveRaw(t, c.answer)
			tap := newTap(t, s.addr, func(o *Options) {
				if strings.Contains(c.want, "50ms") {
					o.Header = short
				}
			})
			response := get(t, tap, "/")
			e := recorded(t, tap, response)
			if e.Response != nil || !strings.Contains(e.Fault, c.want) {
				t.Errorf("fault %q, want %q; response %+v", e.Fault, c.want, e.Response)
			}
			head, _, _ := strings.Cut(response, "\r\n\r\n")
			if !strings.HasPrefix(head, "HTTP/1.1 502 ") || strings.Contains(head, "Access-Control-") {
				t.Errorf("the browser got %q", response)
			}
			if strings.ContainsAny(e.Fault, "\r\n") || len(e.Fault) > 300 {
				t.Errorf("the fault is not a sentence: %q", e.Fault)
			}
		})
	}
}

// A body that does not end as it should is cut, and cleanly: what came is proof.
func TestCutBodies(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n"
	for _, c := range []struct {
		name   string
		answer func(c net.Conn, request string) bool
		want   string
		broken bool // by the target
	}{
		{"endless", func(c net.Conn, r string) bool {
			says(head+"\r\n")(c, r)
			for says("0123456789")(c, r) {
			}
			return false
		}, "01234567890123456789", false},
		{"endless chunks", func(c net.Conn, r string) bool {
			says(head+"Transfer-Encoding: chunked\r\n\r\n")(c, r)
			for says("a\r\n0123456789\r\n")(c, r) {
			}
			return false
		}, "01234567890123456789", false},
		{"drips", func(c net.Conn, r string) bool {
			says(head+"Content-Length: 15\r\n\r\n01")(c, r)
			return hangs(c)
		}, "01", false},
		{"breaks off", func(c net.Conn, r string) bool {
			says(head+"Content-Length: 15\r\n\r\n01")(c, r)
			return false
		}, "01", true},
		{"ends in the trailers", func(c net.Conn, r string) bool {
			says(head+"Transfer-Encoding: chunked\r\n\r\n2\r\n01\r\n0\r\nX-A: b\r\n")(c, r)
			return false
		}, "01", true},
		{"endless trailers", func(c net.Conn, r string) bool {
			says(head+"Transfer-Encoding: chunked\r\n\r\n2\r\n01\r\n0\r\n")(c, r)
			for says("X-A: b\r\n")(c, r) {
			}
			return false
		}, "01", true},
		{"malformed chunks", says(head + "Transfer-Encoding: chunked\r\n\r\n2\r\n01\r\nzz\r\n"), "01", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serveRaw(t, c.answer)
			tap := newTap(t, s.addr, func(o *Options) {
				o.BodyBytes = 20
				if c.name == "drips" {
					o.Header, o.Body = time.Hour, 50*time.Millisecond
				}
			})
			response := get(t, tap, "/")
			e := recorded(t, tap, response)
			if e.Response == nil || e.Response.Body != c.want || !e.Response.Truncated || e.Response.Broken != c.broken || e.Fault != "" {
				t.Fatalf("recorded %+v, fault %q", e.Response, e.Fault)
			}
			_, body, _ := strings.Cut(response, "\r\n\r\n")
			if !strings.HasSuffix(body, c.want+"\r\n0\r\n\r\n") || strings.Contains(response, "Content-Length") {
				t.Errorf("the browser got %q", response)
			}
		})
	}
}

// The target answers before it has read all of the request, and closes.
func TestEarlyAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = c.Read(make([]byte, 1))
		_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		c.Close()
	}()
	tap := newTap(t, l.Addr().String(), func(o *Options) { o.AllowWrite = func(string, string) bool { return true } })
	e := tap.Probe(t.Context(), cors.Request{Method: "POST", URL: "http://api.example/", Body: strings.Repeat("b", 4<<20)})
	if e.Response == nil || e.Response.Status != 413 {
		t.Errorf("%+v, fault %q", e.Response, e.Fault)
	}
}

func TestPool(t *testing.T) {
	var p pool
	fresh := func() (*conn, net.Conn) {
		ours, theirs := net.Pipe()
		return &conn{Conn: ours, raw: ours}, theirs
	}
	isClosed := func(theirs net.Conn) bool {
		_ = theirs.SetReadDeadline(time.Now().Add(-time.Second))
		_, err := theirs.Read(make([]byte, 1))
		return errors.Is(err, io.EOF)
	}
	if p.take() != nil {
		t.Error("an empty pool has a connection")
	}
	old, oldEnd := fresh()
	p.keep(old)
	old.since = time.Now().Add(-2 * maxIdleTime)
	if p.take() != nil || !isClosed(oldEnd) {
		t.Error("a connection is kept too long")
	}
	c, end := fresh()
	p.keep(c)
	if p.take() != c || isClosed(end) || !c.kept {
		t.Error("a connection is not kept")
	}
	p.keep(c)
	p.close()
	late, lateEnd := fresh()
	p.keep(late)
	if p.take() != nil || !isClosed(end) || !isClosed(lateEnd) {
		t.Error("a closed pool keeps a connection")
	}
}

func TestKeepAlive(t *testing.T) {
	for _, c := range []struct {
		name, response string
		close          bool // the target closes after each answer
		method         string
		want           int // connections for 3 requests
	}{
		{name: "kept", response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", want: 1},
		{name: "kept after chunks", response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", want: 1},
		{name: "kept after 204", response: "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", want: 1},
		{name: "closed without a word", response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", close: true, want: 3},
		{name: "Connection: close", response: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", want: 3},
		{name: "HTTP/1.0", response: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", want: 3},
		{name: "more than was said", response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and HTTP/1.1 200 OK\r\n\r\n", want: 3},
		{name: "204 with a body", response: "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n", want: 3},
		{name: "HEAD", response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", method: "HEAD", want: 3},
		{name: "cut", response: "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n12345678901234567890", want: 3},
		{name: "write", response: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", method: "POST", want: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serveRaw(t, func(conn net.Conn, request string) bool {
				return says(c.response)(conn, request) && !c.close
			})
			tap := newTap(t, s.addr, func(o *Options) {
				o.BodyBytes = 10
				o.AllowWrite = func(string, string) bool { return true }
			})
			if c.method == "" {
				c.method = "GET"
			}
			for range 3 {
				if e := tap.Probe(t.Context(), cors.Request{Method: c.method, URL: "http://api.example/"}); e.Response == nil {
					t.Errorf("fault: %s", e.Fault)
				}
			}
			if requests, got := s.seen(); got != c.want || len(requests) != 3 {
				t.Errorf("%d connections and %d requests, want %d and 3", got, len(requests), c.want)
			}
		})
	}
}

// What a server sends after the end of an answer, and late, is no answer to the next request.
func TestRestOfAnAnswer(t *testing.T) {
	var asked sync.Map // connections
	s := serveRaw(t, func(conn net.Conn, request string) bool {
		if _, again := asked.LoadOrStore(conn, true); again {
			return says("[1, [1, [1, ")(conn, request)
		}
		return says("HTTP/1.1 204 No Content\r\n\r\n")(conn, request)
	})
	tap := newTap(t, s.addr, nil)
	for range 3 {
		if e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/"}); e.Response == nil || e.Response.Status != 204 {
			t.Errorf("%+v, fault %q", e.Response, e.Fault)
		}
	}
}
