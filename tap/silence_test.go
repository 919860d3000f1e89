package tap

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
)

// A request that times out three times in a row is not made any more, and the fault
// names the limit.
func TestTimeoutsEnd(t *testing.T) {
	s := serveRaw(t, func(c net.Conn, r string) bool {
		switch {
		case strings.HasPrefix(r, "GET /slow") && strings.Contains(r, "Cookie: "):
			return hangs(c)
		case strings.HasPrefix(r, "GET /half"):
			return says("HTTP/1.1 200 OK\r\n")(c, r) && hangs(c)
		}
		return says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(c, r)
	})
	tap := newTap(t, s.addr, func(o *Options) { o.Header = 20 * time.Millisecond })
	ask := func(path, cookie string) cors.Exchange {
		q := cors.Request{Method: "GET", URL: "http://api.example" + path}
		if cookie != "" {
			q.Headers = cors.Headers{{Name: "Cookie", Value: cookie}}
		}
		return tap.Probe(t.Context(), q)
	}
	for _, path := range []string{"/slow", "/half"} {
		before := tap.Requests()
		for i := range 6 {
			e := ask(path, "s=1")
			if e.Response != nil || !strings.Contains(e.Fault, "within 20ms (if it needs longer, raise limits.header_timeout, now 20ms)") {
				t.Errorf("%s, the %d. time: %+v", path, i+1, e)
			}
		}
		if made := tap.Requests() - before; made != 3 {
			t.Errorf("%s: %d requests", path, made)
		}
		if notes := fmt.Sprint(tap.TimedOut()); !strings.Contains(notes, "time-outs in a row at GET "+path+": 3, after which it was not asked any more: the target") {
			t.Errorf("%s: %s", path, notes)
		}
	}
	// Others get through, with another credential too.
	for _, e := range []cors.Exchange{ask("/slow", ""), ask("/quick", "s=1")} {
		if e.Response == nil {
			t.Errorf("%+v", e)
		}
	}
}

// Time-outs with answers in between, or because the caller had less time, are not
// those of a target that is silent.
func TestTimeoutsThatDoNotEnd(t *testing.T) {
	s := newSilence()
	slow, quick := place{path: "/slow"}, place{path: "/quick"}
	late := timeoutError{text: "late", limit: headerLimit, now: time.Second}
	for range 2 {
		s.heard(slow, late)
	}
	s.heard(slow, nil)
	for range 2 {
		s.heard(slow, late)
	}
	s.heard(quick, nil)
	for range 5 {
		s.heard(quick, timeoutError{text: "late"})
	}
	if s.kept(slow) != nil || s.kept(quick) != nil {
		t.Error("they are not made any more")
	}
	s.heard(slow, fmt.Errorf("wrapped: %w", late))
	if s.kept(slow) == nil || s.kept(quick) != nil {
		t.Error("the third in a row changed nothing")
	}
	s.heard(slow, late)
	if said := s.sentences(); len(said) != 1 || !strings.HasPrefix(said[0], "time-outs in a row at  /slow: 4, after which") {
		t.Errorf("it says %q", said)
	}
	// There is one way to connect for all.
	for range 3 {
		s.heard(quick, timeoutError{text: "no connection", limit: connectLimit, now: time.Second})
	}
	if err := s.kept(place{path: "/other"}); err == nil || !strings.Contains(err.Error(), "limits.connect_timeout, now 1s") {
		t.Errorf("%v", err)
	}
}

// A time-out of three requests at once is enough for those that wait for their turn.
func TestTimeoutsOfParallelRequests(t *testing.T) {
	s := serveRaw(t, func(c net.Conn, _ string) bool { return hangs(c) })
	tap := newTap(t, s.addr, func(o *Options) { o.Header, o.Concurrency = 20*time.Millisecond, 3 })
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example/"}) })
	}
	all.Wait()
	if n := tap.Requests(); n > 6 || tap.Len() != 20 {
		t.Errorf("%d requests, %d exchanges", n, tap.Len())
	}
}

