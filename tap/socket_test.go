package tap

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/crossexam/crossexam/cors"
)

const asksForSocket = "GET /live HTTP/1.1\nHost: api.test\nConnection: keep-alive, Upgrade\nUpgrade: websocket\nOrigin: https://evil.test\n" +
	"Sec-WebSocket-Version: 13\nSec-WebSocket-Key: a2V5\nSec-WebSocket-Extensions: permessage-deflate\nCookie: s=secret"

const acceptsSocket = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: right\r\n\r\n"

func TestWebSocketIsShownAndNotSpoken(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, says(acceptsSocket+"\x89\x00\x81\x05hello\x81\x05world"))
	tap := newTap(t, s.addr, nil)
	response := browse(t, tap, asksForSocket)

	e := recorded(t, tap, response)
	if e.Response == nil || e.Response.Status != 101 || e.Response.Body != "hello" || e.Response.Truncated || e.Fault != "" {
		t.Fatalf("got %+v, response %+v", e, e.Response)
	}
	requests, _ := s.seen()
	want := "GET /live HTTP/1.1\r\nHost: api.test\r\nCookie: s=secret\r\nOrigin: https://evil.test\r\nSec-Websocket-Key: a2V5\r\n" +
		"Sec-Websocket-Version: 13\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCrossexam-Run: run-1\r\n\r\n"
	if len(requests) != 1 || requests[0] != want {
		t.Errorf("the target saw\n%q, want\n%q", requests, want)
	}
	head, frames, _ := strings.Cut(response, "\r\n\r\n")
	if !strings.HasPrefix(head, "HTTP/1.1 101 ") || !strings.Contains(head, "\r\nSec-Websocket-Accept: right") ||
		!strings.Contains(head, "\r\nUpgrade: websocket") || !strings.Contains(head, "\r\nConnection: Upgrade") {
		t.Errorf("the browser got the head\n%q", head)
	}
	if want := "\x81\x05hello\x88\x02\x03\xe9"; frames != want {
		t.Errorf("the browser got the frames %q, want %q", frames, want)
	}
	id, ok := tap.Handshake("a2V5")
	if found, known := tap.Exchange(id); !ok || !known || found.Response.Body != "hello" {
		t.Errorf("the handshake is not found by its key: %q, %t", id, ok)
	}
	for _, key := range []string{"", "b3RoZXI="} {
		if id, ok := tap.Handshake(key); ok {
			t.Errorf("the key %q finds %q", key, id)
		}
	}
}

func TestRefusedWebSocketIsFoundByItsKey(t *testing.T) {
	s := serveRaw(t, says("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"))
	tap := newTap(t, s.addr, nil)
	response := browse(t, tap, asksForSocket)
	if !strings.HasPrefix(response, "HTTP/1.1 403 ") {
		t.Errorf("the browser got\n%q", response)
	}
	id, ok := tap.Handshake("a2V5")
	if e, known := tap.Exchange(id); !ok || !known || e.Response == nil || e.Response.Status != 403 || e.Response.Body != "no" {
		t.Errorf("got %+v", e)
	}
}

// A connection on which a WebSocket was refused is an ordinary one again.
func TestSwitchThatNobodyAskedForAfterARefusal(t *testing.T) {
	s := serveRaw(t, func(c net.Conn, request string) bool {
		if strings.Contains(request, "Upgrade: websocket") {
			return says("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")(c, request)
		}
		return says(acceptsSocket)(c, request)
	})
	tap := newTap(t, s.addr, nil)
	browse(t, tap, asksForSocket)
	e := recorded(t, tap, browse(t, tap, "GET / HTTP/1.1\nHost: api.test"))
	if e.Response != nil || !strings.Contains(e.Fault, "did not ask for") {
		t.Errorf("got %+v", e)
	}
	if _, connections := s.seen(); connections != 1 {
		t.Errorf("%d connections", connections)
	}
}

func TestReadMessage(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	for _, c := range []struct {
		name, frames, want string
		whole              bool
	}{
		{"text", "\x81\x02hi", "hi", true},
		{"binary", "\x82\x02\x00\xff", "\x00\xff", true},
		{"empty", "\x81\x00", "", true},
		{"fragments with a ping between", "\x01\x01h\x89\x01p\x80\x01i", "hi", true},
		{"16 bits of length", "\x81\x7e\x00\xc8" + long[:200], long[:200], true},
		{"64 bits of length", "\x81\x7f\x00\x00\x00\x00\x00\x01\x11\x70" + long, long[:1000], false},
		{"more than the limit in fragments", "\x01\x7e\x03\xe8" + long[:1000] + "\x80\x01x", long[:1000], false},
		{"closes", "\x88\x00", "", false},
		{"says nothing", "", "", false},
		{"breaks off", "\x81\x05hel", "hel", false},
		{"breaks off in the length", "\x81\x7e\x00", "", false},
		{"masked, as a client's", "\x81\x82\x00\x00\x00\x00hi", "", false},
		{"compressed, which nobody agreed on", "\xc1\x02hi", "", false},
		{"a long ping", "\x89\x7e\x00\x7e" + long[:126], "", false},
		{"a length beyond all numbers", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "", false},
	} {
		message, whole := readMessage(strings.NewReader(c.frames), 1000)
		if string(message) != c.want || whole != c.whole {
			t.Errorf("%s: got %d bytes, whole %t; want %d, %t", c.name, len(message), whole, len(c.want), c.whole)
		}
	}
	for _, n := range []int{0, 125, 126, 1 << 16} {
		if message, whole := readMessage(strings.NewReader(string(frame(opText, []byte(long[:n])))), 1<<20); len(message) != n || !whole {
			t.Errorf("a frame of %d bytes is read as %d", n, len(message))
		}
	}
}

// An event stream need not end; the tap would wait an hour for any other body.
func TestEndlessEventStreamIsCut(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, func(c net.Conn, request string) bool {
		says("HTTP/1.1 200 OK\r\nContent-Type: text/Event-Stream; charset=utf-8\r\n\r\ndata: 1\n\n")(c, request)
		return hangs(c)
	})
	tap := newTap(t, s.addr, func(o *Options) { o.Body = time.Hour })
	e := recorded(t, tap, browse(t, tap, "GET /events HTTP/1.1\nHost: api.test"))
	if e.Response == nil || e.Response.Body != "data: 1\n\n" || !e.Response.Truncated {
		t.Errorf("got %+v", e.Response)
	}
	for _, kind := range []string{"application/x-ndjson", "multipart/x-mixed-replace; boundary=f"} { // as of a watch, or a camera
		if bodyTime(reply(kind), Limits{Body: time.Hour}) != streamTime {
			t.Errorf("%s may take an hour", kind)
		}
	}
	short, other := Limits{Body: time.Millisecond}, reply("text/plain")
	if bodyTime(reply("text/event-stream"), short) != short.Body || bodyTime(other, Limits{Body: time.Hour}) != time.Hour {
		t.Error("the time for a body is not the limit's")
	}
}

func reply(kind string) *cors.Response {
	return &cors.Response{Status: 200, Headers: cors.Headers{{Name: "Content-Type", Value: kind}}}
}
