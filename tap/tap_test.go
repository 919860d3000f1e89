package tap

import (
	"bufio"
	"io"
	"net"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/loopback"
)

// A rawTarget is a server that writes bytes, so that it can be as odd as a test
// needs.
type rawTarget struct {
	addr string

	mu          sync.Mutex
	requests    []string // as they came, bodies included
	connections int
}

// serveRaw calls answer with each connection's requests, one after the other,
// until it gives false; then the connection is closed. A bytes-only target is
// serveRaw(t, says("HTTP/1.1 ...")).
func serveRaw(t *testing.T, answer func(c net.Conn, request string) (goOn bool)) *rawTarget {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawTarget{addr: l.Addr().String()}
	var open sync.WaitGroup
	var conns sync.Map
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Store(c, nil)
			s.mu.Lock()
			s.connections++
			s.mu.Unlock()
			open.Go(func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					head, err := readHead(r, 1<<20)
					if err != nil {
						return
					}
					if _, length, ok := strings.Cut(string(head), "\r\nContent-Length: "); ok {
						length, _, _ = strings.Cut(length, "\r\n")
						n, _ := strconv.Atoi(length)
						body := make([]byte, n)
						if _, err := io.ReadFull(r, body); err != nil {
							return
						}
						head = append(head, body...)
					}
					s.mu.Lock()
					s.requests = append(s.requests, string(head))
					s.mu.Unlock()
					if !answer(c, string(head)) {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		open.Wait()
	})
	return s
}

// says answers every request with the same bytes and keeps the connection.
func says(response string) func(net.Conn, string) bool {
	return func(c net.Conn, _ string) bool {
		_, err := io.WriteString(c, response)
		return err == nil
	}
}

// hangs keeps the connection until the client leaves.
func hangs(c net.Conn) bool {
	_, _ = c.Read(make([]byte, 1))
	return false
}

func (s *rawTarget) seen() (requests []string, connections int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests), s.connections
}

// newTap makes a tap to addr, which the browser knows as http://api.example.
func newTap(t *testing.T, addr string, change func(*Options)) *Tap {
	t.Helper()
	o := Options{
		Upstream: Upstream{URL: &url.URL{Scheme: "http", Host: "api.example"}, Address: addr},
		Run:      "run-1",
	}
	o.Limits = DefaultLimits(o.Upstream)
	if change != nil {
		change(&o)
	}
	tap, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tap.Close)
	return tap
}

// browse sends a request, given as its bytes, to the tap through a server like
// the stage, and gives the response's bytes.
func browse(t *testing.T, tap *Tap, request string) string {
	t.Helper()
	stage, err := loopback.Serve(tap, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	c, err := net.Dial("tcp", stage.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request, body, _ := strings.Cut(request, "\n\n")
	request = strings.ReplaceAll(request, "\n", "\r\n") + "\r\nConnection: close\r\n\r\n" + body
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	response, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(response)
}

// get is browse for a plain GET from an origin.
func get(t *testing.T, tap *Tap, path string) string {
	t.Helper()
	return browse(t, tap, "GET "+path+" HTTP/1.1\nHost: api.example\nOrigin: https://evil.test")
}

// idIn reads the exchange's id off a response.
func idIn(t *testing.T, response string) string {
	t.Helper()
	_, headers, err := parseHead([]byte(response))
	if err != nil {
		t.Fatalf("%v in %q", err, response)
	}
	ids := headers.Values(ExchangeHeader)
	if len(ids) != 1 {
		t.Fatalf("the response has %d ids, want 1: %q", len(ids), response)
	}
	return ids[0]
}

func recorded(t *testing.T, tap *Tap, response string) cors.Exchange {
	t.Helper()
	e, ok := tap.Exchange(idIn(t, response))
	if !ok {
		t.Fatalf("the tap does not know the id of %q", response)
	}
	return e
}

func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	func() {
		asked := make(chan bool, 8)
		s := serveRaw(t, func(c net.Conn, request string) bool {
			if strings.HasPrefix(request, "GET /hang") {
				asked <- true
				return hangs(c)
			}
			return says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(c, request)
		})
		tap := newTap(t, s.addr, func(o *Options) { o.Header = time.Hour })
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/"}) })
		}
		all.Wait()
		if n := len(tap.plain.pool.idle); n == 0 || n > maxIdle {
			t.Errorf("%d idle connections", n)
		}
		for range cap(asked) {
			all.Go(func() {
				e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/hang"})
				if e.Response != nil || e.Fault != errGivenUp.Error() {
					t.Errorf("%+v", e)
				}
			})
		}
		for range cap(asked) {
			<-asked
		}
		tap.Close()
		all.Wait()
		if n := len(tap.plain.pool.idle); n != 0 {
			t.Errorf("%d idle connections after Close", n)
		}
		n := tap.Requests()
		response := get(t, tap, "/")
		if e := recorded(t, tap, response); !strings.HasPrefix(response, "HTTP/1.1 502 ") || e.Fault == "" || tap.Requests() != n {
			t.Errorf("after Close: %q, %+v", response, e)
		}
		if tap.Len() != 29 {
			t.Errorf("%d exchanges, want 29", tap.Len())
		}
		tap.Close()
	}()
	// The raw target's goroutines end when its connections do: only its accepting
	// one may be left.
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if n := runtime.NumGoroutine(); n <= before+1 {
			break
		} else if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", n, before, buf[:runtime.Stack(buf, true)])
		}
	}
}