// A target that answers nothing on three paths in a row is not asked any more, anywhere;
// one answer in between shows that it is there.
func TestSilentTarget(t *testing.T) {
	s := newSilence()
	late := timeoutError{text: "late", limit: headerLimit, now: time.Second}
	places := []place{{path: "/a"}, {path: "/b"}, {path: "/c"}, {path: "/d"}}
	for range 2 {
		s.heard(places[0], late)
		s.heard(places[1], late)
		if s.kept(places[3]) != nil {
			t.Fatal("two paths are enough")
		}
	}
	s.heard(places[3], nil)
	s.heard(places[2], late)
	if s.kept(places[3]) != nil {
		t.Fatal("an answer in between changed nothing")
	}
	s.heard(places[0], late)
	s.heard(places[1], late)
	for _, at := range places {
		if err := s.kept(at); err == nil || !strings.Contains(err.Error(), "raise limits.header_timeout") {
			t.Errorf("%s is asked: %v", at.path, err)
		}
	}
}

// Bodies that never end are read for a second each after the third in a row, until one
// ends, at one place, whatever comes from others meanwhile, or anywhere; which limit to
// raise is said.
func TestUnendingBodies(t *testing.T) {
	const limit = 10 * time.Second
	victim := func(path, cookie string) place { return place{method: "GET", path: path, cookie: cookie} }
	for _, c := range []struct {
		name    string
		slow    []place
		between bool // another place answers in time after each
		other   time.Duration
		says    string
	}{
		{"one place", []place{victim("/a", "s=1"), victim("/a", "s=1"), victim("/a", "s=1")}, true, limit, "in a row at GET /a that did not end within 10s: 4"},
		{"another cookie each time", []place{victim("/a", "s=1"), victim("/a", "s=2"), victim("/a", "s=3")}, true, limit, "in a row at GET /a that"},
		{"several places", []place{victim("/b", "s=1"), victim("/c", "s=1"), victim("/d", "s=1")}, false, streamTime, "at several endpoints that"},
	} {
		s, last := newSilence(), c.slow[len(c.slow)-1]
		for _, at := range c.slow {
			if got := s.patience(at, limit); got != limit {
				t.Errorf("%s: the time is %s", c.name, got)
			}
			s.read(at, true, limit)
			if c.between {
				s.read(victim("/a", ""), false, limit)
			}
		}
		if got := s.patience(last, limit); got != streamTime {
			t.Errorf("%s: the time is %s", c.name, got)
		}
		if got := s.patience(victim("/other", ""), limit); got != c.other {
			t.Errorf("%s: the time elsewhere is %s, want %s", c.name, got, c.other)
		}
		s.read(last, true, streamTime)
		if said := fmt.Sprint(s.sentences()); !strings.Contains(said, c.says) || !strings.Contains(said, "raise limits.body_timeout, now 10s") {
			t.Errorf("%s: it says %s", c.name, said)
		}
		for range 2 * maxTimeouts {
			s.read(last, true, streamTime)
		}
		if got := s.patience(last, limit); got != streamTime/4 {
			t.Errorf("%s: where a second did not do either the time is %s", c.name, got)
		}
		s.read(last, false, streamTime)
		if got := s.patience(last, limit); got != limit || len(s.sentences()) > 0 {
			t.Errorf("%s: the time is %s, and it says %q", c.name, got, s.sentences())
		}
	}
}

// The end of its time is seen on the wire, and no other end is taken for it.
func TestUnendingBodyOnTheWire(t *testing.T) {
	s := serveRaw(t, func(c net.Conn, r string) bool {
		switch {
		case strings.HasPrefix(r, "GET /drip"):
			return says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")(c, r) && hangs(c)
		case strings.HasPrefix(r, "GET /cut"):
			says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")(c, r)
			return false
		case strings.HasPrefix(r, "GET /stream"):
			return says("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 10\r\n\r\nx")(c, r) && hangs(c)
		}
		return says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(c, r)
	})
	tap := newTap(t, s.addr, func(o *Options) { o.Body = 20 * time.Millisecond })
	for i, path := range []string{"/drip", "/drip", "/cut", "/drip", "/drip", "/", "/drip", "/stream"} {
		e := tap.Probe(t.Context(), cors.Request{Method: "GET", URL: "http://api.example" + path})
		if e.Response.Unended != (path == "/drip") {
			t.Errorf("%s: %+v", path, *e.Response)
		}
		if want := []int{1, 2, 0, 1, 2, 0, 1, 0}[i]; tap.silence.unending[place{}] != want {
			t.Errorf("after %d requests, the last for %s: %d in a row", i+1, path, tap.silence.unending[place{}])
		}
	}
}
