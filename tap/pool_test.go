package tap

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
)

// A loneListener accepts a connection once the one before is closed.
type loneListener struct {
	net.Listener
	free chan struct{}
}

func (l loneListener) Accept() (net.Conn, error) {
	<-l.free
	c, err := l.Listener.Accept()
	return &loneConn{Conn: c, free: l.free}, err
}

type loneConn struct {
	net.Conn
	free   chan struct{}
	closed sync.Once
}

func (c *loneConn) Close() error {
	c.closed.Do(func() { c.free <- struct{}{} })
	return c.Conn.Close()
}

// A server that has one connection at a time, and keeps it open, answers everything.
func TestOneConnectionAtATime(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	l := loneListener{s.Listener, make(chan struct{}, 100)}
	l.free <- struct{}{}
	s.Listener = l
	s.Start()
	tap := newTap(t, l.Addr().String(), func(o *Options) { o.Header = 5 * time.Second })
	var pages sync.WaitGroup
	for range 8 {
		pages.Go(func() {
			for range 5 {
				if e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/"}); e.Response == nil {
					t.Error(e.Fault)
				}
			}
		})
	}
	pages.Wait()
	p := &tap.plain.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.helped != maxHelped || p.waiting != 0 || len(p.idle) != 0 {
		t.Errorf("it helped %d times, %d wait, %d connections are kept", p.helped, p.waiting, len(p.idle))
	}
	l.free <- struct{}{} // for Close
}

// What a request leaves behind while another waits for a connection is closed.
func TestConnectionGivesWay(t *testing.T) {
	for waiting, kept := range []int{1, 0} {
		ours, theirs := net.Pipe()
		p := pool{waiting: waiting}
		p.keep(&conn{raw: ours})
		if len(p.idle) != kept {
			t.Errorf("while %d wait, %d are kept", waiting, len(p.idle))
		}
		p.close()
		if _, err := theirs.Read(make([]byte, 1)); err == nil {
			t.Error("it is open")
		}
	}
}

// Where a slow answer has another reason, what is open stays in use.
func TestSlowAnswersAreNoReasonToGiveWay(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			time.Sleep(usualWait + 2*atOnceTime)
		}
	}))
	t.Cleanup(s.Close)
	tap := newTap(t, s.Listener.Addr().String(), nil)
	for range maxHelped + 1 {
		var both sync.WaitGroup
		for _, path := range []string{"/", "/slow"} { // of which one is on a new connection
			both.Go(func() {
				if e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example" + path}); e.Response == nil {
					t.Error(e.Fault)
				}
			})
		}
		both.Wait()
	}
	p := &tap.plain.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.helped != 0 || len(p.idle) == 0 {
		t.Errorf("it is said to have helped %d times, and %d connections are kept", p.helped, len(p.idle))
	}
}
